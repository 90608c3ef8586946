// After a swap the focus is somewhere that still makes sense. htmx keeps it where the same id
// comes back; when what had it is gone, or the whole part had it, it goes to the new part's
// [data-focus], or to the part.
import { announce } from "./announce.js";

document.addEventListener("htmx:afterSettle", (event) => {
  const part = event.target;
  const told = part.matches("[data-announce]") ? part : part.querySelector("[data-announce]");
  if (told) announce(told.dataset.announce);
  if (![document.body, part].includes(document.activeElement)) return;
  const place = part.matches("[data-focus]") ? part : part.querySelector("[data-focus]") ?? part;
  if (!place.hasAttribute("tabindex") && place.tabIndex < 0) place.tabIndex = -1;
  place.focus();
});

// A whole page that refuses something begins with why.
document.querySelector("main .problem[data-focus]")?.focus();
