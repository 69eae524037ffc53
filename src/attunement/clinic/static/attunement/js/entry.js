// SPDX-License-Identifier: Apache-2.0
// The token lies in the fragment, which browsers never send. Post it, and leave it in no history.
(() => {
  "use strict";
  const form = document.getElementById("code-form");
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
  const token = window.location.hash.slice(1);
  if (!form || !token) return;
  window.history.replaceState(null, "", window.location.pathname);
  form.elements.token.value = token;
  form.hidden = true;
  document.getElementById("opening").hidden = false;
  form.submit();
})();
