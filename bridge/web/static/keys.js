// Keys: single letters for what is done all day. Off while somebody types, and off for good for who
// switches them off in the list of keys, which `?` shows.
"use strict";

(() => {
  const OFF = "bridge:keys:off";
  const LINES = "a.chat, [data-row]";
  const list = document.getElementById("keys");
  if (list === null) return;
  const isOn = document.getElementById("keys-on");
  let isGoing = false;

  function areOff() {
    return localStorage.getItem(OFF) === "1";
  }

  function lines() {
    return [...document.querySelectorAll(LINES)].filter((one) => one.checkVisibility());
  }

  function move(step) {
    const all = lines();
    if (all.length === 0) return;
    const focused = all.indexOf(document.activeElement);
    const open = all.findIndex((one) => one.hasAttribute("aria-current"));
    const from = focused === -1 ? open : focused;
    const next = from === -1 ? (step > 0 ? 0 : all.length - 1) : from + step;
    all[Math.min(Math.max(next, 0), all.length - 1)].focus();
  }

  function focus(selector) {
    const place = document.querySelector(selector);
    if (place !== null) place.focus();
  }

  function send(id) {
    const form = document.getElementById(id);
    if (form !== null) form.requestSubmit();
  }

  const DEEDS = {
    "/": () => focus("input[type=search]"),
    "?": () => list.showModal(),
    j: () => move(1),
    k: () => move(-1),
    r: () => focus("#text"),
    e: () => send("dismiss"),
    g: () => { isGoing = true; },
  };

  function isTyping(target) {
    return target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
  }

  // From the search into what it found, and on from line to line.
  const ARROWS = { ArrowDown: 1, ArrowUp: -1 };
  document.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const isSearch = event.target.matches("input[type=search]") && step > 0 && lines().length > 0;
    if (!isSearch && !event.target.matches(LINES)) return;
    event.preventDefault();
    if (isSearch) lines()[0].focus();
    else move(step);
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (areOff() || isTyping(event.target) || document.querySelector("dialog[open]") !== null) return;
    if (isGoing) {
      isGoing = false;
      const address = /^[a-z]$/.test(event.key) ? list.getAttribute(`data-go-${event.key}`) : null;
      if (address !== null) location.assign(address);
      return;
    }
    const deed = DEEDS[event.key];
    if (deed === undefined) return;
    event.preventDefault();
    deed();
  });

  isOn.checked = !areOff();
  isOn.addEventListener("change", () => {
    if (isOn.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
  for (const opener of document.querySelectorAll("[data-keys]")) {
    opener.hidden = false;
    opener.addEventListener("click", () => list.showModal());
  }
})();
