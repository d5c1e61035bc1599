// What every page does beyond plain HTML: the menu of a phone, selects that send their form, and
// parts that are renewed without taking anything out of the reader's hands.
"use strict";

(() => {
  const EVERY_MILLISECONDS = 20000;
  const body = document.body;

  document.addEventListener("click", (event) => {
    const opener = event.target.closest(".menu-button");
    const menu = document.getElementById("menu");
    if (opener === null || menu === null) return;
    event.preventDefault();
    opener.setAttribute("aria-expanded", String(menu.classList.toggle("show")));
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-send]")) event.target.form.requestSubmit();
  });

  // The zone was told only with this page's script: what is on it already is put right here.
  function inZone(root) {
    const zone = document.documentElement.dataset.zone;
    if (zone === undefined || zone === Intl.DateTimeFormat().resolvedOptions().timeZone) return;
    const language = document.documentElement.lang;
    const words = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
    const short = new Intl.DateTimeFormat(language, { timeStyle: "short" });
    for (const one of root.querySelectorAll("time[datetime]")) {
      one.textContent = (one.hasAttribute("data-clock") ? short : words).format(new Date(one.dateTime));
    }
  }

  function isInUse(part) {
    const focused = document.activeElement;
    return (part.contains(focused) && focused !== body && !focused.matches("[data-kept] > summary"))
      || part.querySelector("details[open]:not([data-kept]), dialog[open]") !== null
      || [...part.querySelectorAll("input:not([type=hidden]), textarea")].some(isTyped);
  }

  function isTyped(field) {
    return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
  }

  // Folds that stand open by themselves are renewed with their part; what somebody has opened or
  // closed in it stays so.
  const folds = new Map();
  let focusedFold = "";
  body.addEventListener("click", (event) => {
    const fold = event.target.closest("summary")?.closest("details[data-kept]");
    if (fold) folds.set(fold.id, !fold.open);
  });
  function keepFolds() {
    for (const [id, open] of folds) {
      const fold = document.getElementById(id);
      if (fold !== null) fold.open = open;
    }
    if (document.activeElement !== body) return;
    document.getElementById(focusedFold)?.querySelector("summary").focus({ preventScroll: true });
  }

  // A part that somebody works in stays as it is; one that has not changed is not drawn again.
  body.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    if (!part.matches("[data-live]")) return;
    const answer = event.detail.xhr;
    const fresh = new DOMParser().parseFromString(answer.responseText, "text/html").getElementById(part.id);
    const moved = answer.responseURL !== "" && new URL(answer.responseURL).pathname !== location.pathname;
    const focused = document.activeElement;
    focusedFold = focused.matches("[data-kept] > summary") ? focused.parentElement.id : "";
    if (moved || fresh === null || isInUse(part) || fresh.innerHTML === part.innerHTML) event.detail.shouldSwap = false;
  });
  body.addEventListener("htmx:afterSwap", (event) => { inZone(event.target); keepFolds(); reachable(document); });
  body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.matches("[data-live]") && document.hidden) event.preventDefault();
  });

  // What scrolls sideways is reached by the keyboard too.
  function reachable(root) {
    for (const one of root.querySelectorAll(".table-responsive, pre")) {
      if (one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight) one.tabIndex = 0;
    }
  }

  function changed() {
    body.dispatchEvent(new Event("bridge:changed"));
  }

  // What was just done is told once, not again with each reload.
  const here = new URL(location.href);
  if (here.searchParams.has("done")) {
    here.searchParams.delete("done");
    history.replaceState(history.state, "", here);
  }

  inZone(document);
  reachable(document);
  window.addEventListener("resize", () => reachable(document));
  setInterval(changed, EVERY_MILLISECONDS);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) changed(); });
  document.addEventListener("bridge:changed", (event) => { if (event.target === document) changed(); });
})();
