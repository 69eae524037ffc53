// SPDX-License-Identifier: Apache-2.0
// Keeps an unfinished form while the tab lives: the phone rang, the page was thrown out of memory.
// It is locked with a key that only this page has from the clinic, for an hour at most: without the
// page and its link nobody can read it. When the form is in, it is gone.
(() => {
  "use strict";
  const START = "draft-";
  const box = (() => {
    try {
      return window.sessionStorage;
    } catch {
      return null; // storage is switched off here
    }
  })();
  const forget = () => {
    if (!box) return;
    for (const name of Object.keys(box)) if (name.startsWith(START)) box.removeItem(name);
  };
  const form = document.querySelector("form[data-draft-key]");
  if (!form) {
    forget();
    return;
  }
  if (!box || !window.crypto || !window.crypto.subtle) return;

  const name = START + form.dataset.draft;
  const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  const hex = (raw) => Array.from(raw, (one) => one.toString(16).padStart(2, "0")).join("");
  const key = window.crypto.subtle.importKey("raw", bytes(form.dataset.draftKey), "AES-GCM", false, ["encrypt", "decrypt"]);
  delete form.dataset.draftKey;
  const skipped = new Set(["csrfmiddlewaretoken", "submission_id", "client_clock", "moment"]);
  const given = () => Array.from(new FormData(form)).filter(([field, value]) => !skipped.has(field) && typeof value === "string");

  let over = false;
  let waiting = 0;
  const write = async () => {
    if (!form.hasAttribute("data-answered")) { // by questions.js: there is nothing to keep
      box.removeItem(name);
      return;
    }
    const nonce = window.crypto.getRandomValues(new Uint8Array(12));
    const at = Number(form.dataset.at || -1); // which question was on the screen
    const words = new TextEncoder().encode(JSON.stringify({ at, fields: given() }));
    const locked = await window.crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, await key, words);
    if (over) return;
    try {
      box.setItem(name, hex(nonce) + hex(new Uint8Array(locked)));
    } catch {
      // no room: the page itself still holds the answers
    }
  };
  const later = () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(write, 250);
  };
  const fill = (pairs) => {
    for (const [field, value] of pairs) {
      for (const each of form.querySelectorAll(`[name="${CSS.escape(field)}"]`)) {
        if (each.type === "radio" || each.type === "checkbox") each.checked = each.value === value;
        else if (each.type !== "hidden") each.value = value;
      }
    }
    form.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const read = async () => {
    const kept = box.getItem(name);
    if (!kept || document.querySelector("#errors")) return;
    try {
      const raw = bytes(kept);
      const open = await window.crypto.subtle.decrypt({ name: "AES-GCM", iv: raw.slice(0, 12) }, await key, raw.slice(12));
      const draft = JSON.parse(new TextDecoder().decode(open));
      fill(draft.fields);
      form.dispatchEvent(new CustomEvent("attunement:kept", { detail: draft.at }));
    } catch {
      box.removeItem(name); // of another opening of the link: nobody can read it any more
    }
  };
  read().finally(() => {
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    form.addEventListener("click", later); // another question is on the screen
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && !over) write();
    });
  });
  // Received or locked away: nothing is left to keep. Until then it may come back.
  document.addEventListener("attunement:state", ({ detail }) => {
    window.clearTimeout(waiting);
    over = detail !== "sending";
    if (over) forget();
    else write();
  });
})();
