// SPDX-License-Identifier: Apache-2.0
// Makes a page of questions easier: one at a time on the client's side, number keys on both.
// Without this file the same page is one plain form. Of a client's page the tab keeps, until the form
// is in, whether all questions stand on it; the answers are the draft's.
(() => {
  "use strict";
  const form = document.querySelector("form[data-questions]");
  if (!form) return;

  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = form) => Array.from(root.querySelectorAll(selector));
  const chosen = (question) => {
    const text = one("textarea", question);
    if (text) return text.value.trim();
    const radio = one("input[type=radio]:checked", question);
    return radio ? radio.value : null;
  };

  // A follow-up appears where it is seen: on a phone Next would lead past it.
  const followUps = all("[data-follows]");
  const showFollowUps = () => {
    for (const followUp of followUps) {
      const value = chosen(document.getElementById(followUp.dataset.follows));
      const called = value !== null && value !== "" && Number(value) >= Number(followUp.dataset.followsAt);
      const opens = called && followUp.hidden;
      followUp.hidden = !called;
      if (opens) one(".question-words", followUp).scrollIntoView({ block: "nearest" });
      if (!called) for (const radio of all("input:checked", followUp)) radio.checked = false;
    }
  };
  showFollowUps();
  form.addEventListener("change", showFollowUps);

  // An answer that is passed on shows at once whom to call, without a network. Once shown it stays.
  const showHelp = () => {
    for (const question of all("[data-risk-at]")) {
      const value = chosen(question);
      const note = one("[data-crisis-now]", question);
      if (!note || !note.hidden || value === null || value === "") continue;
      if (Number(value) < Number(question.dataset.riskAt)) continue;
      note.hidden = false;
      note.scrollIntoView({ block: "nearest" });
    }
  };
  showHelp();
  form.addEventListener("change", showHelp);

  // Number keys answer the question that has the focus; `quick` forms go on to the next one.
  const quick = form.dataset.questions === "quick";
  const keys = one("[data-keys]", form);
  if (keys) keys.hidden = false;
  form.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const question = event.target.closest("fieldset.question");
    if (!question) return;
    if (event.key === "Enter" && event.target.type === "radio") {
      event.preventDefault();
      if (!quick) one("[data-next]").click();
      return;
    }
    if (!/^[0-9]$/.test(event.key)) return;
    const radio = all("input[type=radio]", question).find((each) => each.value === event.key);
    if (!radio) return;
    event.preventDefault();
    radio.focus();
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    if (quick) {
      const questions = all(".question").filter((each) => !each.hidden);
      const next = questions[questions.indexOf(question) + 1];
      if (next) one("input, textarea", next).focus();
    }
  });

  // Whether anything is answered; a wish about an answer is none. Other files read it off the form.
  const isAnswer = (each) => {
    if (each.type === "hidden" || /^wish(-|$)/.test(each.name)) return false;
    if (each.type === "radio" || each.type === "checkbox") return each.checked && each.value !== "";
    return each.value.trim() !== "";
  };
  const noteAnswered = () => form.toggleAttribute("data-answered", all("input, textarea, select").some(isAnswer));

  // A form with everything left out is asked about once, in case of a slip, and then sent like that.
  const leftOut = one("[data-left-out]");
  const asked = Boolean(leftOut) && !leftOut.hidden;
  const ask = (asking) => {
    if (!leftOut || leftOut.hidden !== asking) return;
    leftOut.hidden = !asking;
    if (!asking) return;
    leftOut.scrollIntoView({ block: "nearest" });
    one("#left-out-title").focus({ preventScroll: true });
  };
  let likeThis = false;
  if (leftOut) one("button", leftOut).addEventListener("click", () => { likeThis = true; });
  for (const kind of ["input", "change"])
    form.addEventListener(kind, () => {
      noteAnswered();
      if (form.hasAttribute("data-answered")) ask(false);
    });
  noteAnswered();

  // Once is enough: a second tap while the first is on its way does nothing.
  let sent = false;
  form.addEventListener("submit", (event) => {
    noteAnswered();
    if (leftOut && !likeThis && !form.hasAttribute("data-answered")) {
      event.preventDefault();
      ask(true);
      return;
    }
    if (sent) event.preventDefault();
    const clock = form.elements.client_clock;
    if (clock) clock.value = new Date().toISOString();
    sent = true;
  });
  form.addEventListener("attunement:not-sent", () => { sent = false; }); // by plain.js

  const errors = one("#errors");
  if (errors) errors.focus();
  if (asked) one("#left-out-title").focus();
  if (quick || errors || asked) return;

  // One question at a time.
  const steps = all("[data-step]");
  const intro = one("[data-intro]", form);
  const progress = one("[data-progress]", form);
  const actions = one("[data-step-actions]", form);
  const send = one("[data-send]", form);
  const mode = one("[data-mode]");
  const submit = one("[data-submit]", send);
  const next = one("[data-next]", form);
  const back = one("[data-back]", form);
  let at = -1;

  const label = () => {
    const answered = at < 0 || chosen(steps[at]) !== null;
    next.textContent = at < 0 ? "Start" : answered ? "Next" : "Skip this one";
    next.classList.toggle("button-second", !answered);
  };
  const keptNote = one("[data-kept]");
  const show = (focus) => {
    ask(false);
    if (keptNote) keptNote.hidden = true;
    form.dataset.at = String(at);
    const last = at === steps.length - 1;
    steps.forEach((step, index) => { step.hidden = index !== at; });
    intro.hidden = at >= 0;
    progress.hidden = at < 0;
    document.body.classList.toggle("step-heading", at >= 0);
    one("[data-progress-words]", progress).textContent = `${at + 1} of ${steps.length}`;
    one("progress", progress).value = at + 1;
    actions.classList.toggle("first", at < 0);
    if (at < 0) intro.after(whoSees);
    else form.after(whoSees); // stays on every screen, below the question
    back.hidden = at < 0;
    next.hidden = last;
    send.hidden = !last;
    submit.hidden = !last;
    label();
    if (!focus) return;
    window.scrollTo(0, 0);
    const target = at < 0 ? one("h1") : one("fieldset, textarea", steps[at]);
    target.focus({ preventScroll: true });
  };
  const whoSees = one("#who-sees");
  next.addEventListener("click", () => { at += 1; show(true); });
  back.addEventListener("click", () => { at -= 1; show(true); });
  form.addEventListener("change", label);
  // How this client likes it is sent with the form, and kept for the next one.
  const modeOne = one("[data-mode-one]");
  const like = (layout) => {
    const field = form.elements.layout;
    if (field) field.value = layout;
  };
  const oneByOne = (focus) => {
    form.classList.add("stepped");
    like("one");
    actions.hidden = false;
    actions.append(submit); // beside Back, where Next was
    mode.hidden = false;
    if (modeOne) modeOne.hidden = true;
    at = -1;
    show(focus);
  };
  const allAtOnce = (focus) => {
    form.classList.remove("stepped");
    like("all");
    document.body.classList.remove("step-heading");
    intro.after(whoSees);
    send.prepend(submit);
    for (const each of [...steps, intro, send, submit]) each.hidden = false;
    for (const each of [actions, progress, mode]) each.hidden = true;
    if (modeOne) modeOne.hidden = false;
    if (!focus) return;
    window.scrollTo(0, 0); // with the title, the line for somebody who needs help now
    one("h1").focus({ preventScroll: true });
  };
  one("[data-all]").addEventListener("click", () => allAtOnce(true));
  if (modeOne) one("[data-one]").addEventListener("click", () => oneByOne(true));

  // What was chosen here outlives a reload of this tab; draft.js forgets it when the form is in.
  const layoutName = form.dataset.draft ? `draft-layout-${form.dataset.draft}` : "";
  const remember = (layout) => {
    try {
      if (layoutName) window.sessionStorage.setItem(layoutName, layout);
    } catch {
      // storage is switched off here
    }
  };
  const remembered = () => {
    try {
      return (layoutName && window.sessionStorage.getItem(layoutName)) || form.dataset.questions;
    } catch {
      return form.dataset.questions;
    }
  };
  one("[data-all]").addEventListener("click", () => remember("all"));
  if (modeOne) one("[data-one]").addEventListener("click", () => remember("one"));
  if (remembered() === "all") allAtOnce(false);
  else oneByOne(false);

  // A draft was put back: it says so, and opens where it was left.
  form.addEventListener("attunement:kept", (event) => {
    if (form.classList.contains("stepped") && at < 0) {
      at = Math.max(-1, Math.min(Number(event.detail) || 0, steps.length - 1));
      show(false);
    }
    if (keptNote) keptNote.hidden = !form.hasAttribute("data-answered");
  });
})();
