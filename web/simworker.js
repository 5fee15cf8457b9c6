// The Worker that runs the simulators. The Go program takes over the messages when
// it runs; until it has listed its devices nobody sends any.

import "./wasm_exec.js";

const go = new Go();
try {
  const { instance } = await WebAssembly.instantiateStreaming(
    fetch(new URL("./sim.wasm", import.meta.url)),
    go.importObject,
  );
  await go.run(instance);
  tell("it ended");
} catch (e) {
  tell(e instanceof Error ? e.message : String(e));
}

/** @param {string} failed */
function tell(failed) {
  /** @type {Worker} */ (/** @type {unknown} */ (self)).postMessage(JSON.stringify({ failed }));
}
