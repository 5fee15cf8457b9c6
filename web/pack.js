// Compresses for the flasher, beside the page's thread.

importScripts("./pako.js");

const scope = /** @type {Worker} */ (/** @type {unknown} */ (self)); // the two have the same shape

// [bytes, memLevel] asks for a zlib stream with a window of 32 KiB; the answer is one.
scope.onmessage = (/** @type {MessageEvent} */ { data }) => {
  const [bytes, memLevel] = /** @type {[Uint8Array, number]} */ (data);
  const packed = pako.deflate(bytes, { level: 9, memLevel, chunkSize: 1 << 18 });
  scope.postMessage(packed, [packed.buffer]);
};
