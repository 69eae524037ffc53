// SPDX-License-Identifier: Apache-2.0
// The look page: sort and search the list; in a large file, inflate the part that is shown.
"use strict";
(() => {
  const table = document.querySelector("table.list");
  if (!table) return;
  const body = table.tBodies[0];
  const find = document.getElementById("find");
  const status = document.getElementById("status");
  const large = document.getElementById("packed-list");
  const size = 50;
  let entries = [];
  let shown = [];
  let key = 0;
  let down = false;
  let page = 0;

  const inflate = async (id) => {
    const text = document.getElementById(id).textContent.trim();
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };

  const element = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content.firstElementChild;
  };

  const pager = document.getElementById("pager");
  const draw = () => {
    if (!large) {
      const chosen = new Set(shown);
      for (const entry of entries) {
        entry.row.hidden = !chosen.has(entry);
        if (entry.article) entry.article.hidden = !chosen.has(entry);
      }
      body.append(...shown.map((entry) => entry.row));
    } else {
      const last = Math.max(0, Math.ceil(shown.length / size) - 1);
      page = Math.min(Math.max(page, 0), last);
      const part = shown.slice(page * size, (page + 1) * size);
      body.replaceChildren(...part.map((entry) => (entry.row ||= element(entry.html))));
      document.getElementById("back").disabled = page === 0;
      document.getElementById("on").disabled = page === last;
      document.getElementById("where").textContent = `Page ${page + 1} of ${last + 1}`;
    }
    const all = entries.length.toLocaleString("en");
    const some = shown.length.toLocaleString("en");
    const dyads = (number) => `${number} ${number === "1" ? "dyad" : "dyads"}`;
    status.textContent = some === all ? dyads(all) : `${some} of ${dyads(all)}`;
  };

  const arrange = () => {
    const wanted = find.value.trim().toLocaleLowerCase();
    shown = entries.filter((entry) => entry.name.includes(wanted));
    shown.sort((a, b) => (down ? b.keys[key] - a.keys[key] : a.keys[key] - b.keys[key]) || a.keys[0] - b.keys[0]);
    page = 0;
    draw();
  };

  for (const head of table.tHead.querySelectorAll("[data-key]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const chosen = Number(head.dataset.key);
      down = key === chosen ? !down : chosen !== 0;
      key = chosen;
      for (const other of table.tHead.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      arrange();
    });
  }
  table.tHead.querySelector('[data-key="0"]').setAttribute("aria-sort", "ascending");

  const keysOf = (row) => row.dataset.keys.split(",").map(Number);
  const start = async () => {
    if (large) {
      entries = (await inflate("packed-list")).map(([name, keys, html]) => ({ name: name.toLocaleLowerCase(), keys, html }));
      pager.hidden = false;
      document.getElementById("back").addEventListener("click", () => { page -= 1; draw(); });
      document.getElementById("on").addEventListener("click", () => { page += 1; draw(); });
      window.addEventListener("hashchange", open);
      document.getElementById("before").addEventListener("click", () => step(-1));
      document.getElementById("after").addEventListener("click", () => step(1));
    } else {
      entries = [...body.rows].map((row) => ({
        row,
        keys: keysOf(row),
        name: row.cells[0].textContent.toLocaleLowerCase(),
        article: document.getElementById(row.querySelector("a").hash.slice(1)),
      }));
    }
    document.getElementById("tools").hidden = false;
    find.addEventListener("input", arrange);
    arrange();
    if (large) await open();
  };

  const perPart = large ? Number(large.dataset.per) : 0;
  const parts = new Map();
  const one = document.getElementById("one");
  let current = 0;
  const open = async () => {
    const match = /^#d-([0-9]+)$/.exec(location.hash);
    if (!match) return;
    const place = Number(match[1]);
    if (place < 1 || place > entries.length) return;
    const part = Math.floor((place - 1) / perPart);
    if (!parts.has(part)) {
      if (parts.size > 4) parts.delete(parts.keys().next().value);
      parts.set(part, await inflate(`packed-${part}`));
    }
    current = place;
    const article = element(parts.get(part)[(place - 1) % perPart]);
    document.getElementById("holder").replaceChildren(article);
    one.hidden = false;
    document.getElementById("before").disabled = neighbour(-1) === 0;
    document.getElementById("after").disabled = neighbour(1) === 0;
    article.focus({ preventScroll: true });
    one.scrollIntoView();
  };
  const neighbour = (way) => {
    const at = shown.findIndex((entry) => entry.keys[0] === current);
    const next = shown[at + way];
    return at >= 0 && next ? next.keys[0] : 0;
  };
  const step = (way) => {
    const place = neighbour(way);
    if (place) location.hash = `d-${place}`;
  };

  start().catch(() => {
    status.textContent = "This browser cannot unfold the list. A newer one can.";
    document.getElementById("tools").hidden = false;
  });
})();
