// Keys for who works at a keyboard, off while typing and wherever somebody has switched them off;
// replies at hand put into the box without a reload. Pages work without this.
const SWITCHED_OFF = "acompana-keys-off";

const isOff = () => {
  try {
    return localStorage.getItem(SWITCHED_OFF) !== null;
  } catch {
    return false;
  }
};

for (const box of document.querySelectorAll("[data-keys]")) {
  box.checked = !isOff();
  box.addEventListener("change", () => {
    try {
      if (box.checked) localStorage.removeItem(SWITCHED_OFF);
      else localStorage.setItem(SWITCHED_OFF, "yes");
    } catch {
      box.checked = true; // a browser that keeps nothing
    }
  });
}

function move(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (rows.length === 0) return;
  const at = rows.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step;
  rows[Math.min(rows.length - 1, Math.max(0, next))].focus();
}

const isTyping = (element) => element.matches("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isOff() || isTyping(event.target)) return;
  if (event.key === "j" || event.key === "k") {
    move(event.key === "j" ? 1 : -1);
    return;
  }
  const wanted = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!wanted) return;
  event.preventDefault();
  if (isTyping(wanted)) wanted.focus();
  else wanted.click();
});

for (const button of document.querySelectorAll("[data-fill]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const area = document.getElementById(button.dataset.fill);
    area.value = [area.value.trim(), button.textContent.trim()].filter(Boolean).join(" ");
    area.dispatchEvent(new Event("input"));
    area.focus();
  });
}
