// The reply box: grows with what is typed, keeps drafts in this tab, takes files that are pasted or
// dropped, and shows how a template reads.
"use strict";

(() => {
  const body = document.body;
  const byId = (id) => document.getElementById(id);
  let carried = null;

  function chatName() {
    const talk = document.querySelector(".talk");
    return talk === null ? "" : talk.dataset.chat;
  }

  // ---- Drafts, by person, conversation and field, in this tab alone: who signs in here next gets none.
  const DRAFTS = "bridge:draft:";

  function draftOf(field) {
    return `${DRAFTS}${document.documentElement.dataset.me}:${chatName()}:${field.name}`;
  }

  function forgetAll() {
    for (const name of Object.keys(sessionStorage)) if (name.startsWith(DRAFTS)) sessionStorage.removeItem(name);
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
      grow(field);
    }
  }

  document.addEventListener("bridge:forget", () => {
    for (const field of document.querySelectorAll("[data-draft]")) sessionStorage.removeItem(draftOf(field));
  });

  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") === "/logout") forgetAll();
    const field = event.target.querySelector("[data-draft]");
    if (field !== null) sessionStorage.removeItem(draftOf(field));
  });

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-draft]")) {
      remember(event.target);
      grow(event.target);
    }
    if (event.target.closest("#template-places") !== null) writePlaces();
    if (event.target.closest("#template") !== null) preview();
  });

  // ---- As high as what stands in it, up to what the style allows.
  function grow(field) {
    if (field.tagName !== "TEXTAREA" || CSS.supports("field-sizing", "content")) return;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
  }

  document.addEventListener("keydown", (event) => {
    const isSend = event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing;
    if (isSend && event.target.matches("#text, #note-text")) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  });

  // ---- Why it could not be sent, beside what was to be sent.
  function trouble(text) {
    const place = byId("send-trouble");
    if (place === null) return;
    place.textContent = text === "" ? place.dataset.failed : text;
    place.hidden = false;
    for (const field of document.querySelectorAll("[data-draft]")) remember(field);
  }

  document.addEventListener("bridge:trouble", (event) => trouble(event.detail));

  // ---- Files: one at a time, named beside the box, refused here when they are too large.
  function chosen() {
    return document.querySelector("#reply input[type=file]");
  }

  function attach(files) {
    const input = chosen();
    if (input === null || files.length === 0) return;
    const one = new DataTransfer();
    one.items.add(files[0]);
    input.files = one.files;
    showFile();
  }

  function showFile() {
    const input = chosen();
    const shown = byId("attached");
    if (input === null || shown === null) return;
    const file = input.files[0];
    shown.hidden = file === undefined;
    if (file === undefined) return;
    const units = { style: "unit", unit: file.size < 1e6 ? "kilobyte" : "megabyte", maximumFractionDigits: 1 };
    const size = new Intl.NumberFormat(document.documentElement.lang, units).format(file.size / (file.size < 1e6 ? 1e3 : 1e6));
    shown.querySelector("bdi").textContent = file.name;
    shown.querySelector("small").textContent = size;
    const isLarge = file.size > Number(input.dataset.most);
    if (isLarge) trouble(input.dataset.large);
    else if (byId("send-trouble") !== null) byId("send-trouble").hidden = true;
    input.setAttribute("aria-invalid", String(isLarge));
  }

  document.addEventListener("change", (event) => {
    if (event.target === chosen()) showFile();
    if (event.target.id === "template-name") {
      askPlaces();
      preview();
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-detach]") === null) return;
    chosen().value = "";
    byId("send-trouble").hidden = true;
    showFile();
    byId("text").focus();
  });

  document.addEventListener("paste", (event) => {
    if (!event.target.matches("#text") || event.clipboardData === null || event.clipboardData.files.length === 0) return;
    event.preventDefault();
    attach(event.clipboardData.files);
  });

  document.addEventListener("dragover", (event) => {
    if (event.target.closest(".talk") === null || chosen() === null || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    byId("composer").classList.add("takes-file");
  });
  for (const name of ["dragleave", "drop"]) {
    document.addEventListener(name, () => {
      if (byId("composer") !== null) byId("composer").classList.remove("takes-file");
    });
  }
  document.addEventListener("drop", (event) => {
    if (event.target.closest(".talk") === null || event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    attach(event.dataTransfer.files);
  });

  body.addEventListener("htmx:beforeRequest", (event) => {
    const input = event.detail.elt.id === "reply" ? chosen() : null;
    if (input === null || input.getAttribute("aria-invalid") !== "true") return;
    event.preventDefault();
    trouble(input.dataset.large);
  });

  // A refused reply is shown anew: its file goes along.
  body.addEventListener("htmx:beforeSwap", (event) => {
    const input = chosen();
    const isRefused = event.detail.xhr.status >= 400;
    carried = event.detail.target.id === "pane" && isRefused && input !== null ? input.files : null;
  });

  body.addEventListener("htmx:xhr:progress", (event) => {
    const shown = byId("upload");
    const input = chosen();
    if (shown === null || input === null || input.files.length === 0 || !event.detail.lengthComputable) return;
    shown.hidden = false;
    shown.value = (100 * event.detail.loaded) / event.detail.total;
  });
  body.addEventListener("htmx:afterRequest", () => {
    if (byId("upload") !== null) byId("upload").hidden = true;
  });
  body.addEventListener("htmx:sendError", (event) => {
    if (event.detail.elt.closest(".composer") !== null) trouble("");
  });

  // ---- Templates: a field for each value, and how it reads with them.
  function askPlaces() {
    const named = byId("template-name");
    const fields = byId("template-places");
    if (named === null || fields === null) return;
    const values = byId("template-values");
    const given = values.value.split("\n");
    const many = Number(named.selectedOptions[0].dataset.places);
    const asked = Array.from({ length: many }, (_, number) => {
      const field = fields.nextElementSibling.content.cloneNode(true).firstElementChild;
      const input = field.querySelector("input");
      input.id = `template-place-${number + 1}`;
      input.value = (given[number] ?? "").trim();
      const label = field.querySelector("label");
      label.htmlFor = input.id;
      label.textContent = label.textContent.replace("{number}", String(number + 1));
      return field;
    });
    fields.replaceChildren(...asked);
    values.closest(".template-lines").hidden = true;
  }

  function writePlaces() {
    const given = [...document.querySelectorAll("#template-places input")].map((one) => one.value.trim());
    byId("template-values").value = given.join("\n");
  }

  function preview() {
    const named = byId("template-name");
    const shown = byId("template-preview");
    if (named === null || shown === null) return;
    const values = byId("template-values").value.split("\n").map((line) => line.trim());
    const text = named.selectedOptions[0].dataset.text;
    shown.hidden = text === "";
    shown.lastElementChild.textContent = text.replace(/\{\{\s*(\d{1,3})\s*\}\}/g, (place, number) => values[Number(number) - 1] || place);
  }

  function begin() {
    chosen()?.closest(".attach").classList.add("by-script");
    recall();
    askPlaces();
    preview();
    if (carried !== null && chosen() !== null) {
      chosen().files = carried;
      carried = null;
      showFile();
    }
  }

  document.addEventListener("bridge:pane", begin);
  begin();
})();
