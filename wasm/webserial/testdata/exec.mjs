// Runs a Go test binary on node as Go's own wrapper does, with the page's scripts and
// the fakes of the tests in place: go test -exec="node …/exec.mjs".

import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

import { RemotePorts } from "../../../web/remote.js";
import { connect } from "../../../web/sim.js";
import { Shim } from "../../../web/serial.js";
import { FakeSerial } from "./fake.mjs";

const goroot = process.env.GOROOT || execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();

// What the tests find on the global object.
Object.assign(globalThis, {
  testing: {
    /** A new shim with the given provider as its browser's ports. */
    shim: (/** @type {any} */ serial) => new Shim({ serial }, {}),
    fakeSerial: () => new FakeSerial(),
    /** The simulator's ports; take gets the id and the far MessagePort of each channel. */
    simPorts: (/** @type {any} */ take) => {
      const worker = { postMessage: (/** @type {string} */ id, /** @type {any} */ [far]) => take(id, far) };
      return new RemotePorts(async (id) => connect(/** @type {any} */ (worker), id));
    },
    errors: 0, // what was written with console.error: calls of released functions, for one
  },
});
const report = console.error;
console.error = (...args) => {
  globalThis.testing.errors++;
  report(...args);
};

// Go's start-up has a small fixed space for arguments and environment.
const keep = ["PATH", "HOME", "PWD", "TMPDIR", "NCP_VECTORS"];
for (const name of Object.keys(process.env)) {
  if (!keep.includes(name)) delete process.env[name];
}

process.argv.splice(1, 1); // Go's wrapper expects the binary behind its own name
process.argv.splice(1, 0, "exec");
createRequire(import.meta.url)(join(goroot, "lib/wasm/wasm_exec_node.js"));
