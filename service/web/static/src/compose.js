// Count the parts of a text while it is typed, as it will arrive. The server counts again.
import { SegmentedMessage } from "sms-segments-calculator";

const ROOM = { "GSM-7": [160, 153], "UCS-2": [70, 67] };

// Fields of the same form whose words stand in the text.
const FILLED_IN_BESIDE = ["place", "target_phone", "link"];

const fill = (typed, values) => typed.replace(/{([^{}]*)}/g, (found, name) => values[name] ?? found).trim();

// With the words to say below it, where the form has a field for them.
function whole(typed, frame) {
  const below = document.getElementById(frame.under)?.value ?? "";
  return [named(typed, frame), fill(below, frame.values)].filter(Boolean).join("\n");
}

// As in service/blasts/compose.py: filled in, naming the network, with a way out. A text that we send
// on our own has a frame without a network: it arrives as it is.
function named(typed, { network, wayOut, values }) {
  let body = fill(typed, values);
  if (!body || !network) return body;
  if (!body.toLowerCase().includes(network.toLowerCase())) body = `${network}: ${body}`;
  if (/\b(STOP|ALTO)\b/.test(body)) return body;
  return `${body}${/[\p{L}\p{N}]$/u.test(body) ? "." : ""} ${wayOut}`;
}

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

const cheaper = (body, table) => [...body].map((letter) => table[letter] ?? letter).join("");

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

function show(bubble, body, costly) {
  bubble.replaceChildren();
  const letters = new Set(costly);
  for (const letter of body) {
    if (!letters.has(letter)) {
      bubble.append(letter);
      continue;
    }
    const mark = document.createElement("mark");
    mark.textContent = letter;
    bubble.append(mark);
  }
  bubble.normalize();
}

// What every counter has: the ruler, the parts, and the letters that cost more.
function tell(counter, found) {
  const say = counter.dataset;
  draw(counter.querySelector(".ruler"), found);
  const parts = (found.parts === 1 ? say.one : say.many).replace("{count}", found.parts);
  const letters = say.letters.replace("{units}", found.units).replace("{room}", found.room);
  counter.querySelector(".cost").textContent = `${parts} · ${letters}`;
  const costly = counter.querySelector(".costly");
  costly.hidden = found.costly.length === 0;
  costly.querySelector("span").textContent = `${say.costly} ${found.costly.join(" ")}`;
}

// A message to many: as it arrives, in a bubble, with a way to make it cheaper.
function count(area, counter, frame) {
  const body = whole(area.value, frame);
  const button = counter.querySelector(".cheaper");
  counter.querySelector(".counted").hidden = body === "";
  if (!body) {
    counter.querySelector(".costly").hidden = button.hidden = true;
    return;
  }
  const longest = frame.longest ? fill(area.value, frame.longest) : body;
  const found = measure(longest);
  const say = counter.dataset;
  show(counter.querySelector(".bubble"), body, found.costly);
  tell(counter, found);
  const over = counter.querySelector(".over");
  if (over) over.hidden = found.parts <= frame.most;
  const saved = found.parts - measure(cheaper(longest, frame.cheaper)).parts;
  const words = saved === 1 ? say.cheaperOne : say.cheaperMany;
  button.hidden = saved === 0;
  button.firstElementChild.textContent = words.replace("{count}", saved);
}

// A reply to one person: behind what each text begins with by itself.
function countReply(area, counter) {
  const typed = area.value.trim();
  counter.hidden = typed === "";
  if (typed) tell(counter, measure((area.dataset.before ?? "") + typed));
}

function insert(area, words) {
  area.setRangeText(words, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.focus();
}

for (const area of document.querySelectorAll("textarea[data-count]")) {
  const counter = document.getElementById(area.dataset.count);
  if (!counter.dataset.frame) {
    area.addEventListener("input", () => countReply(area, counter));
    countReply(area, counter);
    continue;
  }
  const frame = JSON.parse(counter.dataset.frame);
  const again = () => count(area, counter, frame);
  area.addEventListener("input", again);
  document.getElementById(frame.under)?.addEventListener("input", again);
  for (const name of FILLED_IN_BESIDE) {
    document.getElementById(name)?.addEventListener("input", ({ target }) => {
      frame.values[name] = target.value.trim() || "...";
      again();
    });
  }
  counter.querySelector("[data-plain]").addEventListener("click", (event) => {
    event.preventDefault();
    for (const each of [area, document.getElementById(frame.under)].filter(Boolean)) {
      each.value = cheaper(each.value, frame.cheaper);
    }
    again();
    area.focus();
  });
  again();
}
for (const button of document.querySelectorAll("[data-insert]")) {
  button.hidden = false;
  button.nextElementSibling.hidden = true;
  button.addEventListener("click", () => insert(document.getElementById(button.dataset.into), button.dataset.insert));
}
