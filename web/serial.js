// The half of the serial binding that only JavaScript can write: promises, streams
// and events on this side, plain callbacks to the Go program on the other one. There
// is no policy here; what to do about anything is decided in Go.

/**
 * What a Line tells the program. Every call of a Line is answered once, by done.
 * @typedef {object} Sink
 * @property {(id: number, name: string, message: string) => void} done an empty name: all went well
 * @property {(length: number) => void} data so many bytes came; they are in the Line's chunk
 * @property {(name: string) => void} noise a line error that the port survived
 * @property {(name: string, message: string) => void} lost the device is gone; nothing follows
 */

/**
 * The part of the Web Serial API that the page uses. navigator.serial is one, the
 * simulator and the lab are others.
 * @typedef {object} Ports
 * @property {() => Promise<SerialPort[]>} getPorts
 * @property {() => Promise<SerialPort>} requestPort
 * @property {(type: string, listener: (e: Event) => void) => void} addEventListener
 * @property {(type: string, listener: (e: Event) => void) => void} removeEventListener
 */

/**
 * Which output lines to set; what is absent stays.
 * @typedef {{dtr?: boolean, rts?: boolean, brk?: boolean}} Lines
 */

// How long what was written may take to leave before a close drops it. In
// milliseconds; a line that is held back by its far end would hold the close for ever.
const DRAIN = 500;

// How much the program is told of at once, in bytes.
const CHUNK = 64 << 10;

// How many streams in a row may end without a byte before the next one has to wait a
// little. A port that fails for ever must not keep the page from everything else.
const FAILURES_AT_ONCE = 16;

/** @type {Sink} */
const nobody = { done() {}, data() {}, noise() {}, lost() {} };

/** One port, from its opening to its end. */
export class Line {
  /** @type {ReadableStreamDefaultReader<Uint8Array> | null} */
  #reader = null;
  /** @type {WritableStreamDefaultWriter<Uint8Array> | null} */
  #writer = null;
  #reading = Promise.resolve();
  // Opening and closing take turns, in the order of the calls.
  #turn = Promise.resolve();
  #isOpen = false;
  #isLost = false;
  #closing = false;
  /** Where the program finds what came, while it is told of it. */
  chunk = new Uint8Array(CHUNK);
  #port;
  #sink;
  /** The program that uses it; "" once it does not any more. */
  owner;

  /**
   * @param {SerialPort} port
   * @param {Sink} sink
   * @param {string} [owner]
   */
  constructor(port, sink, owner = "") {
    this.#port = port;
    this.#sink = sink;
    this.owner = owner;
    this.#port.addEventListener("disconnect", this.#disconnected);
  }

  /**
   * Opens the port and begins to read.
   * @param {number} id
   * @param {SerialOptions} options
   */
  open(id, options) {
    this.#inTurn(id, async () => {
      await this.#port.open(options);
      this.#isOpen = true;
      this.#isLost = false;
      this.#closing = false;
      this.#reading = this.#read();
    });
  }

  /**
   * Hands bytes to the port.
   * @param {number} id
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  write(id, bytes) {
    this.#answer(id, async () => {
      if (!this.#writer) {
        if (!this.#port.writable) throw new DOMException("The port is closed.", "InvalidStateError");
        this.#writer = this.#port.writable.getWriter();
        this.#writer.closed.catch(() => {}); // write tells the same
      }
      try {
        await this.#writer.write(bytes);
      } catch (e) {
        this.#dropWriter();
        throw e;
      }
    });
  }

  /**
   * Sets output lines.
   * @param {number} id
   * @param {Lines} lines
   */
  signals(id, lines) {
    this.#answer(id, () => {
      /** @type {SerialOutputSignals} */
      const s = {};
      if (lines.dtr !== undefined) s.dataTerminalReady = lines.dtr;
      if (lines.rts !== undefined) s.requestToSend = lines.rts;
      if (lines.brk !== undefined) s.break = lines.brk;
      return this.#port.setSignals(s);
    });
  }

  /**
   * Closes the port; it can be opened again.
   * @param {number} id
   */
  close(id) {
    this.#closing = true;
    this.#inTurn(id, async () => {
      if (!this.#isOpen) return;
      this.#closing = true;
      await this.#reader?.cancel().catch(() => {});
      await this.#reading;
      await this.#drain();
      this.#isOpen = false;
      await this.#port.close();
    });
  }

  /** Ends the connection to the program: nothing is told any more. */
  detach() {
    this.#sink = nobody;
    this.owner = "";
    this.#port.removeEventListener("disconnect", this.#disconnected);
  }

  #disconnected = () => this.#lose("NetworkError", "The device was unplugged.");

  /**
   * @param {string} name
   * @param {string} message
   */
  #lose(name, message) {
    this.#isLost = true;
    this.#sink.lost(name, message);
  }

  /** Reads until the port closes, a new stream after each line error. */
  async #read() {
    let failures = 0;
    /** @type {unknown} */
    let cause = null;
    while (this.#port.readable && !this.#closing) {
      const reader = this.#port.readable.getReader();
      this.#reader = reader;
      try {
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          failures = 0;
          this.#deliver(value);
        }
      } catch (e) {
        cause = e;
        if (this.#port.readable) this.#sink.noise(describe(e).name);
      } finally {
        this.#reader = null;
        reader.releaseLock();
      }
      // Also a stream that ends for no reason, and stays: without a pause it would hold
      // the page for ever.
      if (++failures > FAILURES_AT_ONCE && !this.#closing) await new Promise((go) => setTimeout(go, 10));
    }
    if (this.#closing) return;
    const { name, message } = describe(cause ?? new DOMException("The port ended.", "NetworkError"));
    this.#lose(name, message);
  }

  /**
   * Tells the program of what came, through chunk: every object that goes over to Go
   * costs it more than the copy does.
   * @param {Uint8Array} bytes
   */
  #deliver(bytes) {
    const { data } = this.#sink;
    for (let at = 0; at < bytes.length; at += this.chunk.length) {
      const part = bytes.subarray(at, at + this.chunk.length);
      this.chunk.set(part);
      data(part.length);
    }
  }

  /** Lets what was written leave, but not for ever, and gives the lock back. */
  async #drain() {
    const writer = this.#writer;
    if (!writer) return;
    const late = () => new Promise((go) => setTimeout(go, DRAIN, false));
    // Nothing leaves towards a device that is gone.
    const left = !this.#isLost && (await Promise.race([writer.close().then(() => true), late()]).catch(() => false));
    if (!left) await Promise.race([writer.abort(), late()]).catch(() => {});
    this.#dropWriter();
  }

  #dropWriter() {
    this.#writer?.releaseLock();
    this.#writer = null;
  }

  /**
   * @param {number} id
   * @param {() => Promise<void>} work
   */
  #inTurn(id, work) {
    this.#turn = this.#turn.then(() => this.#answer(id, work));
  }

  /**
   * @param {number} id
   * @param {() => Promise<void>} work
   */
  async #answer(id, work) {
    let name = "";
    let message = "";
    try {
      await work();
    } catch (e) {
      ({ name, message } = describe(e));
    }
    this.#sink.done(id, name, message);
  }
}

