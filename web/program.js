// Starts the further Go programs of the page, with the views that few need before the
// first click: the tools (Traffic, Explorer, Doctor) and the workshop (Flash).

import { describe } from "./serial.js";

/**
 * @typedef {object} Program
 * @property {URL} wasm
 * @property {URL} css the style sheet of its views
 * @property {Promise<WebAssembly.Module>} [compiled]
 * @property {Promise<void>} [dressed]
 * @property {Element[]} [pristine] its parts of the page as they were before it ran
 */

/** @type {Record<string, Program>} */
const programs = {
  tools: { wasm: new URL("./tools.wasm", import.meta.url), css: new URL("./tools.css", import.meta.url) },
  workshop: { wasm: new URL("./workshop.wasm", import.meta.url), css: new URL("./workshop.css", import.meta.url) },
};

/**
 * Loads a program without starting it. Safe to call again, also after it failed.
 * @param {string} name
 */
export function prepare(name) {
  const program = programs[name];
  program.compiled ??= compile(program.wasm).catch((e) => {
    delete program.compiled;
    throw e;
  });
  return program.compiled.then(
    () => {},
    () => {},
  );
}

/** @param {URL} url */
async function compile(url) {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return WebAssembly.compileStreaming(answer);
}

/** @param {URL} url @returns {Promise<void>} */
function dress(url) {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = url.href;
    link.onload = () => resolve();
    link.onerror = () => {
      link.remove();
      reject(new Error("the style sheet did not load"));
    };
    document.head.append(link);
  });
}

/**
 * Gives a program its parts of the page as if no other had run before.
 * @param {string} name
 */
function clear(name) {
  const program = programs[name];
  const bodies = [...document.querySelectorAll(`[data-body="${name}"]`)];
  const old = program.pristine;
  if (old) bodies.forEach((e, i) => e.replaceWith(old[i].cloneNode(true)));
  else program.pristine = bodies.map((e) => /** @type {Element} */ (e.cloneNode(true)));
}

/**
 * Starts a program. ended is called once: with what kept it from starting, or when it
 * stopped, which it never does by itself.
 * @param {string} name
 * @param {() => void} running it runs now
 * @param {(started: boolean, message: string) => void} ended
 */
export async function start(name, running, ended) {
  const program = programs[name];
  const go = new Go();
  go.argv = [name]; // by which the bridge and the ports know it
  let instance;
  try {
    prepare(name);
    program.dressed ??= dress(program.css).catch((e) => {
      delete program.dressed;
      throw e;
    });
    const [module] = await Promise.all([program.compiled, program.dressed]);
    if (!module) throw new Error("the program is missing");
    instance = await WebAssembly.instantiate(module, go.importObject);
  } catch (e) {
    ended(false, describe(e).message);
    return;
  }
  clear(name);
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
  delete document.documentElement.dataset[name];
  globalThis.ncpweb.end(name);
  dispatchEvent(new CustomEvent("programend", { detail: name }));
  ended(true, why);
}
