// Ports that are not the browser's: objects of the shape of navigator.serial and
// SerialPort, over a channel of messages. The simulator's channels are MessagePorts
// to its Worker, the lab's are WebSockets.
//
// On a channel, bytes are the line's bytes. Text is a JSON object:
//   to the device    {"op":"open","id":1,"baud":115200,"bits":8,"parity":"none","stop":1}
//                    {"op":"signals","id":2,"dtr":true,"rts":false,"brk":false}
//                    {"op":"close","id":3}
//   from the device  {"op":"done","id":1,"error":"NetworkError","message":"…"}  (no error: done)
//                    {"op":"wrote"}  one message of bytes was taken by the adapter
//                    {"op":"lost"}   the device was unplugged

import { choose } from "./chooser.js";

/**
 * A two-way stream of messages. The handlers are set before anything can arrive.
 * @typedef {object} Channel
 * @property {(message: string | Uint8Array<ArrayBuffer>) => void} send
 * @property {() => void} close
 * @property {((message: string | Uint8Array<ArrayBuffer>) => void)} onmessage
 * @property {() => void} onclose
 */

/**
 * One plugged-in device. A device that was unplugged and plugged again has a new id.
 * @typedef {{id: string, name: string, detail?: string, vid?: number, pid?: number}} Entry
 */

const lost = () => new DOMException("The device has been lost.", "NetworkError");
const notOpen = () => new DOMException("The port is closed.", "InvalidStateError");

/** A port of the shape of SerialPort. */
class RemotePort extends EventTarget {
  connected = true;
  /** @type {Channel | null} */
  #channel = null;
  #isOpen = false;
  /** @type {ReadableStream<Uint8Array> | null} */
  #readable = null;
  /** @type {ReadableStreamDefaultController<Uint8Array> | null} */
  #controller = null;
  /** @type {WritableStream<Uint8Array> | null} */
  #writable = null;
  #bufferSize = 255;
  /** @type {Map<number, {resolve: () => void, reject: (e: unknown) => void}>} calls without an answer */
  #calls = new Map();
  #lastCall = 0;
  /** @type {{resolve: () => void, reject: (e: unknown) => void}[]} writes without an answer, in order */
  #writes = [];
  #entry;
  #connect;

  /**
   * @param {Entry} entry
   * @param {(id: string) => Promise<Channel>} connect
   */
  constructor(entry, connect) {
    super();
    this.#entry = entry;
    this.#connect = connect;
  }

  get id() {
    return this.#entry.id;
  }

  get name() {
    return this.#entry.name;
  }

  get detail() {
    return this.#entry.detail ?? "";
  }

  /** @returns {SerialPortInfo} */
  getInfo() {
    const { vid, pid } = this.#entry;
    return vid ? { usbVendorId: vid, usbProductId: pid } : {};
  }

  /** @param {SerialOptions} options */
  async open(options) {
    if (this.#channel) throw new DOMException("The port is already open.", "InvalidStateError");
    if (!this.connected) throw lost();
    const { baudRate, dataBits = 8, parity = "none", stopBits = 1, bufferSize = 255 } = options;
    this.#bufferSize = bufferSize;
    const channel = await this.#connect(this.id);
    if (this.#channel || !this.connected) {
      channel.close();
      throw this.connected ? new DOMException("The port is already open.", "InvalidStateError") : lost();
    }
    this.#channel = channel;
    channel.onmessage = (message) => this.#receive(message);
    channel.onclose = () => this.#fail();
    try {
      await this.#call({ op: "open", baud: baudRate, bits: dataBits, parity, stop: stopBits });
    } catch (e) {
      this.#end();
      throw e;
    }
    this.#isOpen = true;
  }

  get readable() {
    if (!this.#isOpen) return null;
    this.#readable ??= new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => {
          this.#readable = null;
          this.#controller = null;
        },
      },
      { highWaterMark: this.#bufferSize, size: (chunk) => chunk?.length ?? 0 },
    );
    return this.#readable;
  }

