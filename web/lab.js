// The ports of a lab (cmd/lab): simulated and attached devices that the server of
// this page offers.

import { RemotePorts } from "./remote.js";

/** @typedef {import("./remote.js").Channel} Channel */

const RETRY = 500; // milliseconds between attempts to reach a lab that went away

/**
 * Finds the lab's ports.
 * @returns {Promise<RemotePorts>}
 */
export async function ports() {
  const answer = await fetch(new URL("lab/ports", location.href));
  if (!answer.ok) throw new Error(`The lab answered ${answer.status}.`);
  const found = new RemotePorts(connect);
  found.update((await answer.json()).ports);
  follow(found);
  return found;
}

/**
 * Follows what is plugged and unplugged, for as long as the page lives.
 * @param {RemotePorts} found
 */
function follow(found) {
  const socket = new WebSocket(address("lab/events"));
  socket.onmessage = ({ data }) => found.update(JSON.parse(data).ports);
  socket.onclose = () => {
    found.update([]); // a lab that is gone took its devices along
    setTimeout(() => follow(found), RETRY);
  };
}

/**
 * Opens a channel to a device.
 * @param {string} id
 * @returns {Promise<Channel>}
 */
function connect(id) {
  const socket = new WebSocket(address(`lab/port?id=${encodeURIComponent(id)}`));
  socket.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    /** @type {Channel} */
    const channel = {
      send: (message) => socket.send(message),
      close: () => socket.close(),
      onmessage() {},
      onclose() {},
    };
    socket.onmessage = ({ data }) => channel.onmessage(typeof data === "string" ? data : new Uint8Array(data));
    socket.onopen = () => resolve(channel);
    socket.onclose = () => {
      reject(new DOMException("The device is not there.", "NotFoundError"));
      channel.onclose();
    };
  });
}

/** @param {string} path */
function address(path) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}
