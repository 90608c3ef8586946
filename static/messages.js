// What the server has to say stands in #messages: it is spoken and brought into view. When there
// is no answer at all, the page says that there, and stays as it is.
import { announce } from "./announce.js";

function tell() {
  const place = document.getElementById("messages");
  const text = place?.textContent.trim().replace(/\s+/g, " ");
  if (!text) return;
  announce(text);
  place.scrollIntoView({ block: "nearest" });
}

function unreachable() {
  const words = document.getElementById("unreachable");
  document.getElementById("messages")?.replaceChildren(words.content.cloneNode(true));
  tell();
}

const isMessages = (event) => event.target.id === "messages";
document.addEventListener("htmx:afterSettle", (event) => isMessages(event) && tell());
document.addEventListener("htmx:oobAfterSwap", (event) => isMessages(event) && tell());
document.addEventListener("htmx:sendError", unreachable);
document.addEventListener("htmx:timeout", unreachable);
tell();
