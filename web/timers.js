// The page's timers, kept by the Worker in clock.js as long as that works.

/**
 * @typedef {object} Pending
 * @property {() => void} fire
 * @property {number} due in the time of performance.now
 */

export class Timers {
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  #last = 0;
  /** @type {Worker | null} */
  #worker;
  #own;

  /**
   * @param {Worker | null} worker
   * @param {{setTimeout: (f: () => void, ms: number) => unknown}} own the window's own timers
   */
  constructor(worker, own) {
    this.#worker = worker;
    this.#own = own;
    if (!worker) return;
    worker.onmessage = ({ data }) => this.#fire(data);
    worker.onerror = () => this.#fallBack();
  }

  /**
   * As window.setTimeout, for functions.
   * @param {(...args: any[]) => void} f
   * @param {number} [ms]
   * @param {any[]} args
   * @returns {number}
   */
  set(f, ms = 0, ...args) {
    const id = ++this.#last;
    const delay = Math.max(0, Number(ms) || 0);
    this.#pending.set(id, { fire: () => f(...args), due: performance.now() + delay });
    this.#start(id, delay);
    return id;
  }

  /**
   * As window.clearTimeout.
   * @param {number | undefined} id
   */
  clear(id) {
    if (id === undefined || !this.#pending.delete(id)) return;
    this.#worker?.postMessage([id, -1]);
  }

  /**
   * @param {number} id
   * @param {number} delay
   */
  #start(id, delay) {
    if (this.#worker) this.#worker.postMessage([id, delay]);
    else this.#own.setTimeout(() => this.#fire(id), delay);
  }

  /** @param {number} id */
  #fire(id) {
    const timer = this.#pending.get(id);
    if (!timer) return; // cleared while the message was on its way
    this.#pending.delete(id);
    timer.fire();
  }

  /** The Worker did not start or broke: what is pending goes to the window's timers. */
  #fallBack() {
    this.#worker = null;
    const now = performance.now();
    for (const [id, { due }] of this.#pending) this.#start(id, Math.max(0, due - now));
  }
}
