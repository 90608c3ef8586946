// The list of this page's keys, made from the elements that carry them; changed in place, for good.
import { announce } from "./announce.js";
import { keyed, keyOf, show } from "./keyed.js";
import { keep, read } from "./preferences.js";

const FIELD = "input, textarea, select";
const dialog = document.getElementById("keys-help");

function words(element) {
  if (element.dataset.words) return element.dataset.words;
  const label = (element.matches(FIELD) && element.labels[0]) || element;
  return (label.querySelector(".key-label") ?? label).textContent.trim();
}

// A second element with the same action answers to the same key: one row for both.
function actions() {
  const outside = keyed().filter((element) => !dialog.contains(element));
  return [...new Map(outside.map((element) => [element.dataset.action, element])).values()];
}

export function listKeys() {
  if (!dialog || dialog.open) return;
  const row = dialog.querySelector("template").content.firstElementChild;
  const rows = actions().map((element) => {
    const made = row.cloneNode(true);
    const field = made.querySelector("input");
    made.querySelector("label").textContent = words(element);
    made.querySelector("label").htmlFor = field.id = `key-${element.dataset.action}`;
    field.value = keyOf(element).toUpperCase();
    field.dataset.for = element.dataset.action;
    return made;
  });
  dialog.querySelector("[data-rows]").replaceChildren(...rows);
  dialog.querySelector("[data-off]").checked = !read().off;
  dialog.showModal();
}

async function change(field) {
  const preferences = read();
  const key = field.value.trim().toLowerCase();
  const mine = actions().find((element) => element.dataset.action === field.dataset.for);
  const other = actions().find((element) => element !== mine && keyOf(element) === key);
  const unfit = other ? `${dialog.dataset.taken} ${words(other)}` : dialog.dataset.unfit;
  const fits = /^[!-~]$/.test(key) && !other;
  preferences.map[field.dataset.for] = key;
  // The server knows the pages that are not open now, and has the last word.
  const refused = fits ? await keep({ [`key.${field.dataset.for}`]: key }, preferences) : unfit;
  if (refused) field.value = keyOf(mine).toUpperCase();
  show();
  tell(refused || dialog.dataset.saved);
}

// The dialog covers the page's own live region, so it has one line of its own.
function tell(text) {
  dialog.querySelector("[data-told]").textContent = text;
}

async function switchTo(off) {
  const refused = await keep({ off: off ? "1" : "0" }, { ...read(), off });
  dialog.querySelector("[data-off]").checked = !read().off;
  show();
  if (refused) tell(refused);
}

async function reset() {
  const refused = await keep({ reset: "y" }, { off: false, map: {} });
  if (refused) return tell(refused);
  show();
  dialog.close();
  announce(dialog.dataset.saved);
}

dialog?.addEventListener("change", (event) => {
  if (event.target.matches("[data-for]")) change(event.target);
  if (event.target.matches("[data-off]")) switchTo(!event.target.checked);
});

dialog?.addEventListener("click", (event) => {
  if (event.target.closest("[data-reset]")) reset();
});
