// What the workshop program needs of the browser: compressing in Workers, the stubs of
// the flasher, and a page that stays awake and asks before it is closed.

import { describe } from "./serial.js";

export { load } from "./firmware.js";

// How much memory zlib takes for its tables decides where blocks end. 8 is what everybody
// uses; 7 is often a little tighter, sometimes not. Each is tried, at the same time.
const LEVELS = [8, 7];

/** @type {Worker[]} */
let workers = [];

function dismiss() {
  for (const w of workers) w.terminate();
  workers = [];
}

/** Starts the Workers, so that they are there when they are needed. */
export function prepare() {
  if (!workers.length) workers = LEVELS.map(() => new Worker(new URL("./pack.js", import.meta.url)));
}

/**
 * Compresses bytes as a zlib stream. One at a time. done gets the shortest one, or why
 * there is none. The returned function gives it up: done is not called then.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {(packed: Uint8Array | null, message: string) => void} done
 * @returns {() => void}
 */
export function pack(bytes, done) {
  /** @type {Uint8Array | null} */
  let best = null;
  let left = LEVELS.length;
  const give = (/** @type {Uint8Array | null} */ packed, /** @type {string} */ message) => {
    if (left < 0) return;
    left = -1;
    if (message) dismiss();
    done(packed, message);
  };
  try {
    prepare();
    workers.forEach((w, i) => {
      w.onmessage = ({ data }) => {
        if (!best || data.length < best.length) best = data;
        if (--left === 0) give(best, "");
      };
      w.onerror = (e) => give(null, e.message || "the Worker did not start");
      const own = i < workers.length - 1 ? bytes.slice() : bytes; // the last one gets the bytes themselves
      w.postMessage([own, LEVELS[i]], [own.buffer]);
    });
  } catch (e) {
    give(null, describe(e).message);
  }
  return () => {
    if (left < 0) return;
    left = -1;
    dismiss();
    prepare(); // for the next time
  };
}

/** The flasher stubs by chip. @type {Record<string, URL>} */
const stubs = {
  esp8266: new URL("./stub-esp8266.json", import.meta.url),
  esp32: new URL("./stub-esp32.json", import.meta.url),
  esp32s2: new URL("./stub-esp32s2.json", import.meta.url),
  esp32s3: new URL("./stub-esp32s3.json", import.meta.url),
  esp32c2: new URL("./stub-esp32c2.json", import.meta.url),
  esp32c3: new URL("./stub-esp32c3.json", import.meta.url),
  esp32c6: new URL("./stub-esp32c6.json", import.meta.url),
  esp32h2: new URL("./stub-esp32h2.json", import.meta.url),
};

/**
 * Fetches the stub of a chip.
 * @param {string} chip
 * @param {(bytes: Uint8Array | null, message: string) => void} done
 */
export function stub(chip, done) {
  const url = Object.hasOwn(stubs, chip) ? stubs[chip] : null;
  if (!url) {
    done(null, "there is none for this chip");
    return;
  }
  const load = async () => {
    const answer = await fetch(url, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  };
  load().then(
    (bytes) => done(bytes, ""),
    (e) => done(null, describe(e).message),
  );
}

/** Ends what keeps the page awake; null: nothing does. @type {(() => void) | null} */
let rest = null;

/**
 * Keeps the page awake and asks before it is closed, until it is called with false.
 * @param {boolean} on
 */
export function busy(on) {
  if (!on) rest?.();
  if (!on || rest) return;
  const ended = new AbortController();
  const { signal } = ended;
  addEventListener("beforeunload", (e) => e.preventDefault(), { signal });
  // Browsers do not freeze a hidden page that holds a lock.
  const held = new Promise((free) => signal.addEventListener("abort", free));
  navigator.locks?.request("ncp-web-console-task", { mode: "shared" }, () => held).catch(() => {});
  /** @type {WakeLockSentinel | undefined} */
  let screen;
  const light = async () => {
    if (document.hidden) return; // the browser takes it back from hidden pages
    try {
      screen = await navigator.wakeLock?.request("screen");
      if (signal.aborted) screen?.release();
    } catch {
      // The screen may go dark then; the work goes on.
    }
  };
  document.addEventListener("visibilitychange", light, { signal });
  light();
  rest = () => {
    rest = null;
    ended.abort();
    screen?.release();
  };
}

// A program that ended by a fault of its own leaves nothing behind.
addEventListener("programend", (e) => {
  if (/** @type {CustomEvent} */ (e).detail !== "workshop") return;
  busy(false);
  dismiss();
});
