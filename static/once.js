// A form that was sent is not sent again by a second press. The server is safe anyway; this saves
// the person from its explanation. Heard on the way down, before htmx hears it on the form.

const LONGEST = 10_000; // milliseconds: an answer that never comes must not block for ever

function again(form) {
  delete form.dataset.sent;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if ("sent" in form.dataset) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  form.dataset.sent = "";
  setTimeout(again, LONGEST, form);
}, true);

const all = () => document.querySelectorAll("form[data-sent]").forEach(again);
document.addEventListener("htmx:afterRequest", all);
window.addEventListener("pageshow", all);
