// Tests of the page's ports, with Workers and channels that the test drives:
// node --test

import assert from "node:assert/strict";
import { test } from "node:test";

import { RemotePorts } from "../../../web/remote.js";
import { Line } from "../../../web/serial.js";
import { SimulatedPorts } from "../../../web/sim.js";

const later = (ms) => new Promise((go) => setTimeout(go, ms));
const entry = { id: "1", name: "one" };

/** A channel whose far end takes every request for done. */
class FakeChannel {
  onmessage = (/** @type {any} */ _) => {};
  onclose = () => {};
  closed = false;
  send(message) {
    if (typeof message !== "string") return;
    const { id } = JSON.parse(message);
    queueMicrotask(() => this.onmessage(JSON.stringify({ op: "done", id })));
  }
  close() {
    this.closed = true;
  }
}

class FakeWorker {
  onmessage = null;
  onerror = null;
  ended = false;
  /** @type {MessagePort[]} */
  channels = [];
  postMessage(_, [far]) {
    this.channels.push(far);
    far.onmessage = ({ data }) => {
      if (data !== "") far.postMessage(JSON.stringify({ op: "done", id: JSON.parse(data).id }));
    };
  }
  terminate() {
    this.ended = true;
    for (const c of this.channels) c.close();
  }
  list(...entries) {
    this.onmessage({ data: JSON.stringify({ ports: entries }) });
  }
  fail(failed) {
    this.onmessage({ data: JSON.stringify({ failed }) });
  }
}

/** Simulated ports whose Workers are kept. */
function simulated() {
  const workers = [];
  const ports = new SimulatedPorts(() => {
    workers.push(new FakeWorker());
    return workers.at(-1);
  });
  return { ports, workers };
}

test("a simulator that ended starts again", { timeout: 5000 }, async () => {
  const { ports, workers } = simulated();
  const events = [];
  for (const type of ["connect", "disconnect"]) ports.addEventListener(type, () => events.push(type));
  let asked = ports.requestPort();
  workers[0].list(entry);
  const first = await asked;
  await first.open({ baudRate: 9600 });
  const reader = first.readable.getReader();
  workers[0].fail("it ended");
  await assert.rejects(reader.read(), { name: "NetworkError" });
  assert.ok(workers[0].ended);
  workers[1].list(entry);
  const [second] = await ports.getPorts();
  assert.notEqual(second, first);
  await second.open({ baudRate: 9600 });
  assert.deepEqual(events, ["connect", "disconnect", "connect"]);
  for (let i = 1; i < 10 && workers[i]; i++) {
    workers[i].list(entry);
    workers[i].fail("it ended again");
  }
  assert.equal(workers.length, 4, "starts by itself");
  asked = ports.requestPort();
  workers[4].list(entry);
  assert.ok(await asked);
});

test("a simulator that does not start can be asked again", { timeout: 5000 }, async () => {
  const { ports, workers } = simulated();
  const asked = ports.requestPort();
  workers[0].onerror({ message: "no such script" });
  await assert.rejects(asked, /no such script/);
  const again = ports.requestPort();
  workers[1].list(entry);
  assert.ok(await again);
  assert.equal(workers.length, 2);
});

test("a device that goes while its channel opens fails the opening", { timeout: 5000 }, async () => {
  let connected = (/** @type {any} */ _) => {};
  const ports = new RemotePorts(() => new Promise((go) => (connected = go)));
  ports.update([entry]);
  const [port] = await ports.getPorts();
  const opening = port.open({ baudRate: 9600 });
  ports.update([]);
  const channel = new FakeChannel();
  connected(channel);
  await assert.rejects(opening, { name: "NetworkError" });
  assert.ok(channel.closed);
});

test("a port whose channel broke can be opened again while its device is there", { timeout: 5000 }, async () => {
  const channels = [];
  const ports = new RemotePorts(async () => {
    channels.push(new FakeChannel());
    return channels.at(-1);
  });
  ports.update([entry]);
  const [port] = await ports.getPorts();
  await port.open({ baudRate: 9600 });
  const reader = port.readable.getReader();
  channels[0].onclose();
  await assert.rejects(reader.read(), { name: "NetworkError" });
  await port.open({ baudRate: 9600 });
  assert.equal(channels.length, 2);
  channels[1].onmessage(JSON.stringify({ op: "lost" }));
  await assert.rejects(port.open({ baudRate: 9600 }), { name: "NetworkError" });
});

test("a stream that ends for no reason, and stays, does not hold the page", { timeout: 5000 }, async () => {
  const port = new EventTarget();
  let reads = 0;
  Object.assign(port, {
    open: async () => {},
    close: async () => {},
    readable: { getReader: () => ({ read: async () => (reads++, { done: true }), cancel: async () => {}, releaseLock() {} }) },
  });
  const done = [];
  const line = new Line(port, { done: (id) => done.push(id), data() {}, noise() {}, lost() {} });
  line.open(1, { baudRate: 9600 });
  // Where the Line spins, nothing but promises runs, not even the time-out of a test.
  const spun = later(60).then(() => reads);
  const guard = new Promise((_, no) => {
    const get = port.readable.getReader;
    port.readable.getReader = () => {
      if (reads > 10000) {
        port.readable = null;
        no(new Error("the Line spins"));
      }
      return get();
    };
  });
  assert.ok((await Promise.race([spun, guard])) < 100);
  line.close(2);
  await later(50);
  assert.deepEqual(done, [1, 2]);
});
