// A SerialPort for tests, as strict as Chromium's was measured to be, with the far
// end of its line in reach.

const lost = () => new DOMException("The device has been lost.", "NetworkError");

/** How many bytes wait for the far end before a write has to. */
const TRANSMIT = 64 << 10;

const later = (/** @type {number} */ ms) => new Promise((go) => setTimeout(go, ms));

/** @param {unknown} e @returns {never} */
function raise(e) {
  throw e;
}

export class FakePort extends EventTarget {
  connected = true;
  /** @type {"closed" | "opening" | "open" | "closing"} */
  state = "closed";
  lines = { dtr: false, rts: false, brk: false };
  /** @type {SerialOptions | null} */
  options = null;
  opens = 0;
  /** What the next open rejects with; "hang": it never ends. @type {string[]} */
  refuse = [];
  hangOnClose = false;
  silentSignals = false;

  /** @type {ReadableStream<Uint8Array> | null} */
  #readable = null;
  /** @type {ReadableStreamDefaultController<Uint8Array> | null} */
  #receiver = null;
  /** @type {WritableStream<Uint8Array> | null} */
  #writable = null;
  /** @type {WritableStreamDefaultController | null} */
  #sender = null;
  /** @type {Uint8Array[]} */
  #sent = [];
  #waiting = 0;
  /** @type {(() => void)[]} */
  #room = [];

  /** The far end: called when there is something to take. */
  onsent = () => {};

  getInfo() {
    return { usbVendorId: 0x0403, usbProductId: 0x6001 };
  }

  /** @param {SerialOptions} options */
  async open(options) {
    if (this.state !== "closed") throw new DOMException("The port is already open.", "InvalidStateError");
    if (!(options.baudRate > 0)) throw new TypeError("baudRate must be above 0");
    this.state = "opening";
    await later(2);
    const refusal = this.refuse.shift();
    if (refusal === "hang") await new Promise(() => {});
    if (refusal || !this.connected) {
      this.state = "closed";
      throw new DOMException("Failed to open serial port.", refusal ?? "NetworkError");
    }
    this.state = "open";
    this.opens++;
    this.options = options;
    this.lines = { dtr: true, rts: true, brk: false };
  }

  get readable() {
    if (this.state !== "open" || !this.connected) return null;
    const forget = () => {
      this.#readable = this.#receiver = null;
    };
    this.#readable ??= new ReadableStream(
      { start: (c) => void (this.#receiver = c), cancel: forget },
      { highWaterMark: this.options?.bufferSize ?? 255, size: (chunk) => chunk?.length ?? 0 },
    );
    return this.#readable;
  }

  get writable() {
    if (this.state !== "open") return null;
    const forget = () => {
      this.#writable = this.#sender = null;
    };
    const abort = () => {
      forget();
      this.#sent = [];
      this.#waiting = 0;
    };
    this.#writable ??= new WritableStream({
      start: (c) => void (this.#sender = c),
      write: (bytes) => this.#transmit(bytes),
      close: forget,
      abort,
    });
    return this.#writable;
  }

  /** @param {Uint8Array} bytes */
  async #transmit(bytes) {
    while (this.#waiting >= TRANSMIT && this.connected && this.state === "open") {
      await Promise.race([new Promise((go) => this.#room.push(() => go(null))), this.#aborted()]);
    }
    if (!this.connected) throw lost();
    this.#sent.push(bytes.slice());
    this.#waiting += bytes.length;
    this.onsent();
  }

  /** Rejects when the stream is aborted, which a stuck write has to notice. */
  #aborted() {
    const signal = this.#sender?.signal;
    return new Promise((_, no) => signal?.addEventListener("abort", () => no(signal.reason)));
  }

  /** @param {SerialOutputSignals} s */
  async setSignals(s) {
    if (this.state !== "open") throw new DOMException("The port is closed.", "InvalidStateError");
    if (!this.connected) throw new DOMException("Failed to set control signals.", "NetworkError");
    if (this.silentSignals) await new Promise(() => {});
    await later(0);
    if (s.dataTerminalReady !== undefined) this.lines.dtr = s.dataTerminalReady;
    if (s.requestToSend !== undefined) this.lines.rts = s.requestToSend;
    if (s.break !== undefined) this.lines.brk = s.break;
  }

  async close() {
    if (this.state !== "open") throw new DOMException("The port is already closed.", "InvalidStateError");
    if (this.#readable?.locked || this.#writable?.locked) raise(new TypeError("Cannot cancel a locked stream"));
    this.state = "closing";
    if (this.hangOnClose) await new Promise(() => {});
    await later(2);
    this.#readable = this.#receiver = this.#writable = this.#sender = null;
    this.#sent = [];
    this.#waiting = 0;
    this.lines = { dtr: false, rts: false, brk: false };
    this.state = "closed";
  }

  async forget() {}

  // What follows is for the test.

  /**
   * The device says something.
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  say(bytes) {
    if (!this.readable || !this.#receiver) return;
    if ((this.#receiver.desiredSize ?? 0) > 0) this.#receiver.enqueue(bytes);
    else this.fault("BufferOverrunError");
  }

  /**
   * The line has an error that the port survives.
   * @param {string} name
   */
  fault(name) {
    const receiver = this.#receiver;
    this.#readable = this.#receiver = null;
    receiver?.error(new DOMException("line error", name));
  }

  /** What the page wrote next, or null. */
  take() {
    const bytes = this.#sent.shift() ?? null;
    if (bytes) this.#waiting -= bytes.length;
    const room = this.#room;
    this.#room = [];
    for (const go of room) go();
    return bytes;
  }

  unplug() {
    this.connected = false;
    this.#receiver?.error(lost());
    this.#sender?.error(lost());
    for (const go of this.#room) go();
    setTimeout(() => this.dispatchEvent(new Event("disconnect")), 300); // as measured: 0.2 to 0.5 s
  }
}

/** Ports of the shape of navigator.serial. */
export class FakeSerial extends EventTarget {
  port = new FakePort();
  refusal = "";

  async getPorts() {
    return this.port.connected ? [this.port] : [];
  }

  async requestPort() {
    if (this.refusal) throw new DOMException("refused", this.refusal);
    return this.port;
  }

  unplug() {
    const port = this.port;
    port.unplug();
    setTimeout(() => this.#tell("disconnect", port), 300);
  }

  plug() {
    this.port = new FakePort();
    setTimeout(() => this.#tell("connect", this.port), 20);
    return this.port;
  }

  /** @param {string} type @param {FakePort} port */
  #tell(type, port) {
    const e = new Event(type);
    Object.defineProperty(e, "target", { value: port }); // real events bubble up from the port
    this.dispatchEvent(e);
  }
}
