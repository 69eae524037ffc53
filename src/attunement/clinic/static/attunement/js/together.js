// SPDX-License-Identifier: Apache-2.0
// Escape leaves the screen for two; out of a field it goes first, so that no typed word is lost.
(() => {
  "use strict";
  const close = document.querySelector("[data-close]");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || close === null) return;
    event.preventDefault(); // the browser's own Escape would stop the way out
    const here = document.activeElement;
    if (here instanceof HTMLTextAreaElement) {
      here.blur();
      return;
    }
    window.location.assign(close.href);
  });
})();
