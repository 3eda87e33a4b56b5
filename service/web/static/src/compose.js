// Count the parts of a text while it is typed. The confirm page counts again, on the server.
import { SegmentedMessage } from "sms-segments-calculator";

const ROOM = { "GSM-7": [160, 153], "UCS-2": [70, 67] };

function measure(body) {
  const counted = new SegmentedMessage(body);
  const parts = Math.max(1, counted.segmentsCount);
  const [alone, each] = ROOM[counted.encodingName];
  const unit = counted.encodingName === "GSM-7" ? 7 : 16;
  return {
    parts,
    each: parts === 1 ? alone : each,
    room: parts === 1 ? alone : parts * each,
    units: Math.round(counted.messageSize / unit),
    costly: [...new Set(counted.getNonGsmCharacters())],
  };
}

function draw(ruler, { parts, each, units }) {
  ruler.setAttribute("viewBox", `0 0 ${parts * 100} 6`);
  ruler.replaceChildren();
  for (let part = 0; part < parts; part += 1) {
    const full = part === parts - 1 ? 100 : 98.5;
    const used = Math.min(full, Math.max(0, ((units - part * each) * full) / each));
    for (const [width, name] of [[full, "ruler-room"], [used, parts > 1 ? "ruler-used is-many" : "ruler-used"]]) {
      const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      for (const [key, value] of Object.entries({ x: part * 100, width, height: 6, rx: 1, class: name })) {
        bar.setAttribute(key, value);
      }
      ruler.append(bar);
    }
  }
}

function count(area, counter) {
  const typed = area.value.trim();
  counter.hidden = typed === "";
  if (!typed) return;
  const body = (area.dataset.before ?? "") + typed; // what the text begins with by itself
  const found = measure(body);
  const say = counter.dataset;
  draw(counter.querySelector(".ruler"), found);
  const parts = (found.parts === 1 ? say.one : say.many).replace("{count}", found.parts);
  const letters = say.letters.replace("{units}", found.units).replace("{room}", found.room);
  counter.querySelector(".cost").textContent = `${parts} · ${letters}`;
  const costly = counter.querySelector(".costly");
  costly.hidden = found.costly.length === 0;
  costly.querySelector("span").textContent = `${say.costly} ${found.costly.join(" ")}`;
}

for (const area of document.querySelectorAll("textarea[data-count]")) {
  const counter = document.getElementById(area.dataset.count);
  area.addEventListener("input", () => count(area, counter));
  count(area, counter);
}
