// The list of this page's keys, made from the elements that carry them; changed in place.
import { announce } from "./announce.js";
import { keyed, keyOf, show } from "./keyed.js";
import { read, write } from "./preferences.js";

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

function change(field) {
  const preferences = read();
  const key = field.value.trim().toLowerCase();
  const mine = actions().find((element) => element.dataset.action === field.dataset.for);
  const other = actions().find((element) => element !== mine && keyOf(element) === key);
  if (!/^[!-~]$/.test(key) || other) {
    field.value = keyOf(mine).toUpperCase();
    tell(other ? `${dialog.dataset.taken} ${words(other)}` : dialog.dataset.unfit);
    return;
  }
  preferences.map[field.dataset.for] = key;
  write(preferences);
  show();
  tell(dialog.dataset.saved);
}

// The dialog covers the page's own live region, so it has one line of its own.
function tell(text) {
  dialog.querySelector("[data-told]").textContent = text;
}

dialog?.addEventListener("change", (event) => {
  if (event.target.matches("[data-for]")) change(event.target);
  if (event.target.matches("[data-off]")) {
    write({ ...read(), off: !event.target.checked });
    show();
  }
});

dialog?.addEventListener("click", (event) => {
  if (!event.target.closest("[data-reset]")) return;
  write({ off: false, map: {} });
  show();
  dialog.close();
  announce(dialog.dataset.saved);
});
