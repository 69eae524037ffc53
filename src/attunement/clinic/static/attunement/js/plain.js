// SPDX-License-Identifier: Apache-2.0
// A form that is sent as any form would leave its page for the browser's own one where there is no
// connection, and what was typed would be gone. So it is asked first whether the clinic answers: if
// not, the page stays as it is, with everything on it, and says that nothing was sent. Sealed forms
// do not come here (send.js). Without this file the form is sent, and the browser says what it says.
// A reply can be lost after the form arrived: the tab keeps that it was on its way until a page of
// the clinic comes, and nothing then says "not sent" of what may have arrived.
(() => {
  "use strict";
  const PATIENCE = 10_000;
  const ON_ITS_WAY = "draft-sent"; // which form; send.js reads it on the page that stands in
  const remember = (path) => {
    try {
      const before = window.sessionStorage.getItem(ON_ITS_WAY);
      if (path) window.sessionStorage.setItem(ON_ITS_WAY, path);
      else window.sessionStorage.removeItem(ON_ITS_WAY);
      return before;
    } catch {
      return null; // storage is switched off here
    }
  };
  const path = (form) => new URL(form.action, window.location).pathname;
  const sentBefore = remember(""); // a page has come, and with it what became of a form
  for (const each of document.querySelectorAll("[data-may-have-arrived]"))
    each.hidden = sentBefore !== path(each.closest("form")) || Boolean(document.querySelector("#errors"));
  const note = document.querySelector("[data-not-sent]");
  if (!note || !window.fetch || !window.AbortController) return;

  // Whatever the clinic answers: what is wrong there, its own page says.
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

  let last = null; // the form, and with which of its buttons
  let asking = false;
  const left = new Set(); // forms that were on their way from this very page
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
    remember(path(form));
    HTMLFormElement.prototype.submit.call(form);
  };
  note.querySelector("[data-try-again]").addEventListener("click", () => send(last));

  // After the form's own listeners: those that send it otherwise, or ask first, have said so.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    event.preventDefault();
    send({ form, button: event.submitter });
  });
  self.attunementPlainly = (form, otherwise) => send({ form, button: null, otherwise });
})();
