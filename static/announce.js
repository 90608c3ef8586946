// Say something to a screen reader without moving the focus: the page's one polite live region.

export function announce(text) {
  const region = document.getElementById("announcer");
  if (!region || !text) return;
  region.textContent = "";
  // A reader speaks a change, so that the same words twice need a moment between them.
  setTimeout(() => { region.textContent = text; }, 100);
}
