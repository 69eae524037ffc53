// SPDX-License-Identifier: Apache-2.0
// A form sent as any form leaves its page, and without a connection what was typed is gone. So it is
// asked first whether the clinic answers; if not, the page stays.
(() => {
  "use strict";
  const PATIENCE = 10_000;
  const onItsWay = (path) => {
    try {
      if (path) sessionStorage.setItem("draft-sent", path);
      else sessionStorage.removeItem("draft-sent");
    } catch {
      // storage is switched off here
    }
  };
  onItsWay("");
  const note = document.querySelector("[data-not-sent]");
  if (!note || !window.fetch || !window.AbortController) return;

  const answers = async () => {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE);
    try {
      await fetch("/healthz", { cache: "no-store", signal: patience.signal });
      return true;
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
    }
  };

  let last = null;
  let asking = false;
  const left = new Set();
  const stay = ({ form, otherwise }) => {
    if (otherwise) otherwise();
    form.before(note);
    for (const each of note.querySelectorAll("[data-left]")) each.hidden = (each.dataset.left === "yes") !== left.has(form);
    note.hidden = false;
    note.scrollIntoView({ block: "nearest" });
    note.querySelector("h2").focus({ preventScroll: true });
    form.dispatchEvent(new CustomEvent("attunement:not-sent"));
  };
  const send = async (one) => {
    if (asking) return;
    last = one;
    asking = true;
    const there = await answers();
    asking = false;
    if (!there) {
      stay(one);
      return;
    }
    const { form, button } = one;
    if (button && button.name) {
      const pressed = document.createElement("input");
      Object.assign(pressed, { type: "hidden", name: button.name, value: button.value });
      form.append(pressed);
    }
    left.add(form);
    onItsWay(new URL(form.action, location).pathname);
    HTMLFormElement.prototype.submit.call(form);
  };
  note.querySelector("[data-try-again]").addEventListener("click", () => send(last));

  // After the form's own listeners, which may send it otherwise or ask first.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    event.preventDefault();
    send({ form, button: event.submitter });
  });
  self.attunementPlainly = (form, otherwise) => send({ form, button: null, otherwise });
})();
