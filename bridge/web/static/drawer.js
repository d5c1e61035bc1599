// Opens the story of a decision in place, beside what one was reading. Whatever goes wrong leads to
// the story's own page, where the link leads without a script.
"use strict";

(() => {
  const body = document.body;
  let opener = null;

  function drawer() {
    return document.getElementById("drawer");
  }

  // Another tab or window: the browser's own business.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-drawer]");
    if (link === null) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey) event.stopImmediatePropagation();
    else opener = link;
  }, true);

  function isOurs(event) {
    return drawer() !== null && event.detail.target !== null && drawer().contains(event.detail.target);
  }

  function leave() {
    if (opener !== null) location.assign(opener.href);
  }

  body.addEventListener("htmx:afterSwap", (event) => {
    // What the whole page is told, such as that the session has ended, stands behind the drawer.
    if (event.detail.target.id === "news" && drawer() !== null) drawer().close();
    if (!isOurs(event)) return;
    const place = document.getElementById("drawer-body");
    if (place.querySelector(".story") === null) {
      leave();
      return;
    }
    if (!drawer().open) {
      drawer().showModal();
      place.scrollTop = 0;
      place.focus();
    }
  });
  for (const name of ["htmx:responseError", "htmx:sendError"]) {
    body.addEventListener(name, (event) => { if (isOurs(event)) leave(); });
  }

  // Beside the drawer is the page again.
  document.addEventListener("click", (event) => {
    if (drawer() !== null && event.target === drawer()) drawer().close();
  });
})();
