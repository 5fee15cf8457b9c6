// Starts the Go program and tells how that goes. What the page does is in Go.

import "./wasm_exec.js";
import { Shim, describe } from "./serial.js";
import { language, t } from "./language.js";
import { page } from "./page.js";
import { Timers } from "./timers.js";

const root = document.documentElement;

/**
 * Tells how far the start is.
 * @param {string} phase for style sheets and tests: loading, starting, failed
 * @param {string} text
 */
function progress(phase, text) {
  root.dataset.core = phase;
  const status = document.getElementById("core-status");
  if (status) status.textContent = text;
  // How much is there is not known: what travels is packed.
  document.getElementById("core-progress")?.removeAttribute("value");
}

/**
 * Tells that the program does not run.
 * @param {string} text for people
 * @param {string} detail
 */
function fail(text, detail) {
  progress("failed", t("Not running"));
  const card = document.getElementById("core-error");
  if (!card) return;
  const put = (/** @type {string} */ id, /** @type {string} */ s) => {
    const element = document.getElementById(id);
    if (element) element.textContent = s;
  };
  put("core-error-text", text);
  put("core-error-detail", detail);
  document.getElementById("core-reload")?.addEventListener("click", () => location.reload());
  card.hidden = false;
}

/** Replaces the window's timers, which browsers slow down in hidden pages. */
function keepTime() {
  /** @type {Worker | null} */
  let worker = null;
  const own = { setTimeout: window.setTimeout.bind(window) };
  try {
    worker = new Worker(new URL("./clock.js", import.meta.url));
  } catch {
    // Timers in a hidden page are late then; all else works.
  }
  const timers = new Timers(worker, own);
  Object.assign(window, {
    setTimeout: timers.set.bind(timers),
    clearTimeout: timers.clear.bind(timers),
  });
}

/** Where ports come from. @returns {ConstructorParameters<typeof Shim>[0]} */
function providers() {
  /** @type {ConstructorParameters<typeof Shim>[0]} */
  const found = {};
  if (navigator.serial) found.serial = navigator.serial;
  found.sim = once(async () => (await import("./sim.js")).ports());
  found.broken = once(async () => (await import("./sim.js")).brokenPorts());
  found.boards = once(async () => (await import("./sim.js")).boardPorts());
  if (new URLSearchParams(location.search).has("lab")) {
    found.lab = once(async () => (await import("./lab.js")).ports());
  }
  return found;
}

/**
 * Calls f at the first call only, and again after it failed.
 * @template T
 * @param {() => Promise<T>} f
 * @returns {() => Promise<T>}
 */
function once(f) {
  /** @type {Promise<T> | null} */
  let result = null;
  return () => {
    result ??= f().catch((e) => {
      result = null;
      throw e;
    });
    return result;
  };
}

/** The last lines that the program wrote; after a crash they say why. */
function listen() {
  let tail = "";
  const fs = globalThis.fs;
  const write = fs.writeSync.bind(fs);
  const decoder = new TextDecoder();
  fs.writeSync = (/** @type {number} */ fd, /** @type {Uint8Array} */ bytes) => {
    tail = (tail + decoder.decode(bytes, { stream: true })).slice(-4000);
    return write(fd, bytes);
  };
  return () => tail;
}

/**
 * Fetches the program. The browser gets its own answer back untouched, so that it may
 * keep the compiled program for the next visit.
 * @returns {Promise<Response>}
 */
async function load() {
  const response = await fetch(new URL("./ncpweb.wasm", import.meta.url), { credentials: "same-origin" });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response;
}

async function main() {
  const translated = language.start().then(() => {
    // The element is for names of devices; this is the page's.
    const chip = document.getElementById("chip-main");
    if (chip && root.dataset.core === "loading") chip.textContent = t("Loading the core");
  });
  progress("loading", t("Loading"));
  keepTime();
  const output = listen();
  const go = new Go();
  let instance;
  try {
    ({ instance } = await WebAssembly.instantiateStreaming(await load(), go.importObject));
  } catch (e) {
    fail(t("The console could not be loaded. Check the connection and load the page again."), describe(e).message);
    return;
  }
  await translated;
  progress("starting", t("Starting"));
  globalThis.ncpweb = new Shim(providers(), page, language);
  let why = "";
  try {
    await go.run(instance);
  } catch (e) {
    why = describe(e).message;
  }
  fail(t("The console stopped because of a fault of its own. Load the page again to go on."), `${why}\n${output()}`.trim());
}

main();
