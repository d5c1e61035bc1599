// Hears of notifications as they come, shows them for a moment, and keeps the counters right. While
// nobody looks at the page it hears nothing, so that many open tabs hold few connections.
"use strict";

(() => {
  const SHOWN_MILLISECONDS = 12000;
  const place = document.getElementById("news");
  if (place === null) return;
  let source = null;
  let last = "";

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
    link.href = told.conversation === null ? "/notifications" : `/conversations/${encodeURIComponent(told.conversation)}#latest`;
    link.textContent = told.about === "" ? told.says : `${told.says} · ${told.about}`;
    place.append(link);
    while (place.children.length > 3) place.firstElementChild.remove();
    setTimeout(() => link.remove(), SHOWN_MILLISECONDS);
  }

  function write(counters) {
    for (const [name, number] of Object.entries(counters)) {
      const shown = document.querySelector(`[data-count="${name}"]`);
      if (shown === null) continue;
      shown.hidden = number === 0;
      shown.firstElementChild.textContent = number > 99 ? "99+" : String(number);
    }
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
      write(JSON.parse(event.data));
      renewed();
    });
    source.addEventListener("conversation", renewed);
    source.addEventListener("taken", (event) => {
      document.dispatchEvent(new CustomEvent("bridge:taken", { detail: JSON.parse(event.data) }));
    });
    source.addEventListener("end", close);
  }

  function close() {
    if (source !== null) source.close();
    source = null;
  }

  function look() {
    if (document.hidden) close();
    else if (source === null) open();
  }

  document.addEventListener("visibilitychange", look);
  // Another conversation was opened in place: it is that one which is listened for.
  document.addEventListener("htmx:pushedIntoHistory", () => {
    close();
    look();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", look);
  look();
})();
