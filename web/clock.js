// Timers of hidden pages fire once a second, later once a minute. Those of a Worker
// do not: this one keeps the page's timers.

const scope = /** @type {Worker} */ (/** @type {unknown} */ (self)); // the two have the same shape

/** @type {Map<number, number>} from the page's id of a timer to the Worker's */
const timers = new Map();

// [id, delay] sets a timer, [id, -1] clears it; the answer is the id.
scope.onmessage = (/** @type {MessageEvent} */ { data }) => {
  const [id, delay] = /** @type {[number, number]} */ (data);
  if (delay < 0) {
    clearTimeout(timers.get(id));
    timers.delete(id);
    return;
  }
  timers.set(
    id,
    setTimeout(() => {
      timers.delete(id);
      scope.postMessage(id);
    }, delay),
  );
};
