// One key a decision. An element with data-key="r" data-action="hit.remove" answers to R: a button
// or link is pressed, a panel is opened, a field is focused. `?` shows the list, where keys are
// changed or switched off (WCAG 2.1.4 Character Key Shortcuts).
import { keyed, keyOf, show, switchedOff } from "./keyed.js";
import { listKeys } from "./keys-help.js";
import { rest, resting } from "./rest.js";

const TYPING = "input, textarea, select, [contenteditable]";

// The character, or on a keyboard of another script the letter printed on the same place.
function character(event) {
  if (/^[!-~]$/.test(event.key)) return event.key.toLowerCase();
  return event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : "";
}

function meant(event, key) {
  if (event.defaultPrevented || event.repeat || event.isComposing) return false;
  if (event.ctrlKey || event.altKey || event.metaKey) return false;
  if (event.shiftKey && /[a-z0-9]/.test(key)) return false;
  if (event.target.closest?.(TYPING)) return false;
  // While an answer is on its way, a second key would land on something not yet seen.
  return document.querySelector(".htmx-request, [data-sent]") === null;
}

// A panel is opened and never shut by its key: a second press must not take the choice away.
function press(element) {
  if (element.matches("summary")) element.parentElement.open = true;
  if (element.matches(`summary, ${TYPING}`)) {
    element.focus();
    element.parentElement.scrollIntoView({ block: "nearest" }); // what it opens, not its head alone
  }
  else element.click();
}

document.addEventListener("keydown", (event) => {
  const key = character(event);
  if (!key || switchedOff() || !meant(event, key)) return;
  const place = document.querySelector("dialog[open]") ?? document;
  const found = keyed(place).find((e) => keyOf(e) === key && !e.disabled && e.checkVisibility());
  if (!found) return;
  event.preventDefault();
  if (resting()) rest();
  else press(found);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-opens='keys-help']")) listKeys();
});
document.addEventListener("htmx:afterSettle", show);
show();
rest();
