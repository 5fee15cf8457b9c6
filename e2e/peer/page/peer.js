// Drives npm esptool-js on a port of the lab, as its documentation shows it.

import { ESPLoader, Transport } from "./esptool.js";
import { ports } from "./lab.js";

/** The tasks of the main thread over 50 ms, in ms. */
const tasks = [];
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) tasks.push(e.duration);
}).observe({ type: "longtask" });

/**
 * Writes the image at address 0 of the chip on the port with a name, and compares digests.
 * The MD5 of the image is handed in: its time is not counted.
 * @param {{port: string, baud: number, md5: string}} o
 */
async function flash({ port: name, baud, md5 }) {
  const image = new Uint8Array(await (await fetch("./image")).arrayBuffer());
  const port = (await (await ports()).getPorts()).find((p) => p.name === name);
  const log = [];
  const terminal = { clean() {}, write: (s) => log.push(s), writeLine: (s) => log.push(s) };
  const told = console.log;
  console.log = (...words) => log.push(words.join(" ")); // it writes there without being asked
  tasks.length = 0;
  const began = performance.now();
  const at = {};
  const mark = (what) => (at[what] = performance.now() - began);
  try {
    const transport = new Transport(port, false);
    const loader = new ESPLoader({
      transport,
      baudrate: baud,
      serialOptions: { bufferSize: 1 << 16 },
      terminal,
    });
    at.chip = await loader.main();
    mark("connected");
    await loader.writeFlash({
      fileArray: [{ data: image, address: 0 }],
      flashSize: "keep",
      flashMode: "keep",
      flashFreq: "keep",
      eraseAll: false,
      compress: true,
      calculateMD5Hash: () => md5,
      reportProgress(_, written, total) {
        if (!at.first) mark("first");
        if (written === total) mark("sent");
      },
    });
    mark("verified");
    // Its own "hard_reset" only releases RTS: this is the reset of usual boards.
    await port.setSignals({ dataTerminalReady: false, requestToSend: true });
    await new Promise((done) => setTimeout(done, 100));
    await port.setSignals({ requestToSend: false });
    await transport.disconnect();
  } catch (e) {
    at.failed = String(e);
  } finally {
    console.log = told;
  }
  await new Promise((done) => setTimeout(done, 100)); // the observer is told late
  return { ...at, task: Math.max(0, ...tasks), log: log.slice(-200) };
}

globalThis.flash = flash;
