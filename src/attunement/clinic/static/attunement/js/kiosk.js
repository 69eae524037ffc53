// SPDX-License-Identifier: Apache-2.0
// A shared screen forgets: after sending, after a minute without a touch, and on going back.
// No step leaves a trace in the history. What was sealed stays, and shows nobody anything.
(() => {
  "use strict";
  const HOME = "/kiosk/";
  const IDLE = 60_000;
  const WARNING = 15_000;
  const THANKS = 8000;
  const one = (selector) => document.querySelector(selector);
  const queue = self.attunementQueue;
  const dialog = one("#still-there");
  const offline = one("[data-kiosk-offline]");
  const form = one("form#questions");
  const code = one("form#kiosk-code");
  const pin = one("form#kiosk-pin");
  const first = code !== null;
  history.replaceState(null, "", window.location.pathname + window.location.search);

  // Storage that is not the sealed queue is not ours; nothing of it stays.
  const forgetStorage = async () => {
    try {
      localStorage.clear();
      sessionStorage.clear();
      if (indexedDB.databases)
        for (const { name } of await indexedDB.databases())
          if (name !== "attunement") indexedDB.deleteDatabase(name);
    } catch {
      // a browser without storage has nothing to forget
    }
  };

  const empty = () => {
    for (const each of document.querySelectorAll("form")) each.reset();
    for (const each of document.querySelectorAll("[data-while-asking], [data-state], .kiosk-top"))
      each.remove();
    if (dialog.open) dialog.close();
  };
  let going = false;
  const goHome = async () => {
    if (going) return;
    going = true;
    empty();
    history.replaceState(null, "", HOME);
    await forgetStorage();
    for (;;) {
      try {
        const done = await fetch("/kiosk/clear", { method: "POST", cache: "no-store" });
        if (done.ok || done.status < 500) break;
      } catch {
        // no network: say so, and look again
      }
      offline.hidden = false;
      document.title = "No connection";
      await new Promise((resolve) => { setTimeout(resolve, 5000); });
    }
    window.location.replace(HOME);
  };

  // A minute without a touch clears the screen; a quarter of it before, it asks.
  let touched = Date.now();
  const somethingTyped = () =>
    form !== null || dialog.open || Boolean(one("[data-state]:not([hidden])")) ||
    Array.from(document.querySelectorAll("input[type=text]")).some((each) => each.value !== "");
  const stay = () => {
    touched = Date.now();
    if (dialog.open) dialog.close();
  };
  // Going to one of the question's two buttons is no answer yet; typing on, or a touch beside it, is.
  const towards = ({ type, key, target }) =>
    type === "keydown"
      ? ["Tab", "Shift", "Enter", " "].includes(key)
      : target !== dialog && dialog.contains(target);
  const noticed = (event) => {
    if (!dialog.open || !towards(event)) stay();
  };
  for (const kind of ["pointerdown", "keydown", "input", "wheel", "touchstart"])
    document.addEventListener(kind, noticed, { passive: true, capture: true });
  one("[data-still-there]").addEventListener("click", stay);
  one("[data-clear-now]").addEventListener("click", () => { goHome(); });
  dialog.addEventListener("cancel", stay);
  setInterval(() => {
    if (going) return;
    const still = IDLE - (Date.now() - touched);
    if (first && !somethingTyped()) touched = Date.now();
    else if (still <= 0) goHome();
    else if (still <= WARNING) {
      one("[data-seconds]").textContent = String(Math.ceil(still / 1000));
      if (!dialog.open) {
        dialog.showModal();
        one("[data-still-there]").focus();
      }
    }
  }, 500);

  // After sending: a moment for the words, then back to the start.
  document.addEventListener("attunement:state", (event) => {
    if (event.detail === "sending") return;
    setTimeout(goHome, THANKS);
  });
  const gone = one("main [data-kiosk-offline]"); // the worker's page, for any that cannot be fetched
  if (gone) goHome();
  else if (!form && !code && !pin && !one("main a.button")) setTimeout(goHome, THANKS); // one sentence

  // A link takes the page's place, too.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("main a[href^='/']");
    if (!link) return;
    event.preventDefault();
    window.location.replace(link.href);
  });

  // The code is sent by hand, so that the page it opens takes this one's place in the history.
  if (code)
    code.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const answer = await fetch(code.action, {
          method: "POST",
          headers: { Accept: "application/json" },
          body: new URLSearchParams(new FormData(code)),
        });
        const { to } = await answer.json();
        code.reset();
        window.location.replace(to);
      } catch {
        goHome();
      }
    });
  const errors = one("#errors");
  if (errors) errors.focus();
  else if (code) one("#code").focus({ preventScroll: true });

  // A page kept in memory, or a step back, shows the start.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.replace(HOME);
  });

  // The worker keeps one page, so that a reload without a connection shows ours. It belongs to the
  // screen, not to a person.
  const worker = "/kiosk/worker.js";
  const policy = self.trustedTypes
    ? self.trustedTypes.createPolicy("attunement-kiosk-worker", { createScriptURL: () => worker })
    : { createScriptURL: () => worker };
  if (navigator.serviceWorker && !gone)
    window.addEventListener("load", () => {
      for (const scope of ["/kiosk/", "/c/"])
        navigator.serviceWorker.register(policy.createScriptURL(""), { scope }).catch(() => {});
    });

  const unsent = one("[data-unsent]");
  const lookAfterQueue = async () => {
    if (!queue || !queue.supported()) return;
    if (!form) await queue.flush().catch(() => {});
    if (!unsent) return;
    const waiting = (await queue.entries().catch(() => [])).filter((each) => each.state === "waiting");
    unsent.hidden = waiting.length === 0;
    one("[data-count]").textContent = waiting.length === 1 ? "1 form is" : `${waiting.length} forms are`;
  };
  lookAfterQueue();
  window.addEventListener("online", lookAfterQueue);
  if (!form) setInterval(lookAfterQueue, 10_000);
})();
