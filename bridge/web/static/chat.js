// The desk: what comes appears where it belongs, without taking place, focus or a playing sound
// from who reads; a search goes along with typing; a reply that is refused keeps its text.
"use strict";

(() => {
  const talk = globalThis.bridgeTalk;
  const body = document.body;
  const byId = (id) => document.getElementById(id);
  const TYPING_MILLISECONDS = 250;
  let isSending = false;
  let typing = 0;

  function chatName() {
    const talk = document.querySelector(".talk");
    return talk === null ? "" : talk.dataset.chat;
  }

  // ---- Parts whose children have ids: only what has changed is drawn anew.
  function bare(element) {
    const copy = element.cloneNode(true);
    for (const one of [copy, ...copy.querySelectorAll("*")]) {
      if (one.name === "key") one.removeAttribute("value");
      if (one.tagName === "TIME") one.textContent = "";
      one.removeAttribute("aria-current");
      one.classList.remove("shown");
      if (one.className === "") one.removeAttribute("class");
      if (one.matches(".day")) one.hidden = false;
    }
    return copy.outerHTML;
  }

  function isHeld(element) {
    const playing = [...element.querySelectorAll("audio, video")].some((one) => !one.paused);
    return playing || element.querySelector("details[open]") !== null
      || (element.contains(document.activeElement) && document.activeElement.matches("input, textarea, select"));
  }

  function renewed(old, next) {
    if (old === undefined) {
      htmx.process(next);
      return next;
    }
    if (isHeld(old) || bare(old) === bare(next)) return old;
    const inside = document.activeElement !== null && old.contains(document.activeElement) ? document.activeElement.id : "";
    old.replaceWith(next);
    htmx.process(next);
    if (inside !== "" && byId(inside) !== null) byId(inside).focus({ preventScroll: true });
    return next;
  }

  // `from`: what stands before it was loaded by itself and stays.
  function merge(place, fresh, from = place.firstElementChild) {
    const all = [...place.children];
    const known = new Map(all.slice(Math.max(all.indexOf(from), 0)).map((one) => [one.id, one]));
    const focused = document.activeElement;
    let at = from;
    for (const next of [...fresh.children]) {
      const old = known.get(next.id);
      known.delete(next.id);
      const wasAt = old !== undefined && old === at;
      const now = renewed(old, document.importNode(next, true));
      if (wasAt) at = now;
      if (now === at) at = at.nextElementSibling;
      else place.insertBefore(now, at);
    }
    for (const gone of known.values()) gone.remove();
    if (focused !== document.activeElement && place.contains(focused)) focused.focus({ preventScroll: true });
  }

  function mergeMessages(fresh) {
    const place = byId("messages");
    if (place === null || !place.hasAttribute("data-latest") || !fresh.hasAttribute("data-latest")) return;
    const atEnd = talk.isAtEnd();
    const known = new Set([...place.children].map((one) => one.id));
    const first = [...fresh.children].map((one) => byId(one.id)).find((one) => one !== null && one.parentElement === place);
    merge(place, fresh, first);
    talk.nameDays();
    if (first === undefined) talk.putEarlier(fresh.ownerDocument);
    if (![...place.querySelectorAll(".bubble, .note")].some((one) => !known.has(one.id))) return;
    if (atEnd) talk.toEnd();
    else talk.lookAtJump(true);
  }

  function mergePart(fresh) {
    const old = byId(fresh.id);
    const isBusy = old !== null && (old.contains(document.activeElement) || old.querySelector("details[open]") !== null);
    if (old === null || isBusy || bare(old) === bare(fresh)) return;
    const next = document.importNode(fresh, true);
    old.replaceWith(next);
    htmx.process(next);
  }

  function mergeDesk(fresh) {
    const told = fresh.querySelector(".talk");
    const messages = fresh.querySelector("#messages");
    const list = fresh.querySelector("#chats");
    if (list !== null && byId("chats") !== null) merge(byId("chats"), list);
    for (const part of fresh.querySelectorAll(".desk-list [data-part]")) mergePart(part);
    if (told !== null && told.dataset.chat === chatName()) {
      if (messages !== null) mergeMessages(messages);
      for (const part of fresh.querySelectorAll("#pane [data-part]")) mergePart(part);
    }
    mark();
  }

  // ---- Which line of the list is open.
  function mark() {
    for (const line of document.querySelectorAll("a.chat")) {
      if (line.id === `a-${chatName()}`) line.setAttribute("aria-current", "true");
      else line.removeAttribute("aria-current");
    }
  }

  // ---- Taken away while it is open: nothing further is shown, what was typed can be copied.
  function takeAway(name) {
    const kept = byId("taken");
    const pane = byId("pane");
    if (kept === null || pane === null || chatName() === "") return;
    const typed = [...pane.querySelectorAll("[data-draft]")].map((one) => one.value.trim()).filter((text) => text !== "").join("\n\n");
    const says = name === "" ? kept.dataset.gone : kept.dataset.by.replace("{name}", name);
    const shown = kept.content.cloneNode(true);
    shown.querySelector(".taken-says").textContent = says;
    if (typed !== "") {
      shown.querySelector(".taken-typed").hidden = false;
      shown.querySelector("textarea").value = typed;
      shown.querySelector("[data-copy]").hidden = false;
    }
    document.dispatchEvent(new Event("bridge:forget"));
    pane.replaceChildren(shown);
    document.title = says;
    mark();
  }

  document.addEventListener("bridge:taken", (event) => {
    if (event.detail.id === chatName()) takeAway(event.detail.by);
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (button === null) return;
    const area = byId(button.dataset.copy);
    area.select();
    try {
      await navigator.clipboard.writeText(area.value);
    } catch {
      document.execCommand("copy");
    }
  });

  // ---- The list: narrowed while one types, longer where it is asked for.
  function search(form) {
    clearTimeout(typing);
    const sought = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    const before = `${location.pathname}${location.search}`;
    const wanted = `${location.pathname}${sought.size > 0 ? `?${sought}` : ""}`;
    if (wanted === before) return;
    history.replaceState(history.state, "", wanted);
    body.dispatchEvent(new Event("bridge:changed"));
  }

  document.addEventListener("input", (event) => {
    if (event.target.id !== "q") return;
    clearTimeout(typing);
    typing = setTimeout(() => search(event.target.form), TYPING_MILLISECONDS);
  });

  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".chat-filters")) return;
    event.preventDefault();
    search(event.target);
  });

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("#chats-more a");
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const answer = await fetch(link.href, { headers: { "HX-Request": "true" } }).catch(() => null);
    const page = new DOMParser().parseFromString(answer === null ? "" : await answer.text(), "text/html");
    const more = page.getElementById("chats");
    if (more === null || link !== document.querySelector("#chats-more a")) return;
    const fresh = [...more.children].filter((one) => byId(one.id) === null);
    byId("chats").append(...fresh.map((one) => document.importNode(one, true)));
    byId("chats-more").replaceWith(document.importNode(page.getElementById("chats-more"), true));
    htmx.process(byId("chats-scroll"));
    if (fresh.length > 0) byId(fresh[0].id).querySelector("a, h3")?.focus({ preventScroll: true });
    mark();
  });

  // Another tab or window is the browser's own business.
  document.addEventListener("click", (event) => {
    const isElsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
    if (isElsewhere && event.target.closest("a.chat") !== null) event.stopImmediatePropagation();
  }, true);

  // ---- htmx: the desk asks for where one is; answers that refuse are shown as those that don't.
  body.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.id !== "desk") return;
    const isTaken = byId("taken-away") !== null;
    event.detail.path = (isTaken ? "/conversations" : location.pathname) + location.search;
    event.detail.headers["X-Rows"] = String(document.querySelectorAll("a.chat").length);
  });

  function parsed(event) {
    return new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  }

  function onDesk(event) {
    event.detail.shouldSwap = false;
    const status = event.detail.xhr.status;
    if (status === 404 && chatName() !== "") takeAway("");
    const fresh = status === 200 ? parsed(event).getElementById("desk") : null;
    if (fresh !== null && !isSending) mergeDesk(fresh);
  }

  function onPane(event) {
    const status = event.detail.xhr.status;
    if (status < 400 && parsed(event).getElementById("pane") !== null) return;
    if (parsed(event).getElementById("pane") !== null) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
      return;
    }
    event.detail.shouldSwap = false;
    const said = parsed(event).querySelector("h1 + p");
    document.dispatchEvent(new CustomEvent("bridge:trouble", { detail: said === null ? "" : said.textContent }));
  }

  body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id === "desk") onDesk(event);
    else if (event.detail.target.id === "pane" && !event.detail.xhr.getResponseHeader("HX-Retarget")) onPane(event);
  });
  body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.closest(".composer") !== null) isSending = true;
  });
  body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.closest(".composer") !== null) isSending = false;
  });
  body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "pane") return;
    isSending = false;
    const asked = event.detail.requestConfig;
    // What was sent stands at the end: it is the end that is shown and renewed from here on.
    const sought = new URLSearchParams(location.search);
    if (asked.verb !== "get" && (sought.has("at") || sought.has("cursor"))) {
      sought.delete("at");
      sought.delete("cursor");
      history.replaceState(history.state, "", `${location.pathname}${sought.size > 0 ? `?${sought}` : ""}`);
    }
    begin(asked.verb !== "get");
    if (asked.verb === "get") {
      const title = document.querySelector("#pane h1");
      title.tabIndex = -1;
      title.focus({ preventScroll: true });
    } else if (byId("text") !== null && asked.path.endsWith("/reply")) {
      byId("text").focus({ preventScroll: true });
    }
  });

  // A page has one heading of its own: the open conversation's.
  function yieldHeading() {
    const list = document.querySelector(".desk-list-title h1");
    if (list === null || document.querySelector("#pane h1") === null) return;
    const lower = document.createElement("h2");
    lower.textContent = list.textContent;
    list.replaceWith(lower);
  }

  function begin(hasWritten) {
    yieldHeading();
    mark();
    document.dispatchEvent(new Event("bridge:pane"));
    talk.begin(hasWritten);
  }

  for (const copy of document.querySelectorAll("#pane [data-copy]")) copy.hidden = false;
  begin(false);
})();
