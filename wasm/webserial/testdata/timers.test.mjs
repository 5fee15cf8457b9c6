// Tests of the page's timers, with a Worker that the test drives: node --test

import assert from "node:assert/strict";
import { test } from "node:test";

import { Timers } from "../../../web/timers.js";

class FakeWorker {
  /** @type {number[][]} */
  sent = [];
  onmessage = (/** @type {any} */ _) => {};
  onerror = () => {};
  /** @param {number[]} m */
  postMessage(m) {
    this.sent.push(m);
  }
}

/** The window's own timers: they must rest while the Worker works. */
class Own {
  /** @type {[() => void, number][]} */
  set = [];
  setTimeout = (/** @type {() => void} */ f, /** @type {number} */ ms) => this.set.push([f, ms]);
}

test("timers are the Worker's", () => {
  const [worker, own, fired] = [new FakeWorker(), new Own(), []];
  const timers = new Timers(worker, own);
  const a = timers.set((x) => fired.push(x), 25, "a");
  const b = timers.set(() => fired.push("b"), 10);
  assert.deepEqual(worker.sent, [[a, 25], [b, 10]]);
  worker.onmessage({ data: b });
  worker.onmessage({ data: a });
  worker.onmessage({ data: a });
  assert.deepEqual(fired, ["b", "a"]);
  assert.equal(own.set.length, 0);
});

test("a cleared timer does not fire, even when its message is on the way", () => {
  const worker = new FakeWorker();
  const timers = new Timers(worker, new Own());
  const id = timers.set(() => assert.fail("fired"), 5);
  timers.clear(id);
  worker.onmessage({ data: id });
  assert.deepEqual(worker.sent.at(-1), [id, -1]);
  const n = worker.sent.length;
  timers.clear(id);
  timers.clear(undefined);
  assert.equal(worker.sent.length, n);
});

test("without a Worker the window's timers do", () => {
  const own = new Own();
  const timers = new Timers(null, own);
  let fired = 0;
  timers.set(() => fired++, 7);
  assert.equal(own.set[0][1], 7);
  own.set[0][0]();
  assert.equal(fired, 1);
});

test("a Worker that breaks hands its timers over", () => {
  const [worker, own] = [new FakeWorker(), new Own()];
  const timers = new Timers(worker, own);
  let fired = 0;
  timers.set(() => fired++, 50);
  const gone = timers.set(() => assert.fail("fired"), 50);
  timers.clear(gone);
  worker.onerror();
  assert.equal(own.set.length, 1);
  assert.ok(own.set[0][1] <= 50);
  own.set[0][0]();
  timers.set(() => fired++, 1);
  own.set[1][0]();
  assert.equal(fired, 2);
});

test("nonsense delays are none", () => {
  const worker = new FakeWorker();
  const timers = new Timers(worker, new Own());
  for (const ms of [undefined, NaN, -5]) timers.set(() => {}, ms);
  assert.ok(worker.sent.every(([, delay]) => delay === 0));
});
