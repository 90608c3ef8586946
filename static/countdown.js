// A claim's remaining time: whole minutes until the last one, which has words and not digits.
// data-until and data-now are the server's, so that this machine's clock may be wrong.
// data-many ("{} minutes left"), data-last and data-over are what is shown;
// data-warning and data-ended are said once, politely.
import { announce } from "./announce.js";

const started = new WeakMap();

function secondsLeft(element) {
  if (!started.has(element)) started.set(element, performance.now());
  const given = Date.parse(element.dataset.until) - Date.parse(element.dataset.now);
  return (given - (performance.now() - started.get(element))) / 1000;
}

function wordsFor(seconds, data) {
  if (seconds <= 0) return data.over;
  if (seconds <= 60) return data.last;
  return data.many.replace("{}", Math.ceil(seconds / 60));
}

function stateOf(seconds) {
  if (seconds <= 0) return "over";
  return seconds <= 60 ? "last" : "running";
}

function tick() {
  for (const element of document.querySelectorAll("[data-until][data-now]")) {
    const seconds = secondsLeft(element);
    const words = wordsFor(seconds, element.dataset);
    if (element.textContent !== words) element.textContent = words;
    const state = stateOf(seconds);
    if (element.dataset.state === state) continue;
    if (state === "last" && element.dataset.warning) announce(element.dataset.warning);
    if (state === "over" && element.dataset.state && element.dataset.ended) announce(element.dataset.ended);
    element.dataset.state = state;
  }
}

tick();
setInterval(tick, 1000);
document.addEventListener("htmx:afterSettle", tick);
