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
  running();
  let why = "";
  try {
    await go.run(instance);
  } catch (e) {
    why = describe(e).message;
  }
  delete document.documentElement.dataset.tools;
  ended(true, why);
}
