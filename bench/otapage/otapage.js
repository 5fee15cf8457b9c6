// A page that is only the NCP of a lab's MCU: it measures updates without any view.

import "./wasm_exec.js";
import { Shim } from "./serial.js";
import { ports } from "./lab.js";
import { Timers } from "./timers.js";

const timers = new Timers(new Worker("./clock.js"), { setTimeout: window.setTimeout.bind(window) });
Object.assign(window, { setTimeout: timers.set.bind(timers), clearTimeout: timers.clear.bind(timers) });
globalThis.ncpweb = new Shim({ lab: ports }, {});
globalThis.image = new Uint8Array(await (await fetch("./image")).arrayBuffer());
const go = new Go();
const { instance } = await WebAssembly.instantiateStreaming(fetch("./otapage.wasm"), go.importObject);
go.run(instance);
