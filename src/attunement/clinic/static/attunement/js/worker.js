// SPDX-License-Identifier: Apache-2.0
// The worker of the client's pages, or of a shared screen: it keeps one page that stands in for any
// other without a network, and sends what waits when the network is back. It keeps no form and no
// answer. The clinic puts STORE, VERSION, SHELL_PAGE, SHELL and the queue before this text.
/* global STORE, VERSION, SHELL_PAGE, SHELL, attunementQueue */
(() => {
  "use strict";
  const CACHE = `${STORE}${VERSION}`;

  self.addEventListener("install", (event) => {
    event.waitUntil(
      (async () => {
        const cache = await caches.open(CACHE);
        await cache.addAll([SHELL_PAGE, ...SHELL].map((path) => new Request(path, { cache: "no-cache" })));
        await self.skipWaiting();
      })(),
    );
  });

  self.addEventListener("activate", (event) => {
    event.waitUntil(
      (async () => {
        for (const name of await caches.keys())
          if (name.startsWith(STORE) && name !== CACHE) await caches.delete(name);
        await self.clients.claim();
      })(),
    );
  });

  const kept = async (path) => (await (await caches.open(CACHE)).match(path)) || Response.error();

  // A form that was sent into nothing: its page is asked for again, with the kept page in its place
  // until it comes. Asking for the form's address again would send it twice.
  const formsPage = ({ referrer, url }) =>
    Response.redirect(referrer.startsWith(`${self.location.origin}/`) ? referrer : url, 303);

  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const { origin, pathname } = new URL(request.url);
    if (origin !== self.location.origin) return;
    if (request.method === "POST" && request.mode === "navigate")
      event.respondWith(fetch(request).catch(() => formsPage(request)));
    if (request.method !== "GET") return;
    if (request.mode === "navigate") {
      event.respondWith(fetch(request).catch(() => kept(SHELL_PAGE)));
    } else if (SHELL.includes(pathname)) {
      event.respondWith(fetch(request).catch(() => kept(pathname)));
    }
  });

  // A sync that fails is tried again by the browser, later and without a page.
  const sendAll = async () => {
    const outcomes = await attunementQueue.flush({ hurry: true });
    if (Array.from(outcomes.values()).includes("waiting")) throw new Error("still waiting");
  };
  self.addEventListener("sync", (event) => {
    if (event.tag === "attunement-send") event.waitUntil(sendAll());
  });
})();
