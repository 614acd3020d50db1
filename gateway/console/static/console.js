// What htmx has no attribute for. Every page works without this file.
"use strict";

// The server's refusals of a fragment are pages or sentences worth showing where it was asked for.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status === 422 || event.detail.xhr.status === 402) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

// "Copy" beside what is shown once, where the browser lets a page copy.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  await navigator.clipboard.writeText(source.textContent.trim());
  button.textContent = "Copied";
});