  get writable() {
    if (!this.#isOpen) return null;
    const forget = () => {
      this.#writable = null;
    };
    this.#writable ??= new WritableStream(
      { write: (bytes) => this.#write(bytes), close: forget, abort: forget },
      { highWaterMark: this.#bufferSize, size: (chunk) => chunk?.length ?? 0 },
    );
    return this.#writable;
  }

  /** @param {SerialOutputSignals} signals */
  async setSignals(signals) {
    if (!this.#isOpen) throw notOpen();
    const { dataTerminalReady: dtr, requestToSend: rts, break: brk } = signals;
    await this.#call({ op: "signals", dtr, rts, brk });
  }

  /** @returns {Promise<SerialInputSignals>} */
  async getSignals() {
    if (!this.#isOpen) throw notOpen();
    return { dataCarrierDetect: false, clearToSend: false, ringIndicator: false, dataSetReady: false };
  }

  async close() {
    if (!this.connected) return; // as Chromium's does after an unplug
    if (!this.#isOpen) throw notOpen();
    if (this.#readable?.locked || this.#writable?.locked) throw new TypeError("A stream of the port is locked.");
    this.#isOpen = false;
    try {
      await this.#call({ op: "close" });
    } finally {
      this.#end();
    }
  }

  async forget() {
    if (this.#isOpen) await this.close();
  }

  /** The device is gone: everything under way fails, and nothing works any more. */
  lose() {
    this.connected = false;
    this.#fail();
  }

  /**
   * The channel ended: everything under way fails. A device that is still there can be
   * opened again; where it is not, the list of ports tells so.
   */
  #fail() {
    if (this.#isOpen) this.#controller?.error(lost());
    this.#isOpen = false;
    this.#end();
  }

  /** Gives the channel up and fails what waits for it. */
  #end() {
    const channel = this.#channel;
    this.#channel = this.#readable = this.#writable = this.#controller = null;
    for (const { reject } of [...this.#calls.values(), ...this.#writes]) reject(lost());
    this.#calls.clear();
    this.#writes = [];
    if (!channel) return;
    channel.onmessage = channel.onclose = () => {};
    channel.close();
  }

  /**
   * @param {object} message
   * @returns {Promise<void>}
   */
  #call(message) {
    const channel = this.#channel;
    if (!channel) return Promise.reject(lost());
    const id = ++this.#lastCall;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      channel.send(JSON.stringify({ ...message, id }));
    });
  }

  /**
   * @param {Uint8Array} bytes
   * @returns {Promise<void>}
   */
  #write(bytes) {
    const channel = this.#channel;
    if (!channel) return Promise.reject(lost());
    return new Promise((resolve, reject) => {
      this.#writes.push({ resolve, reject });
      channel.send(bytes.slice());
    });
  }

  /** @param {string | Uint8Array<ArrayBuffer>} message */
  #receive(message) {
    if (typeof message !== "string") {
      this.#deliver(message);
      return;
    }
    const { op, id, error, message: text } = JSON.parse(message);
    switch (op) {
      case "done": {
        const call = this.#calls.get(id);
        this.#calls.delete(id);
        if (error) call?.reject(new DOMException(text, error));
        else call?.resolve();
        break;
      }
      case "wrote":
        this.#writes.shift()?.resolve();
        break;
      case "lost":
        this.lose();
        break;
    }
  }

  /**
   * Hands received bytes to who reads. As with a real port, what nobody fetches in
   * time is lost, and the stream says so.
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  #deliver(bytes) {
    if (!this.readable || !this.#controller) return;
    if ((this.#controller.desiredSize ?? 0) > 0) {
      this.#controller.enqueue(bytes);
      return;
    }
    const controller = this.#controller;
    this.#readable = this.#controller = null;
    controller.error(new DOMException("The receive buffer is full.", "BufferOverrunError"));
  }
}

/** An event about a port, which cannot be its target. */
class PortEvent extends Event {
  /**
   * @param {string} type
   * @param {RemotePort} port
   */
  constructor(type, port) {
    super(type);
    this.port = asSerialPort(port);
  }
}

/** @param {RemotePort} port */
const asSerialPort = (port) => /** @type {SerialPort} */ (/** @type {unknown} */ (port));

/** A provider of ports, of the shape of navigator.serial. */
export class RemotePorts extends EventTarget {
  /** @type {Map<string, RemotePort>} */
  #ports = new Map();
  #connect;

  /** @param {(id: string) => Promise<Channel>} connect opens a channel to a device */
  constructor(connect) {
    super();
    this.#connect = connect;
  }

  /** The plugged-in ports, in the order of their plugging. */
  async getPorts() {
    return [...this.#ports.values()].map(asSerialPort);
  }

  /** Lets the person choose; where there is one port only, that one is chosen. */
  async requestPort() {
    const [first, ...others] = this.#ports.values();
    const id = first && others.length === 0 ? first.id : await choose(this, () => [...this.#ports.values()]);
    const port = this.#ports.get(id);
    if (!port) throw new DOMException("No port selected by the user.", "NotFoundError");
    return asSerialPort(port);
  }

  /**
   * Takes the list of what is plugged in now, and tells what changed.
   * @param {Entry[]} entries
   */
  update(entries) {
    const present = new Set(entries.map(({ id }) => id));
    for (const [id, port] of this.#ports) {
      if (present.has(id)) continue;
      this.#ports.delete(id);
      port.lose();
      port.dispatchEvent(new PortEvent("disconnect", port));
      this.dispatchEvent(new PortEvent("disconnect", port));
    }
    for (const entry of entries) {
      if (this.#ports.has(entry.id)) continue;
      const port = new RemotePort(entry, this.#connect);
      this.#ports.set(entry.id, port);
      this.dispatchEvent(new PortEvent("connect", port));
    }
  }
}
