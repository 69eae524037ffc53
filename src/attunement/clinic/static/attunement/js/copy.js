// SPDX-License-Identifier: Apache-2.0
// Offers to copy a link where the browser can; the field can always be selected by hand.
(() => {
  "use strict";
  for (const button of document.querySelectorAll("[data-copy]")) {
    const field = document.getElementById(button.dataset.copy);
    const said = document.getElementById(button.dataset.said);
    if (!field || !said || !navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(field.value);
        said.textContent = "Copied.";
      } catch {
        field.focus();
        field.select();
        said.textContent = "Please copy the selected text.";
      }
    });
  }
})();
