// Starts the second Go program, with the views that few need before the first click:
// traffic, explorer and doctor.

import { describe } from "./serial.js";

/** @type {Promise<WebAssembly.Module> | null} */
let compiled = null;

/** Loads the program without starting it. Safe to call again, also after it failed. */
export function prepare() {
  compiled ??= compile().catch((e) => {
    compiled = null;
    throw e;
  });
  return compiled.then(
    () => {},
    () => {},
  );
}

async function compile() {
  const answer = await fetch(new URL("./tools.wasm", import.meta.url), { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return WebAssembly.compileStreaming(answer);
}

/** The style sheet of these views. @returns {Promise<void>} */
function dress() {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL("./tools.css", import.meta.url).href;
    link.onload = () => resolve();
    link.onerror = () => {
      link.remove();
      reject(new Error("the style sheet did not load"));
    };
    document.head.append(link);
  });
}

/** The parts of the page that belong to the program, as they were before it ran. @type {Element[] | null} */
let pristine = null;

/** Gives the program its parts of the page as if no other had run before. */
function clear() {
  const bodies = [...document.querySelectorAll("[data-tools-body]")];
  if (pristine) bodies.forEach((e, i) => e.replaceWith(/** @type {Element[]} */ (pristine)[i].cloneNode(true)));
  else pristine = bodies.map((e) => /** @type {Element} */ (e.cloneNode(true)));
}

/**
 * Starts the program. ended is called once: with what kept it from starting, or when it
 * stopped, which it never does by itself.
 * @param {() => void} running it runs now
 * @param {(started: boolean, message: string) => void} ended
 */
export async function start(running, ended) {
  const go = new Go();
  let instance;
  try {
    prepare();
    const [module] = await Promise.all([compiled, document.querySelector('link[href*="tools."]') ? null : dress()]);
    if (!module) throw new Error("the program is missing");
    instance = await WebAssembly.instantiate(module, go.importObject);
  } catch (e) {
    ended(false, describe(e).message);
    return;
  }
  clear();
  running();
  let why = "";
  try {
    await go.run(instance);
  } catch (e) {
    why = describe(e).message;
  }
  // Whatever still calls it gets no answer, rather than an exception each time. Its timers
  // must not fire any more: they wait for the program in a loop.
  const left = /** @type {{_scheduledTimeouts: Map<number, number>}} */ (/** @type {unknown} */ (go))._scheduledTimeouts;
  for (const timer of left.values()) clearTimeout(timer);
  left.clear();
  Object.assign(go, { _resume() {} });
  delete document.documentElement.dataset.tools;
  ended(true, why);
}
