// Before anything is drawn: dark or light as the system has it, where the reader did not choose;
// and the server is told his time zone, so that it can say times as his clock does.
"use strict";

(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = root.hasAttribute("data-bs-theme");

  function follow() {
    root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  }

  if (!chosen) {
    follow();
    dark.addEventListener("change", follow);
  }
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const told = `bridge_zone=${encodeURIComponent(zone)}`;
  if (zone && !document.cookie.split("; ").includes(told)) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${told}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  }
})();
