// SPDX-License-Identifier: Apache-2.0
// Forms that wait on this device. What is kept is an envelope that only the clinic can open: it
// was sealed to the clinic's key before it touched the browser's storage. Used by pages and by
// the worker. The other end: services/sealed_queue/.
(() => {
  "use strict";
  if (self.attunementQueue) return;
  const NAME = "attunement";
  const STORE = "waiting";
  const SENT_TO = "/c/sealed";
  const INFO = "attunement sealed 1";
  const PAD = 2048; // so that its length says little about what was written
  const PATIENCE = 20_000;
  const DAY = 24 * 60 * 60 * 1000;
  const LONGEST_WAIT = 15 * 60 * 1000;
  const utf8 = new TextEncoder();

  const base64url = (bytes) => {
    let text = "";
    for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };
  const fromBase64url = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const joined = (...parts) => {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  };
  const sha256 = async (text) =>
    Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8.encode(text))), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");

  // ECDH P-256 with a key of its own for each envelope, HKDF-SHA-256, AES-256-GCM.
  const seal = async (offer, letter) => {
    const curve = { name: "ECDH", namedCurve: "P-256" };
    const theirs = fromBase64url(offer.public);
    const to = await crypto.subtle.importKey("raw", theirs, curve, false, []);
    const own = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
    const epk = new Uint8Array(await crypto.subtle.exportKey("raw", own.publicKey));
    const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: to }, own.privateKey, 256);
    const material = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
    const key = await crypto.subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt: joined(epk, theirs), info: utf8.encode(INFO) },
      material,
      { name: "AES-GCM", length: 256 },
      false,
      ["encrypt"],
    );
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = utf8.encode(JSON.stringify(letter));
    const padding = (PAD - (plain.length % PAD)) % PAD;
    const ct = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv, additionalData: utf8.encode(`${offer.key}|${offer.id}`) },
      key,
      joined(plain, new Uint8Array(padding).fill(32)),
    );
    const parts = { v: 1, key: offer.key, id: offer.id, epk: base64url(epk) };
    return JSON.stringify({ ...parts, iv: base64url(iv), ct: base64url(ct) });
  };

  // An answer counts only when the clinic signed it, for this envelope.
  const signedAnswer = async (entry, body) => {
    if (!body || typeof body.said !== "string" || typeof body.signature !== "string") return null;
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const key = await crypto.subtle.importKey(
      "raw", fromBase64url(entry.receiptKey), algorithm, false, ["verify"],
    );
    const genuine = await crypto.subtle.verify(
      { name: "ECDSA", hash: "SHA-256" },
      key,
      fromBase64url(body.signature),
      utf8.encode(body.said),
    );
    const said = genuine ? JSON.parse(body.said) : null;
    return said && said.id === entry.id && said.sha256 === entry.sha256 ? said : null;
  };

  const opened = () =>
    new Promise((resolve, reject) => {
      const asking = indexedDB.open(NAME, 1);
      asking.onupgradeneeded = () => asking.result.createObjectStore(STORE, { keyPath: "id" });
      asking.onsuccess = () => resolve(asking.result);
      asking.onerror = () => reject(asking.error);
      asking.onblocked = () => reject(new Error("blocked"));
    });
  const inStore = async (mode, act) => {
    const database = await opened();
    try {
      return await new Promise((resolve, reject) => {
        const change = database.transaction(STORE, mode, { durability: "strict" });
        const asked = act(change.objectStore(STORE));
        change.oncomplete = () => resolve(asked.result);
        change.onerror = change.onabort = () => reject(change.error);
      });
    } finally {
      database.close();
    }
  };
  const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel(NAME) : null;
  const heard = new Set();
  const tell = () => {
    if (channel) channel.postMessage("changed");
    for (const each of heard) each();
  };
  if (channel) channel.onmessage = () => { for (const each of heard) each(); };
  const put = async (entry) => {
    await inStore("readwrite", (store) => store.put(entry));
    tell();
  };
  const remove = async (id) => {
    await inStore("readwrite", (store) => store.delete(id));
    tell();
  };
  const entries = () => inStore("readonly", (store) => store.getAll());

  const keep = async (offer, letter, { kiosk = false, place = "" } = {}) => {
    const envelope = await seal(offer, letter);
    const entry = {
      id: offer.id,
      envelope,
      sha256: await sha256(envelope),
      receiptKey: offer.receiptKey,
      state: "waiting",
      savedAt: Date.now(),
      tries: 0,
      notBefore: 0,
      kiosk,
      place, // which opened link of this browser it was; opens nothing
    };
    await put(entry);
    return entry;
  };

  // The envelope goes only here, after a signed answer; what stays says when, and nothing else.
  const settle = async (entry, said) => {
    if (entry.kiosk) return remove(entry.id);
    const { id, place } = entry;
    const settled = Date.now();
    return put({ id, place, state: said.outcome, at: Date.parse(said.at), settled, kiosk: false });
  };
  const later = (entry, seconds) => {
    const tries = entry.tries + 1;
    const step = Math.min(LONGEST_WAIT, 5000 * 2 ** Math.min(tries - 1, 12));
    const wait = Math.max(step * (0.75 + Math.random() / 2), (seconds || 0) * 1000);
    return put({ ...entry, tries, notBefore: Date.now() + wait });
  };

  // Returns "received", "other_content", "closed", "held", "fields" (the form that is still open
  // can be mended there), "waiting", or "no network".
  const send = async (entry, formOpen) => {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE);
    let answer = null;
    let body = null;
    try {
      answer = await fetch(SENT_TO, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          "Idempotency-Key": `"${entry.id}"`,
          ...(formOpen ? { "Attunement-Form": "open" } : {}),
        },
        body: entry.envelope,
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        signal: patience.signal,
      });
      body = await answer.json();
    } catch {
      body = null;
    } finally {
      clearTimeout(timer);
    }
    const said = await signedAnswer(entry, body).catch(() => null);
    if (said) {
      await settle(entry, said);
      return said.outcome;
    }
    if (formOpen && answer && answer.status === 422 && body && body.outcome === "fields") {
      await remove(entry.id);
      return "fields";
    }
    const refused = answer && body && body.outcome === "held"; // kept there; no key to sign with
    await later(entry, refused ? DAY / 1000 : Number(answer && answer.headers.get("Retry-After")));
    return answer ? "waiting" : "no network";
  };

  const sendAll = async ({ hurry = false, formOpen = "" } = {}) => {
    const outcomes = new Map();
    const own = (entry) => Number(entry.id === formOpen); // who waits in front of it goes first
    for (const entry of (await entries()).sort((a, b) => own(b) - own(a))) {
      if (entry.state !== "waiting") {
        if (Date.now() - entry.at > DAY) await remove(entry.id);
      } else if (hurry || entry.notBefore <= Date.now()) {
        const outcome = await send(entry, formOpen === entry.id);
        outcomes.set(entry.id, outcome === "no network" ? "waiting" : outcome);
        if (outcome === "no network") break;
      }
    }
    return outcomes;
  };
  // One at a time over all tabs and the worker. Twice would do no harm, the clinic takes it once.
  const flush = (options) =>
    navigator.locks
      ? navigator.locks.request("attunement-send", () => sendAll(options))
      : sendAll(options);

  self.attunementQueue = {
    supported: () => Boolean(self.crypto && crypto.subtle && self.indexedDB && self.fetch),
    onChange: (act) => heard.add(act),
    seal, signedAnswer, sha256, keep, entries, remove, flush,
  };
})();
