// Keeps the phones live. Without it the pages read and reply by plain forms.
(() => {
  "use strict";
  const body = document.body;
  const wall = document.querySelector("[data-wall]");
  const rows = document.querySelector("[data-rows]");
  const alone = document.querySelector("[data-alone]")?.dataset.alone;
  const notice = document.querySelector("[data-notice]");
  const say = (words) => { notice.textContent = words; };
  const cardOf = (number) => document.querySelector(`[data-phone="${CSS.escape(number)}"]`);
  const rowOf = (number) => document.querySelector(`[data-row="${CSS.escape(number)}"]`);

  // --- clock ---
  let offset = Number(body.dataset.offsetMs);
  const format = (options) => new Intl.DateTimeFormat("en-US", { timeZone: body.dataset.zone, ...options });
  const long = format({ weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "numeric", minute: "2-digit", hour12: true });
  const tick = () => {
    const parts = {};
    for (const { type, value } of long.formatToParts(Date.now() + offset)) parts[type] = value;
    const words = {
      short: `${parts.hour}:${parts.minute}`,
      long: `${parts.weekday} ${parts.day} ${parts.month} ${parts.year}, ${parts.hour}:${parts.minute} ${parts.dayPeriod.toLowerCase()}`,
    };
    for (const element of document.querySelectorAll("[data-clock]")) {
      const next = words[element.dataset.clock];
      if (element.textContent !== next) element.textContent = next;
    }
  };
  tick();
  setInterval(tick, 1000);

  // --- what changed is fetched a few phones at a time ---
  const waiting = new Set();
  let busy = 0;
  const isShown = (number) => number === alone || cardOf(number) || rowOf(number);
  const hasRoom = () => rows && rows.children.length < Number(body.dataset.most) && !location.search;
  const refresh = (numbers) => {
    for (const number of numbers) if (isShown(number) || hasRoom()) waiting.add(number);
    while (busy < 4 && waiting.size) next();
  };
  const next = async () => {
    const [number] = waiting;
    waiting.delete(number);
    busy += 1;
    try {
      const query = number === alone ? "?alone=1" : "";
      const answer = await fetch(`/phones/${encodeURIComponent(number)}/parts${query}`);
      if (answer.ok) place(number, await answer.text());
    } catch {
      // the stream says so when the connection is gone
    } finally {
      busy -= 1;
      if (waiting.size) next();
    }
  };
  const place = (number, html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const row = rowOf(number);
    const newRow = fresh.querySelector("[data-row]");
    if (row) {
      const hadFocus = row.contains(document.activeElement);
      row.replaceWith(newRow);
      if (hadFocus) newRow.querySelector("a").focus();
    } else rows?.append(newRow);
    const card = cardOf(number);
    const newCard = fresh.querySelector("[data-phone]");
    if (card) swap(card, newCard);
    else wall?.append(newCard);
    if (number === alone && document.hasFocus()) see(newCard);
    document.querySelector("main > .empty")?.remove();
  };
  // The reply box is left alone: somebody may be writing in it.
  const swap = (card, newCard) => {
    for (const part of ["label", "thread"]) {
      const old = card.querySelector(`[data-part="${part}"]`);
      const fresh = newCard.querySelector(`[data-part="${part}"]`);
      const hadFocus = old.contains(document.activeElement);
      const at = old.scrollTop;
      old.replaceWith(document.adoptNode(fresh));
      if (at < -40) fresh.scrollTop = at;
      if (hadFocus) (fresh.tabIndex === 0 ? fresh : fresh.querySelector("a"))?.focus({ preventScroll: true });
    }
    card.querySelector(".peer").textContent = newCard.querySelector(".peer").textContent;
  };

  // --- the stream ---
  // Its first event holds what changed since this page was made, or since the stream broke off.
  const stream = new EventSource(`/phones/events?since=${body.dataset.version}`);
  const shift = document.querySelector("[data-shift]");
  stream.onmessage = (event) => {
    const news = JSON.parse(event.data);
    if (news.is_all) return location.reload();
    offset = news.offset_ms;
    if (shift) shift.textContent = news.shift;
    tick();
    refresh(news.numbers);
  };
  stream.onopen = () => say("");
  stream.onerror = () => say("The phones are out of reach. Trying again…");

  // --- writing and reading ---
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("[data-reply]");
    if (!form) return;
    event.preventDefault();
    const fields = new URLSearchParams(new FormData(form, event.submitter));
    const input = form.querySelector("input[type=text]");
    const typed = input?.value;
    try {
      const answer = await fetch(form.action, { method: "POST", body: fields, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      if (input && input.value === typed) input.value = "";
      say("");
    } catch {
      say("That was not sent. Please try again.");
    }
  });
  const see = (card) => {
    if (card?.querySelector(".dot")) fetch(`/phones/${encodeURIComponent(card.dataset.phone)}/seen`, { method: "POST" });
  };
  for (const kind of ["focusin", "pointerdown"]) {
    document.addEventListener(kind, (event) => see(event.target.closest?.("[data-phone]")));
  }
  window.addEventListener("focus", () => { if (alone) see(cardOf(alone)); });
})();
