// "Try without hardware": simulated devices in a Worker, as ports.

import { RemotePorts } from "./remote.js";

/** @typedef {import("./remote.js").Channel} Channel */

/**
 * Starts the simulator.
 * @returns {Promise<RemotePorts>} when its devices are there
 */
export function ports() {
  const worker = new Worker(new URL("./simworker.js", import.meta.url), { type: "module" });
  const found = new RemotePorts(async (id) => connect(worker, id));
  return new Promise((resolve, reject) => {
    const fail = (/** @type {string} */ why) => {
      worker.terminate();
      found.update([]);
      reject(new Error(`The simulator did not start: ${why}`));
    };
    worker.onerror = (e) => fail(e.message || "its script could not be loaded");
    worker.onmessage = ({ data }) => {
      const { ports: list, failed } = JSON.parse(data);
      if (failed) {
        fail(failed);
        return;
      }
      found.update(list);
      resolve(found);
    };
  });
}

/**
 * Opens a channel to a simulated device.
 * @param {Pick<Worker, "postMessage">} worker
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
