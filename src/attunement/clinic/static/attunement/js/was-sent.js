// SPDX-License-Identifier: Apache-2.0
// A form was on its way when the connection went (plain.js keeps that): the next page says what can be
// known of it.
(() => {
  "use strict";
  let sent = null;
  try {
    sent = window.sessionStorage.getItem("draft-sent");
    window.sessionStorage.removeItem("draft-sent");
  } catch {
    // storage is switched off here
  }
  if (!sent || document.querySelector("#errors")) return;
  for (const each of document.querySelectorAll(`[data-was-sent="${CSS.escape(sent)}"]`)) {
    each.hidden = false;
    const heading = each.querySelector("h1");
    if (!heading) continue;
    document.title = heading.textContent;
    for (const other of document.querySelectorAll("[data-was-not]")) other.hidden = true;
  }
})();