/**
 * The name and message of anything that was thrown.
 * @param {unknown} e
 * @returns {{name: string, message: string}}
 */
export function describe(e) {
  if (e instanceof Error || e instanceof DOMException) return { name: e.name || "Error", message: e.message };
  return { name: "Error", message: String(e) };
}

/**
 * The shim: what the Go program finds of ports. Providers that are functions are
 * loaded when first used.
 */
export class Shim {
  #providers;
  /** @type {Line[]} */
  #lines = [];

  /**
   * @param {Record<string, Ports | (() => Promise<Ports>)>} providers
   * @param {object} page the small services
   * @param {object} [language] that of the page
   */
  constructor(providers, page, language) {
    this.#providers = providers;
    this.page = page;
    this.language = language;
    this.sources = Object.keys(providers);
  }

  /**
   * Lists the granted ports.
   * @param {string} source
   * @param {(ports: SerialPort[] | null, name: string, message: string) => void} done
   */
  ports(source, done) {
    this.#ask(source, (p) => p.getPorts(), done);
  }

  /**
   * Lets the person choose a port. It reaches the browser's own chooser without a
   * turn of the event loop, which the browser insists on.
   * @param {string} source
   * @param {(port: SerialPort | null, name: string, message: string) => void} done
   */
  request(source, done) {
    this.#ask(source, (p) => p.requestPort(), done);
  }

  /**
   * Tells of plugged and unplugged ports until the returned function is called.
   * @param {string} source
   * @param {(plugged: boolean, port: SerialPort) => void} on
   * @returns {() => void}
   */
  watch(source, on) {
    /** @type {Ports | null} */
    let ports = null;
    let stopped = false;
    const plugged = (/** @type {Event} */ e) => on(true, portOf(e));
    const unplugged = (/** @type {Event} */ e) => on(false, portOf(e));
    const begin = (/** @type {Ports} */ p) => {
      if (stopped) return;
      ports = p;
      p.addEventListener("connect", plugged);
      p.addEventListener("disconnect", unplugged);
    };
    const provider = this.#providers[source];
    if (typeof provider === "function") provider().then(begin, () => {});
    else begin(provider);
    return () => {
      stopped = true;
      ports?.removeEventListener("connect", plugged);
      ports?.removeEventListener("disconnect", unplugged);
    };
  }

  /**
   * Vendor id, product id and name of a port; 0 and "" where there is none.
   * @param {SerialPort & {name?: string}} port
   * @returns {[number, number, string]}
   */
  info(port) {
    const { usbVendorId = 0, usbProductId = 0 } = port.getInfo();
    return [usbVendorId, usbProductId, port.name ?? ""];
  }

  /**
   * @param {SerialPort} port
   * @param {Sink} sink
   * @param {string} owner the program
   */
  line(port, sink, owner) {
    const line = new Line(port, sink, owner);
    this.#lines = [...this.#lines.filter((l) => l.owner), line];
    return line;
  }

  /**
   * Closes what a program that has ended left open.
   * @param {string} owner
   */
  end(owner) {
    for (const line of this.#lines.filter((l) => l.owner === owner)) {
      line.detach();
      line.close(0);
    }
  }

  /**
   * Gives the permission for a port back.
   * @param {SerialPort} port
   * @param {(name: string, message: string) => void} done
   */
  forget(port, done) {
    port.forget().then(
      () => done("", ""),
      (e) => done(describe(e).name, describe(e).message),
    );
  }

  /**
   * @template T
   * @param {string} source
   * @param {(p: Ports) => Promise<T>} question
   * @param {(value: T | null, name: string, message: string) => void} done
   */
  #ask(source, question, done) {
    const provider = this.#providers[source];
    const answer = typeof provider === "function" ? provider().then(question) : question(provider);
    answer.then(
      (value) => done(value, "", ""),
      (e) => done(null, describe(e).name, describe(e).message),
    );
  }
}

/**
 * The port that an event is about: real ports are the target themselves.
 * @param {Event & {port?: SerialPort}} e
 * @returns {SerialPort}
 */
function portOf(e) {
  return e.port ?? /** @type {SerialPort} */ (e.target);
}
