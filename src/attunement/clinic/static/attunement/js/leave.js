// SPDX-License-Identifier: Apache-2.0
// A page that the browser kept in memory is asked for again: going back never shows answers.
(() => {
  "use strict";
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
})();
