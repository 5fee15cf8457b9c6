// Drives npm esptool-js against a simulated board. The serial port is a TCP connection to
// the test: one byte what, four bytes length (little-endian), then the bytes.
//
//   node peer.mjs PORT PATH-OF-ESPTOOL-JS IMAGE BAUD
import net from "node:net";
import fs from "node:fs";
import { pathToFileURL } from "node:url";

const [port, path, file, baud] = process.argv.slice(2);
const socket = net.connect(Number(port), "127.0.0.1");
socket.setNoDelay(true);
const acks = [];
let controller = null;
let inbox = Buffer.alloc(0);

socket.on("data", (b) => {
  inbox = Buffer.concat([inbox, b]);
  while (inbox.length >= 5 && inbox.length >= 5 + inbox.readUInt32LE(1)) {
    const n = inbox.readUInt32LE(1);
    const what = String.fromCharCode(inbox[0]);
    const body = new Uint8Array(inbox.subarray(5, 5 + n));
    inbox = inbox.subarray(5 + n);
    if (what === "A") acks.shift()();
    else if (controller) controller.enqueue(body);
  }
});

function tell(what, body = new Uint8Array()) {
  const head = Buffer.alloc(5);
  head.write(what, 0);
  head.writeUInt32LE(body.length, 1);
  socket.write(Buffer.concat([head, body]));
  return new Promise((done) => acks.push(done));
}

function u32(n) {
  const b = Buffer.alloc(4);
  b.writeUInt32LE(n);
  return b;
}

const serial = {
  readable: null,
  writable: null,
  dtr: false,
  rts: false,
  getInfo: () => ({}),
  async open({ baudRate }) {
    this.readable = new ReadableStream({
      start(c) { controller = c; },
      cancel() { controller = null; },
    });
    this.writable = new WritableStream({ write: (b) => tell("W", b) });
    await tell("O", u32(baudRate));
  },
  async close() {
    controller = null;
    this.readable = this.writable = null;
    await tell("C");
  },
  async setSignals(s) {
    const word = (on) => (on === undefined ? 2 : on ? 1 : 0);
    await tell("S", new Uint8Array([word(s.dataTerminalReady), word(s.requestToSend)]));
  },
  addEventListener() {},
  removeEventListener() {},
};

const log = [];
const terminal = {
  clean() {},
  writeLine: (s) => log.push(s),
  write: (s) => log.push(s),
};

try {
  const { ESPLoader, Transport } = await import(pathToFileURL(path).href);
  const image = new Uint8Array(fs.readFileSync(file));
  const loader = new ESPLoader({
    transport: new Transport(serial, false),
    baudrate: Number(baud),
    terminal,
    debugLogging: true,
  });
  const chip = await loader.main();
  const id = await loader.readFlashId();
  await loader.writeFlash({
    fileArray: [{ data: image, address: 0 }],
    flashSize: "keep",
    flashMode: "keep",
    flashFreq: "keep",
    eraseAll: false,
    compress: true,
  });
  const sum = await loader.flashMd5sum(0, image.length);
  const part = await loader.readFlash(0x100, 0x2800);
  const same = part.every((c, i) => c === image[0x100 + i]);
  console.log(JSON.stringify({ chip, id: id.toString(16), sum, same }));
  process.exit(0);
} catch (e) {
  console.error(log.slice(-40).join("\n"));
  console.error(String(e && e.stack));
  process.exit(1);
}
