// SPDX-License-Identifier: Apache-2.0
// A waiting page looks again for ten minutes; after that it waits for a hand, so that a login
// which nobody uses can end.
(() => {
  "use strict";
  const LOOKS = 120;
  let looked = 0;
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    looked += 1;
    if (looked <= LOOKS) return;
    event.preventDefault();
    document.getElementById("waiting").textContent = "Waiting for both. Look again when you like.";
  });
})();
