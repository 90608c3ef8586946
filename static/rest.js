// Keys rest for a moment after a page or a part of it arrives. Whoever presses two keys in one go
// means both for what they see: if the first came too early and went unheard, the second must not
// decide something else. So each key pressed in that moment begins it anew.

const MOMENT = 400; // milliseconds, more than lies between two keys pressed in one go
let timer = 0;

export function rest() {
  const root = document.documentElement;
  if (root.dataset.keys === "off") return;
  root.dataset.keys = "rest";
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (root.dataset.keys === "rest") root.dataset.keys = "on";
  }, MOMENT);
}

export const resting = () => document.documentElement.dataset.keys === "rest";

document.addEventListener("htmx:afterSettle", rest);
window.addEventListener("pageshow", rest);
