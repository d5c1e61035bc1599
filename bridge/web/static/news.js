// Hears of notifications as they come, shows them for a moment, and keeps the counters right. Of the
// tabs that nobody looks at one goes on listening for its title, so that many hold few connections.
"use strict";

(() => {
  const SHOWN_MILLISECONDS = 12000;
  const place = document.getElementById("news");
  if (place === null) return;
  const MOST_WAITED_MILLISECONDS = 300000;
  let source = null;
  let last = "";
  let wait = 5000;

  function address() {
    const asked = new URLSearchParams();
    if (last !== "") asked.set("after", last);
    const chat = /^\/conversations\/(cv_\w+)/.exec(location.pathname);
    if (chat !== null) asked.set("conversation", chat[1]);
    return `/api/v1/notifications/stream?${asked}`;
  }

  function show(told) {
    const link = document.createElement("a");
    link.className = "news";
    link.href = told.address.startsWith("/") ? told.address : "/notifications";
    link.textContent = told.title === "" ? told.says : `${told.says} · ${told.title}`;
    place.append(link);
    while (place.children.length > 3) place.firstElementChild.remove();
    seen(() => setTimeout(() => link.remove(), SHOWN_MILLISECONDS));
  }

  function write(counters) {
    for (const [name, number] of Object.entries(counters)) {
      const shown = document.querySelector(`[data-count="${name}"]`);
      if (shown === null) continue;
      shown.hidden = number === 0;
      shown.firstElementChild.textContent = number > 99 ? "99+" : String(number);
    }
    entitle();
  }

  // How many wait stands before the page's title, so that a tab in the background says it.
  function entitle() {
    const shown = ["red", "unread"].map((name) => document.querySelector(`[data-count="${name}"]`)).find((one) => one !== null);
    const plain = document.title.replace(/^\(\d+\+?\) /, "");
    const number = shown === undefined || shown.hidden ? "" : shown.firstElementChild.textContent;
    const title = number === "" ? plain : `(${number}) ${plain}`;
    if (document.title !== title) document.title = title;
  }

  function renewed() {
    document.dispatchEvent(new Event("bridge:changed"));
  }

  function open() {
    source = new EventSource(address());
    source.addEventListener("notification", (event) => {
      last = event.lastEventId;
      show(JSON.parse(event.data));
      renewed();
    });
    source.addEventListener("counters", (event) => {
      last = event.lastEventId;
      write(JSON.parse(event.data));
      renewed();
    });
    source.addEventListener("conversation", renewed);
    source.addEventListener("changed", renewed);
    source.addEventListener("taken", (event) => {
      document.dispatchEvent(new CustomEvent("bridge:taken", { detail: JSON.parse(event.data) }));
    });
    source.addEventListener("end", close);
    source.addEventListener("open", () => { wait = 5000; });
    source.addEventListener("error", () => {
      if (source !== null && source.readyState === EventSource.CLOSED) again();
    });
  }

  // Refused for the moment, as while the server begins anew; a lost connection comes back by itself.
  function again() {
    close();
    setTimeout(look, wait);
    wait = Math.min(wait * 2, MOST_WAITED_MILLISECONDS);
  }

  function close() {
    if (source !== null) source.close();
    source = null;
  }

  // At once, or as soon as somebody looks.
  function seen(then) {
    if (!document.hidden) then();
    else document.addEventListener("visibilitychange", () => seen(then), { once: true });
  }

  function stay() {
    if (navigator.locks === undefined) {
      close();
      return;
    }
    navigator.locks.request("bridge:listens", { ifAvailable: true }, (lock) => {
      if (!document.hidden) return undefined;
      if (lock !== null) return new Promise((resolve) => seen(resolve));
      close();
      return undefined;
    });
  }

  function look() {
    if (document.hidden) stay();
    else if (source === null) open();
  }

  document.addEventListener("visibilitychange", look);
  // Another conversation was opened in place: it is that one which is listened for.
  document.addEventListener("htmx:pushedIntoHistory", () => {
    close();
    look();
  });
  new MutationObserver(entitle).observe(document.querySelector("title"), { childList: true });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", look);
  entitle();
  look();
})();
