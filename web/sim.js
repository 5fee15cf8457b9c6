// "Try without hardware": simulated devices in a Worker, as ports.

import { RemotePorts } from "./remote.js";
import { describe } from "./serial.js";

/** @typedef {import("./remote.js").Channel} Channel */

/**
 * The part of a Worker that is used here.
 * @typedef {Pick<Worker, "onerror" | "onmessage" | "postMessage" | "terminate">} Simulator
 */

const start = (/** @type {string} */ name) => new Worker(new URL("./simworker.js", import.meta.url), { type: "module", name });

// How often a simulator that ended is started again before anybody asks for it. More
// than that is one that cannot run.
const RESTARTS = 3;

// How long a Worker may take for an answer, such as a sample firmware, in milliseconds.
const PATIENCE = 15000;

/**
 * The ports of simulated devices. Their Worker runs from the first question on. When it
 * ends, that is an unplugging, and its next start a plugging, to who uses them.
 */
export class SimulatedPorts extends RemotePorts {
  /** @type {Promise<Simulator> | null} the Worker, once it has listed its devices */
  #worker = null;
  #restarts = 0;
  #start;

  /** @param {() => Simulator} start starts a Worker */
  constructor(start) {
    super(async (id) => connect(await this.#running(), id));
    this.#start = start;
  }

  /** @override */
  async getPorts() {
    await this.#running();
    return super.getPorts();
  }

  /** @override */
  async requestPort() {
    await this.#running();
    return super.requestPort();
  }

  /**
   * Asks the Worker for something. There is an answer, or why there is none.
   * @param {string} request "sample:" with a chip or "mcu", or "offer:"
   * @param {string} none why an empty answer comes
   * @returns {Promise<unknown>}
   */
  async ask(request, none) {
    const worker = await this.#running();
    const { port1: near, port2: far } = new MessageChannel();
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("the simulator does not answer")), PATIENCE);
      near.onmessage = ({ data }) => {
        clearTimeout(late);
        near.close();
        if (data) resolve(data);
        else reject(new Error(none));
      };
      worker.postMessage(request, [far]);
    });
  }

  /** The Worker that runs, or a new one where there is none or the last one ended. */
  #running() {
    return (this.#worker ??= this.#run());
  }

  /** @returns {Promise<Simulator>} */
  #run() {
    return new Promise((resolve, reject) => {
      let started = false;
      const worker = this.#start();
      const end = (/** @type {string} */ why) => {
        worker.onerror = worker.onmessage = null;
        worker.terminate();
        this.#worker = null;
        this.update([]); // the devices are gone with it
        reject(new Error(`The simulator did not start: ${why}`));
        if (started && this.#restarts++ < RESTARTS) this.#running().catch(() => {}); // the next request tells
      };
      worker.onerror = (e) => end(e.message || "its script could not be loaded");
      worker.onmessage = ({ data }) => {
        const { ports: list, failed } = JSON.parse(data);
        if (failed) {
          end(failed);
          return;
        }
        started = true;
        this.update(list);
        resolve(worker);
      };
    });
  }
}

/**
 * The device that makes the page alive at once.
 * @type {SimulatedPorts | undefined}
 */
let demo;

/** @returns {SimulatedPorts} */
export const ports = () => (demo ??= new SimulatedPorts(() => start("simulator")));

/**
 * Lets the simulated NCP offer its MCU, the page, an update. done gets "", or why it cannot.
 * @param {(message: string) => void} done
 */
export function offer(done) {
  ports()
    .ask("offer:", "the simulated NCP is not connected to its cloud")
    .then(
      () => done(""),
      (e) => done(describe(e).message),
    );
}

/**
 * Devices with a fault, for trying the doctor. They have a Worker of their own.
 * @returns {SimulatedPorts}
 */
export const brokenPorts = () => new SimulatedPorts(() => start("broken"));

/**
 * Boards with blank chips and Primary MCUs, for practice. They have a Worker of their own.
 * @type {SimulatedPorts | undefined}
 */
let boards;

/** @returns {SimulatedPorts} */
export const boardPorts = () => (boards ??= new SimulatedPorts(() => start("boards")));

/**
 * A firmware for a simulated chip, such as "esp32c3", or for the simulated MCUs, "mcu".
 * done gets it, or why there is none.
 * @param {string} chip
 * @param {(firmware: Uint8Array | null, message: string) => void} done
 */
export function sample(chip, done) {
  boardPorts()
    .ask(`sample:${chip}`, "this chip is not simulated")
    .then(
      (firmware) => done(/** @type {Uint8Array} */ (firmware), ""),
      (e) => done(null, describe(e).message),
    );
}

/**
 * Opens a channel to a simulated device.
 * @param {Pick<Simulator, "postMessage">} worker
 * @param {string} id
 * @returns {Channel}
 */
export function connect(worker, id) {
  const { port1: near, port2: far } = new MessageChannel();
  /** @type {Channel} */
  const channel = {
    send: (message) => near.postMessage(message),
    close: () => {
      near.postMessage(""); // a MessagePort does not tell that the other end closed
      near.close();
    },
    onmessage() {},
    onclose() {},
  };
  near.onmessage = ({ data }) => {
    if (data === "") channel.onclose();
    else channel.onmessage(data);
  };
  worker.postMessage(id, [far]);
  return channel;
}
