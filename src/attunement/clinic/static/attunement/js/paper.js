// SPDX-License-Identifier: Apache-2.0
// Typing a sheet without the mouse: a complete answer goes on to the next field, Enter leaves one
// out, Backspace in an empty field goes back. Without this file Tab does the same.
(() => {
  "use strict";
  const first = document.querySelector("[data-first]");
  if (first) first.focus();
  const form = document.querySelector("form[data-typing]");
  if (!form) return;
  const fields = Array.from(form.querySelectorAll(".typing-line input, .typing-line textarea"));
  const submit = form.querySelector("button[type=submit]");
  const go = (from, by) => {
    const next = fields[fields.indexOf(from) + by];
    if (next) next.focus();
    else if (by > 0) submit.focus();
  };
  const offered = (field) => field.dataset.permitted.split(" ").filter(Boolean);
  form.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.dataset.permitted || !field.value) return;
    const begins = offered(field).filter((one) => one.startsWith(field.value));
    if (!begins.length) field.value = ""; // no answer begins like this
    else if (begins.length === 1 && begins[0] === field.value) go(field, 1);
  });
  form.addEventListener("keydown", (event) => {
    const field = event.target;
    if (field.tagName !== "INPUT" || !fields.includes(field)) return;
    if (event.key === "Enter") {
      event.preventDefault();
      go(field, 1);
    } else if (event.key === "Backspace" && field.value === "") {
      event.preventDefault();
      go(field, -1);
    }
  });
  const wrong = form.querySelector("[aria-invalid=true]");
  (wrong || fields[0]).focus();
})();
