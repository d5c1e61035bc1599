// Buttons that copy the value beside them; without a script the value can be selected.
"use strict";

(() => {
  function show(root) {
    if (navigator.clipboard === undefined) return;
    for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button === null) return;
    navigator.clipboard.writeText(button.dataset.copy).then(() => {
      button.classList.add("copied");
      setTimeout(() => button.classList.remove("copied"), 1500);
    });
  });
  document.body.addEventListener("htmx:afterSwap", (event) => show(event.target));
  show(document);
})();
