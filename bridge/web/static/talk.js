// The conversation as it is read: where it is scrolled to, what was said before it, days, and where
// a search or a quote leads.
"use strict";

globalThis.bridgeTalk = (() => {
  const NEAR_PIXELS = 120;
  const byId = (id) => document.getElementById(id);
  let isLoading = false;
  let wasAtEnd = false;

  // ---- Scrolling: on a wide screen the talk scrolls by itself, on a phone the page does.
  function scroller() {
    const own = byId("talk-scroll");
    if (own !== null && getComputedStyle(own).overflowY === "auto") return own;
    return document.scrollingElement;
  }

  function isAtEnd() {
    if (byId("latest") === null) return false;
    const place = scroller();
    if (place !== byId("talk-scroll")) return byId("latest").getBoundingClientRect().bottom < window.innerHeight + NEAR_PIXELS;
    return place.scrollHeight - place.scrollTop - place.clientHeight < NEAR_PIXELS;
  }

  // At once: where the page itself scrolls it would glide, and what follows be asked halfway.
  function put(box, top) {
    box.scrollTo({ top, behavior: "instant" });
  }

  function toEnd() {
    const talk = document.querySelector(".talk");
    if (talk === null) return; // taken away: its boxes shrink to nothing, which is heard here
    const own = scroller();
    const below = talk.getBoundingClientRect().bottom - window.innerHeight;
    put(own, own === byId("talk-scroll") ? own.scrollHeight : window.scrollY + below);
    lookAtJump();
  }

  // ---- The way back to the newest; it says so when something has come meanwhile.
  function lookAtJump(hasNew = false) {
    const jump = byId("jump");
    if (jump === null) return;
    wasAtEnd = isAtEnd();
    jump.hidden = wasAtEnd;
    jump.classList.toggle("has-new", !jump.hidden && (hasNew || jump.classList.contains("has-new")));
  }

  // A reply box that grows leaves the newest in sight.
  const resized = new ResizeObserver(() => {
    const composer = byId("composer");
    if (composer !== null) composer.parentElement.style.setProperty("--composer", `${composer.offsetHeight}px`);
    if (wasAtEnd) toEnd();
  });

  // ---- A day is named once, also where pages meet.
  function nameDays() {
    let last = "";
    for (const day of document.querySelectorAll("#messages .day")) {
      day.hidden = day.textContent === last;
      last = day.textContent;
    }
  }

  // ---- What was said before: put above without moving what is read.
  async function loadEarlier(isAsked) {
    const link = document.querySelector("#earlier a");
    const place = byId("messages");
    if (link === null || place === null || isLoading) return;
    isLoading = true;
    try {
      const answer = await fetch(link.href, { headers: { "HX-Request": "true", "HX-Target": "pane" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const said = page.getElementById("messages");
      if (said !== null && byId("messages") === place) putAbove(place, said, page);
      else if (said === null && isAsked) location.assign(link.href);
    } catch {
      // Offline for a moment: the link is still there.
    } finally {
      isLoading = false;
    }
  }

  function putEarlier(page) {
    const earlier = page.getElementById("earlier");
    if (earlier !== null && byId("earlier") !== null) byId("earlier").replaceWith(document.importNode(earlier, true));
    watch();
  }

  function putAbove(place, said, page) {
    const known = new Set([...place.children].map((one) => one.id));
    const fresh = [...said.children].filter((one) => one.id !== "" && !known.has(one.id));
    const box = scroller();
    const below = box.scrollHeight - box.scrollTop;
    const first = place.firstElementChild;
    for (const one of fresh) place.insertBefore(document.importNode(one, true), first);
    putEarlier(page);
    nameDays();
    htmx.process(place);
    put(box, box.scrollHeight - below);
  }

  const seen = new IntersectionObserver((entries) => {
    if (entries.some((one) => one.isIntersecting)) loadEarlier(false);
  }, { rootMargin: "200px 0px 0px 0px", scrollMargin: "200px 0px 0px 0px" });

  function watch() {
    seen.disconnect();
    const link = document.querySelector("#earlier a");
    if (link !== null) seen.observe(link);
  }

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("#earlier a") !== null) {
      event.preventDefault();
      loadEarlier(true);
    }
    if (event.target.closest("#jump") !== null) toEnd();
    const jump = event.target.closest("[data-jump]");
    if (jump === null || byId(jump.dataset.jump) === null) return;
    event.preventDefault();
    show(byId(jump.dataset.jump));
  });

  function show(there) {
    for (const one of document.querySelectorAll(".bubble.shown, .note.shown")) one.classList.remove("shown");
    there.classList.add("shown");
    there.scrollIntoView({ block: "center", behavior: "instant" });
  }

  document.addEventListener("scroll", () => lookAtJump(), { capture: true, passive: true });

  // ---- Where an open conversation begins: at what was looked for, at what nobody has answered, or
  // at its end; there always after one has written something.
  function begin(hasWritten) {
    const place = byId("messages");
    if (place === null) return;
    nameDays();
    resized.disconnect();
    resized.observe(byId("talk-scroll"));
    resized.observe(byId("composer"));
    const named = new URLSearchParams(location.search).get("at") ?? "";
    const sought = named === "" ? null : byId(named.startsWith("n-") ? named : `m-${named}`);
    if (sought !== null) show(sought);
    else if (place.hasAttribute("data-latest") && !/^#[mn]-/.test(location.hash)) {
      toEnd();
      const waits = byId("unanswered");
      const box = scroller();
      const top = box === byId("talk-scroll") ? box.getBoundingClientRect().top : 0;
      if (!hasWritten && waits !== null && waits.getBoundingClientRect().top < top) waits.scrollIntoView({ block: "start", behavior: "instant" });
    }
    lookAtJump();
    // Not before it stands where it belongs: at its top it would go on to load by itself.
    requestAnimationFrame(watch);
  }

  return Object.freeze({ begin, isAtEnd, lookAtJump, nameDays, putEarlier, toEnd });
})();
