// The desk: what comes appears where it belongs, without taking place, focus or a playing sound
// from who reads; a reply that is refused keeps its text; drafts stay in this tab.
"use strict";

(() => {
  const NEAR_PIXELS = 120;
  const body = document.body;
  const byId = (id) => document.getElementById(id);
  let isSending = false;

  function chatName() {
    const talk = document.querySelector(".talk");
    return talk === null ? "" : talk.dataset.chat;
  }

  // ---- Scrolling: on a wide screen the talk scrolls by itself, on a phone the page does.
  function scroller() {
    const own = byId("talk-scroll");
    if (own !== null && getComputedStyle(own).overflowY === "auto") return own;
    return document.scrollingElement;
  }

  function isAtEnd() {
    const place = scroller();
    if (place !== byId("talk-scroll")) return byId("latest").getBoundingClientRect().bottom < window.innerHeight + NEAR_PIXELS;
    return place.scrollHeight - place.scrollTop - place.clientHeight < NEAR_PIXELS;
  }

  function toEnd() {
    const own = scroller();
    if (own === byId("talk-scroll")) own.scrollTop = own.scrollHeight;
    else window.scrollTo(0, window.scrollY + document.querySelector(".talk").getBoundingClientRect().bottom - window.innerHeight);
    if (byId("jump") !== null) byId("jump").hidden = true;
  }

  // ---- Parts whose children have ids: only what has changed is drawn anew.
  function bare(element) {
    const copy = element.cloneNode(true);
    for (const one of [copy, ...copy.querySelectorAll("*")]) {
      if (one.name === "key") one.removeAttribute("value");
      if (one.tagName === "TIME") one.textContent = "";
      one.removeAttribute("aria-current");
      if (one.className === "") one.removeAttribute("class");
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

  function merge(place, fresh) {
    const known = new Map([...place.children].map((one) => [one.id, one]));
    const focused = document.activeElement;
    let at = place.firstElementChild;
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
    const atEnd = isAtEnd();
    const known = new Set([...place.children].map((one) => one.id));
    merge(place, fresh);
    if (![...place.querySelectorAll(".bubble, .note")].some((one) => !known.has(one.id))) return;
    if (atEnd) toEnd();
    else byId("jump").hidden = false;
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
    const talk = fresh.querySelector(".talk");
    const messages = fresh.querySelector("#messages");
    const list = fresh.querySelector("#chats");
    if (list !== null && byId("chats") !== null) merge(byId("chats"), list);
    if (talk !== null && talk.dataset.chat === chatName()) {
      if (messages !== null) mergeMessages(messages);
      for (const part of fresh.querySelectorAll("[data-part]")) mergePart(part);
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
    forget();
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

  // ---- Drafts, by conversation and field, in this tab alone.
  function draftOf(field) {
    return `bridge:draft:${chatName()}:${field.name}`;
  }

  function remember(field) {
    if (field.value === "") sessionStorage.removeItem(draftOf(field));
    else sessionStorage.setItem(draftOf(field), field.value);
  }

  function recall() {
    for (const field of document.querySelectorAll("[data-draft]")) {
      const kept = sessionStorage.getItem(draftOf(field));
      if (kept !== null && field.value === "") field.value = kept;
      const fold = field.closest("details");
      if (fold !== null && field.value !== "") fold.open = true;
    }
  }

  function forget() {
    for (const field of document.querySelectorAll("[data-draft]")) sessionStorage.removeItem(draftOf(field));
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-draft]")) remember(event.target);
    if (event.target.closest("#template") !== null) preview();
  });

  document.addEventListener("submit", (event) => {
    const field = event.target.querySelector("[data-draft]");
    if (field !== null) sessionStorage.removeItem(draftOf(field));
  });

  // ---- Templates: how one reads with its values.
  function preview() {
    const chosen = byId("template-name");
    const shown = byId("template-preview");
    if (chosen === null || shown === null) return;
    const values = byId("template-values").value.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    const text = chosen.selectedOptions[0].dataset.text;
    shown.hidden = text === "";
    shown.lastElementChild.textContent = text.replace(/\{\{\s*(\d{1,3})\s*\}\}/g, (place, number) => values[Number(number) - 1] ?? place);
  }

  document.addEventListener("change", (event) => {
    if (event.target.id === "template-name") preview();
  });

  // Another tab or window is the browser's own business.
  document.addEventListener("click", (event) => {
    const isElsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
    if (isElsewhere && event.target.closest("a.chat") !== null) event.stopImmediatePropagation();
  }, true);

  // ---- Keys of the reply box, jumps within the talk.
  document.addEventListener("keydown", (event) => {
    const isSend = event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing;
    if (isSend && event.target.matches("#text, #note-text")) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  });

  document.addEventListener("click", (event) => {
    const jump = event.target.closest("[data-jump]");
    if (event.target.closest("#jump") !== null) toEnd();
    if (jump === null || byId(jump.dataset.jump) === null) return;
    event.preventDefault();
    const there = byId(jump.dataset.jump);
    for (const one of document.querySelectorAll(".bubble.shown")) one.classList.remove("shown");
    there.classList.add("shown");
    there.scrollIntoView({ block: "center" });
  });

  document.addEventListener("scroll", () => {
    if (byId("jump") !== null && !byId("jump").hidden && isAtEnd()) byId("jump").hidden = true;
  }, { capture: true, passive: true });

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
    trouble(parsed(event).querySelector("h1 + p"));
  }

  function trouble(said) {
    const place = byId("send-trouble");
    if (place === null) return;
    place.textContent = said === null ? place.dataset.failed : said.textContent;
    place.hidden = false;
    for (const field of document.querySelectorAll("[data-draft]")) remember(field);
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
    if (byId("upload") !== null) byId("upload").hidden = true;
  });
  body.addEventListener("htmx:sendError", (event) => {
    if (event.detail.elt.closest(".composer") !== null) trouble(null);
  });
  body.addEventListener("htmx:xhr:progress", (event) => {
    const shown = byId("upload");
    const chosen = document.querySelector("#reply input[type=file]");
    if (shown === null || chosen === null || chosen.files.length === 0 || !event.detail.lengthComputable) return;
    shown.hidden = false;
    shown.value = (100 * event.detail.loaded) / event.detail.total;
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
    begin();
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

  function begin() {
    yieldHeading();
    mark();
    recall();
    preview();
    if (byId("messages") === null || !byId("messages").hasAttribute("data-latest")) return;
    if (location.hash === "" || location.hash === "#latest" || !/^#[mn]-/.test(location.hash)) toEnd();
  }

  for (const copy of document.querySelectorAll("#pane [data-copy]")) copy.hidden = false;
  begin();
})();
