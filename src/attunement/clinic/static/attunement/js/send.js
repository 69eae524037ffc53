// SPDX-License-Identifier: Apache-2.0
// Sends a client's form: seals it, keeps it on this device, sends it, and says which of the two
// has happened. On a page without a form it shows what waits here.
(() => {
  "use strict";
  const queue = self.attunementQueue;
  if (!queue || !queue.supported()) return;
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const form = one("form#questions");
  const sealing = one("#sealing");
  const kiosk = document.body.classList.contains("kiosk");
  const title = document.title;
  let mine = ""; // the submission of this page, once it is kept
  let busy = false; // while its first delivery is on the way

  const clock = (at) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

  // One state at a time: "sending", "saved", "received", "closed", "other_content", "held".
  let shown = "";
  const show = (state, at) => {
    const panel = one(`[data-state="${state}"]`);
    if (!panel) return;
    if (at) for (const time of panel.querySelectorAll("time")) {
      time.textContent = clock(at);
      time.dateTime = new Date(at).toISOString();
    }
    if (shown === state) return;
    shown = state;
    document.body.classList.remove("step-heading");
    for (const each of all("[data-state]")) each.hidden = each !== panel;
    document.title = panel.dataset.title || title;
    const heading = one("h1, h2", panel);
    if (heading && form) {
      window.scrollTo(0, 0);
      heading.focus({ preventScroll: true });
    }
    document.dispatchEvent(new CustomEvent("attunement:state", { detail: state }));
  };
  const hideForm = (hidden) => {
    for (const each of all("[data-while-asking]")) each.hidden = hidden;
  };
  const forgetForm = () => {
    if (!form || !form.isConnected) return;
    form.reset();
    for (const each of all("[data-while-asking]")) each.remove();
  };

  const letter = () => {
    const fields = {};
    for (const [name, value] of new FormData(form)) {
      if (["csrfmiddlewaretoken", "submission_id", "client_clock"].includes(name)) continue;
      fields[name] = name in fields ? [].concat(fields[name], value) : value;
    }
    return {
      ticket: sealing.dataset.ticket,
      fields,
      clock: new Date().toISOString(),
      language: sealing.dataset.language,
    };
  };
  const offer = () => ({
    id: sealing.dataset.submission,
    key: sealing.dataset.key,
    public: sealing.dataset.public,
    receiptKey: sealing.dataset.receiptPublic,
  });
  // As any form; without a connection the questions come back, with everything that was typed.
  const plainly = () => {
    const comeBack = () => {
      busy = false;
      shown = "";
      for (const each of all("[data-state]")) each.hidden = true;
      hideForm(false);
      document.title = title;
    };
    if (self.attunementPlainly) self.attunementPlainly(form, comeBack);
    else HTMLFormElement.prototype.submit.call(form);
  };
  const tooLong = () =>
    Array.from(form.querySelectorAll("textarea")).some((each) => each.value.length > 10_000);

  const submit = async (event) => {
    if (event.defaultPrevented) return;
    if (tooLong()) return; // the clinic's own page says what is wrong
    event.preventDefault();
    hideForm(true);
    show("sending");
    busy = true;
    try {
      await queue.keep(offer(), letter(), { kiosk, place: window.location.search });
    } catch {
      plainly(); // no room, or no storage here
      return;
    }
    mine = sealing.dataset.submission;
    const outcome = (await queue.flush({ hurry: true, formOpen: mine })).get(mine);
    if (outcome === "fields") {
      plainly();
      return;
    }
    busy = false;
    forgetForm();
    if (kiosk && outcome && outcome !== "waiting") show(outcome, Date.now());
    await look();
    if (shown === "saved") waitForNetwork();
  };

  const waitForNetwork = async () => {
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(() => {});
    if (!navigator.serviceWorker) return;
    const worker = await navigator.serviceWorker.getRegistration("/c/").catch(() => null);
    if (worker && worker.sync) worker.sync.register("attunement-send").catch(() => {});
  };

  // What waited was this very form, which is shown once more: the clinic says that it arrived.
  const askAgain = (here) => {
    const arrived = here.some((each) => each.state === "received" && each.place === window.location.search);
    if (!arrived || form.hasAttribute("data-answered") || (history.state && history.state.asked)) return;
    history.replaceState({ asked: true }, "");
    window.location.reload();
  };

  // The worker's page in the place of one that could not be fetched: that comes when it can.
  const standsIn = Boolean(one('[data-state="offline"]')) && window.location.pathname !== "/c/waiting";
  if (standsIn) {
    const drafts = () => Object.keys(window.sessionStorage).some((name) => /^draft-(?!layout-|sent$)/.test(name));
    let draft = false;
    let sent = false;
    try {
      sent = window.sessionStorage.getItem("draft-sent") !== null; // by plain.js: no reply came
      draft = drafts();
    } catch {
      // no storage here
    }
    one("[data-draft-kept]").hidden = !draft || sent;
    one("[data-draft-sent]").hidden = !sent;
    one("[data-draft-too]").hidden = !draft;
    one("[data-draft-none]").hidden = draft || sent;
    const open = () => window.location.reload();
    one("[data-open-again]").addEventListener("click", open);
    window.addEventListener("online", () => { if (shown === "offline") open(); });
    setInterval(async () => {
      if (shown !== "offline") return;
      const there = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
      if (there && there.ok) open();
    }, 10_000);
  }

  // A page about one link tells of that link's form, and of what went from here just now.
  const seen = new Set();
  const ofThisPage = (each) =>
    seen.has(each.id) ||
    Date.now() - each.settled < 60_000 ||
    (each.place !== "" && each.place === window.location.search);

  // What waits here, in words; on a shared screen nobody sees what others left.
  const look = async () => {
    if (busy) return;
    let here = await queue.entries().catch(() => []);
    for (const each of here) if (each.state === "waiting") seen.add(each.id);
    if (mine) here = here.filter((each) => each.id === mine);
    else if (form && !kiosk) return askAgain(here);
    else if (kiosk) return;
    else if (one("[data-only-now]")) here = here.filter(ofThisPage);
    else if (standsIn) here = here.filter(ofThisPage);
    const waiting = here.filter((each) => each.state === "waiting");
    const latest = here.filter((each) => each.at).sort((a, b) => b.at - a.at)[0];
    for (const count of all("[data-count]")) count.textContent = String(waiting.length);
    for (const many of all("[data-many]")) many.hidden = waiting.length < 2;
    if (waiting.length) show("saved", Math.max(...waiting.map((each) => each.savedAt)));
    else if (latest) {
      if (mine) history.replaceState(null, "", `/c/thanks${window.location.search}`);
      show(latest.state, latest.at);
    } else if (!mine) show(standsIn ? "offline" : "nothing");
  };
  queue.onChange(() => { look(); });

  const again = (hurry) => queue.flush({ hurry }).then(look).catch(() => {});
  for (const button of all("[data-send-now]")) button.addEventListener("click", () => again(true));
  for (const button of all("[data-forget]"))
    button.addEventListener("click", async () => {
      for (const each of await queue.entries()) if (each.state !== "waiting") await queue.remove(each.id);
      shown = "";
      look();
    });
  window.addEventListener("online", () => again(true));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") again(true);
  });
  setInterval(() => again(false), 5000);

  if (form && sealing) form.addEventListener("submit", submit);
  look().then(() => again(true));

  // The worker is fetched when the page has everything it needs itself.
  const policy = self.trustedTypes
    ? self.trustedTypes.createPolicy("attunement-worker", { createScriptURL: () => "/c/worker.js" })
    : { createScriptURL: () => "/c/worker.js" };
  if (navigator.serviceWorker && !kiosk)
    window.addEventListener("load", () => {
      navigator.serviceWorker.register(policy.createScriptURL(""), { scope: "/c/" }).catch(() => {});
    });
})();
