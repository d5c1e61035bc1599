// Shows times in the reader's own zone, and renews the parts of a page marked data-live.
"use strict";

const EVERY_MILLISECONDS = 5000;
const zoned = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
const day = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
const dated = new Intl.DateTimeFormat([], day);
const yeared = new Intl.DateTimeFormat([], { ...day, year: "numeric" });

function localTimes(root) {
  const now = new Date();
  for (const element of root.querySelectorAll("time[datetime]")) {
    const when = new Date(element.dateTime);
    const isToday = when.toDateString() === now.toDateString();
    const words = isToday ? zoned : when.getFullYear() === now.getFullYear() ? dated : yeared;
    element.textContent = words.format(when);
  }
}

function isInUse(element) {
  return element.contains(document.activeElement) || element.querySelector("details[open]") !== null;
}

function atEnd() {
  return window.innerHeight + window.scrollY >= document.body.scrollHeight - 80;
}

async function renew() {
  const parts = document.querySelectorAll("[data-live]");
  if (document.hidden || parts.length === 0) return;
  const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  localTimes(fresh);
  const follow = atEnd();
  for (const part of parts) {
    const other = fresh.getElementById(part.id);
    if (other && !isInUse(part) && part.innerHTML !== other.innerHTML) part.replaceWith(other);
  }
  if (follow && document.querySelector(".messages")) window.scrollTo(0, document.body.scrollHeight);
}

localTimes(document);
setInterval(() => renew().catch(() => {}), EVERY_MILLISECONDS);
document.addEventListener("bridge:changed", () => renew().catch(() => {}));
