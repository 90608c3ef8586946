// A file may be dropped on [data-drop]: it goes into the file field inside, and is sent by its form.

for (const place of document.querySelectorAll("[data-drop]")) {
  const over = (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    place.dataset.over = "";
  };
  const away = () => { delete place.dataset.over; };
  place.addEventListener("dragover", over);
  place.addEventListener("dragleave", away);
  place.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    away();
    const field = place.querySelector("input[type='file']");
    field.files = event.dataTransfer.files;
    field.focus();
  });
}
