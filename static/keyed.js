// The elements that carry a key, and the key that each answers to now.
import { read } from "./preferences.js";

const KEYED = "[data-key][data-action]";

export const keyed = (root = document) => [...root.querySelectorAll(KEYED)];
export const keyOf = (element) => read().map[element.dataset.action] ?? element.dataset.key;
export const switchedOff = () => read().off;

function label(element, key) {
  if (switchedOff()) element.removeAttribute("aria-keyshortcuts");
  else element.setAttribute("aria-keyshortcuts", key);
  const shown = (element.labels?.[0] ?? element).querySelector("kbd");
  if (shown) shown.textContent = key.toUpperCase();
}

// Show on every keyed element the key that it answers to.
export function show() {
  const root = document.documentElement;
  if (switchedOff()) root.dataset.keys = "off";
  else if (root.dataset.keys !== "rest") root.dataset.keys = "on";
  for (const element of keyed()) label(element, keyOf(element));
}
