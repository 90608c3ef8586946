// What colleagues do shows within seconds. A [data-live] element names an address that is asked now
// and then; what comes back stands in place of the parts with the same ids ([data-live-part]).
// Asking keeps no session alive and renews no claim. Nothing that has the focus is exchanged, nothing
// scrolls, and no key waits for it: so this is not htmx's polling, around which keys rest.
import { announce } from "./announce.js";

const EVERY = 5_000; // milliseconds
const LONGEST = 4_000;
const known = new WeakMap();

function exchange(part) {
  const old = document.getElementById(part.id);
  if (!old || old.outerHTML === part.outerHTML) return true;
  if (old.contains(document.activeElement)) return false;
  const told = old.dataset.announce;
  old.replaceWith(document.importNode(part, true));
  if (part.dataset.announce !== told) announce(part.dataset.announce);
  return true;
}

async function ask(place) {
  const tag = known.get(place);
  const answer = await fetch(place.dataset.live, {
    headers: { "HX-Request": "true", ...(tag && { "If-None-Match": tag }) },
    cache: "no-store",
    signal: AbortSignal.timeout(LONGEST),
  });
  // Signed out: what is on the page stays, and the next press leads to sign-in and back.
  if (answer.status === 401 || answer.status === 403) delete place.dataset.live;
  if (answer.status !== 200) return;
  const html = new DOMParser().parseFromString(await answer.text(), "text/html");
  // Whatever came while an answer to a press was on its way is of yesterday.
  if (!place.isConnected || document.querySelector(".htmx-request")) return;
  const all = [...html.querySelectorAll("[data-live-part][id]")].map(exchange).every(Boolean);
  if (all) known.set(place, answer.headers.get("ETag"));
}

async function round() {
  if (!document.hidden) {
    const places = [...document.querySelectorAll("[data-live]")];
    await Promise.allSettled(places.map(ask));
  }
  setTimeout(round, EVERY);
}

setTimeout(round, EVERY);
