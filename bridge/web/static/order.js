// Rows of a list that are dragged into another order; its form sends them in the order they stand.
"use strict";

(() => {
  for (const list of document.querySelectorAll("[data-order]")) {
    let held = null;
    for (const row of list.querySelectorAll("[data-row]")) {
      row.draggable = true;
      row.addEventListener("dragstart", (event) => {
        held = row;
        row.classList.add("held");
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", "");
      });
      row.addEventListener("dragend", () => {
        row.classList.remove("held");
        held = null;
      });
      row.addEventListener("dragover", (event) => {
        if (held === null) return;
        event.preventDefault();
        if (held === row) return;
        const box = row.getBoundingClientRect();
        const isBelow = event.clientY > box.top + box.height / 2;
        list.insertBefore(held, isBelow ? row.nextSibling : row);
      });
      row.addEventListener("drop", (event) => event.preventDefault());
    }
  }
})();
