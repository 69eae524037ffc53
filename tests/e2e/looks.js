// SPDX-License-Identifier: Apache-2.0
// What a page must hold on every screen, asked of the page itself: each look returns what is wrong.
globalThis.looks ??= (() => {
  const seen = (e) => e.checkVisibility({visibilityProperty: true, opacityProperty: true});
  const called = (e) =>
    `${e.tagName.toLowerCase()}${e.id && "#" + e.id} ${e.getAttribute("class") ?? ""} ` +
    `"${(e.innerText || e.getAttribute("name") || "").trim().slice(0, 50)}"`;
  const style = (e, of) => getComputedStyle(e, of);
  const all = (what, inside = document) => Array.from(inside.querySelectorAll(what)).filter(seen);

  // Colours as [red, green, blue, alpha], and WCAG's contrast of two of them.
  const parts = (colour) => {
    const [red, green, blue, alpha = 1] = (colour.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    return [red, green, blue, alpha];
  };
  const light = (colour) => {
    const [red, green, blue] = parts(colour).map((each) => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const canvas = () => {
    const probe = document.createElement("div");
    probe.style.setProperty("background-color", "Canvas");
    document.body.append(probe);
    const found = style(probe).backgroundColor;
    probe.remove();
    return found;
  };
  const ground = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const colour = style(at).backgroundColor;
      if (parts(colour)[3] > 0.99) return colour;
    }
    return canvas();
  };

  // Nothing makes the page itself scroll sideways.
  const across = () => {
    if (document.documentElement.scrollWidth <= innerWidth) return [];
    const wide = all("body *").filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
    return [`scrolls sideways: ${wide.slice(-3).map(called).join(" | ")}`];
  };

  // A link inside a sentence is as high as its line; one that stands alone is not inside one.
  const insideSentence = (e) => {
    const block = e.closest("p, li, dd, td, th");
    if (!block || style(e).display !== "inline") return false;
    const links = Array.from(block.querySelectorAll("a"), (each) => each.textContent).join("");
    return block.textContent.replace(/[\s·,;]+/g, "").length > links.replace(/[\s·,;]+/g, "").length;
  };
  // A link can spread over the row that it stands for.
  const area = (e) =>
    (style(e, "::after").position === "absolute" ? e.offsetParent : e).getBoundingClientRect();
  const targets = (least) =>
    all("a, button, summary, input, select, textarea, .choice label, .check label")
      .filter((e) => !e.matches(".skip-link, input[type=radio], input[type=hidden]"))
      .filter((e) => !(e.matches("input[type=checkbox]") && e.labels.length)) // its label is it
      .filter((e) => !(e.tagName === "A" && !e.matches(".button") && insideSentence(e)))
      .map((e) => [e, area(e)])
      .filter(([, box]) => Math.min(box.width, box.height) < least - 0.5)
      .map(([e, box]) => `target ${Math.round(box.width)}x${Math.round(box.height)}: ${called(e)}`);

  // Words against what lies behind them, where axe reads colours that are not those on the screen.
  const written = () =>
    all("body *")
      .filter((e) => e.matches("input, textarea, select") ||
        Array.from(e.childNodes).some((each) => each.nodeType === 3 && each.data.trim()))
      .filter((e) => !e.closest("svg, .visually-hidden, .skip-link, noscript, :disabled"));
  const ink = () =>
    written()
      .filter((e) => parts(style(e).color)[3] > 0 && contrast(style(e).color, ground(e)) < 4.5)
      .map((e) => `words too faint: ${style(e).color} on ${ground(e)}: ${called(e)}`);

  // Lines that draw something are seen against what lies behind them.
  const strokes = () =>
    all("svg").flatMap((svg) => {
      const behind = ground(svg);
      const quiet = "[class*=grid], [class*=band], [class*=halo], [class*=muted], defs *, text";
      return all("path, line, polyline, circle, rect, polygon", svg)
        .filter((e) => !e.matches(quiet) && !e.closest(".att-mark"))
        .filter((e) => {
          const {fill, stroke} = style(e);
          const paints = [fill, stroke].filter((each) => each !== "none" && parts(each)[3] > 0);
          return paints.length && paints.every((each) => contrast(each, behind) < 3);
        })
        .slice(0, 2)
        .map((e) => `drawn too faintly: ${called(e)} in ${svg.getAttribute("class")}`);
    });

  // Where the focus is can be seen, and nothing that stays in view lies over it.
  const focus = () => {
    const wrong = [];
    const marked = (e) => {
      const {outlineStyle, outlineWidth, outlineColor} = e;
      return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && parts(outlineColor)[3] > 0;
    };
    for (const e of all("a[href], button, summary, input, select, textarea, [tabindex='0']")) {
      if (e.matches(":disabled, [type=hidden]")) continue;
      e.focus();
      if (document.activeElement !== e) continue;
      const places = [style(e), style(e, "::after"), ...Array.from(e.labels ?? [], (l) => style(l))];
      if (!places.some(marked)) wrong.push(`focus not seen: ${called(e)}`);
      const box = (e.labels?.[0] ?? e).getBoundingClientRect();
      if (box.height > innerHeight / 2) continue;
      const over = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      const strip = over?.closest(".crisis-strip, .step-actions");
      if (strip && !strip.contains(e)) wrong.push(`focus behind ${called(strip)}: ${called(e)}`);
    }
    document.activeElement.blur();
    scrollTo(0, 0);
    return wrong;
  };

  // Without motion nothing moves: what runs now, and what would run on a change.
  const motion = () => {
    const wrong = document.getAnimations().map((each) => `moves: ${called(each.effect.target)}`);
    const seconds = (times) => Math.max(...times.split(",").map(parseFloat));
    for (const e of all("*")) {
      const {transitionDuration, animationName, animationDuration, scrollBehavior} = style(e);
      const animated = animationName !== "none" && seconds(animationDuration) > 0.01;
      if (animated || seconds(transitionDuration) > 0.01 || scrollBehavior === "smooth")
        wrong.push(`would move: ${called(e)}`);
    }
    return wrong;
  };

  // On paper: dark on white, nothing that floats over the text, nothing to press.
  const paper = () => {
    const floats = all("body *").filter((e) => ["fixed", "sticky"].includes(style(e).position));
    const controls = all("button, nav, [type=submit], .button, .skip-link, progress, .footer a");
    const wrong = floats.map((e) => `floats on paper: ${called(e)}`);
    wrong.push(...controls.map((e) => `to press on paper: ${called(e)}`));
    if (light(ground(document.body)) < 0.95) wrong.push("paper is not white");
    if (light(style(document.querySelector("main")).color) > 0.1) wrong.push("ink is not dark");
    if (!document.querySelector("main").innerText.trim()) wrong.push("nothing on paper");
    return wrong;
  };

  // On a very wide screen: one column in the middle, and lines that an eye can follow.
  const wide = () => {
    const rem = parseFloat(style(document.documentElement).fontSize);
    const box = document.querySelector("main").getBoundingClientRect();
    const wrong = [];
    if (box.width > 90 * rem) wrong.push(`main is ${Math.round(box.width / rem)} rem wide`);
    if (Math.abs(box.left + box.right - document.documentElement.clientWidth) > 2)
      wrong.push("main is not in the middle");
    for (const e of all("p, li, dd, .hint, legend", document.querySelector("main"))) {
      const text = Array.from(e.childNodes).find((n) => n.nodeType === 3 && n.length > 60);
      if (!text || e.closest(".sheet-paper")) continue; // a sheet of paper has its own width
      const range = document.createRange();
      range.selectNodeContents(e);
      const {width} = range.getBoundingClientRect();
      const letters = width / (parseFloat(style(e).fontSize) * 0.47);
      if (letters > 105 && e.textContent.length > 105)
        wrong.push(`lines of ${Math.round(letters)} letters: ${called(e)}`);
    }
    return wrong;
  };

  const judge = (where, options) =>
    axe.run(where, {resultTypes: ["violations"], ...options}).then(({violations}) =>
      violations.map(({id, nodes}) => `axe ${id}: ${nodes[0].html.slice(0, 160)}`));
  const everything = () => judge(document, {});
  const form = () => judge(document, {rules: {"color-contrast": {enabled: false}}});

  // Contrast is by far the dearest of axe's rules: each pair of ink and ground is judged once.
  const colours = async (known) => {
    const pairs = new Map();
    for (const e of written()) {
      const {color, fontSize, fontWeight} = style(e);
      pairs.set([color, ground(e), fontSize, fontWeight].join(" "), e);
    }
    for (const pair of known) pairs.delete(pair);
    if (!pairs.size) return {wrong: [], pairs: []};
    const include = Array.from(pairs.values());
    return {
      wrong: await judge({include}, {runOnly: ["color-contrast"]}),
      pairs: Array.from(pairs.keys()),
    };
  };

  return {
    across, targets, ink, strokes, focus, motion, paper, wide, axe: everything, form, colours,
  };
})();
