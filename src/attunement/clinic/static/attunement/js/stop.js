// SPDX-License-Identifier: Apache-2.0
// The stop link's secret lies in the fragment, which browsers never send: put it into the form.
(() => {
  "use strict";
  const form = document.getElementById("stop-form");
  const token = window.location.hash.slice(1);
  if (!form || !token) return;
  window.history.replaceState(null, "", window.location.pathname);
  form.elements.token.value = token;
  form.querySelector("[data-typed]").hidden = true;
})();
