// Fetches firmware and manifests for the workshop.

import { describe } from "./serial.js";

/**
 * Fetches a file. done gets its bytes, or why there are none: "large" where it has more
 * than most bytes. The returned function gives it up.
 * @param {string} url
 * @param {number} most
 * @param {(bytes: Uint8Array | null, message: string) => void} done
 * @returns {() => void}
 */
export function load(url, most, done) {
  const stop = new AbortController();
  const read = async () => {
    const answer = await fetch(url, { credentials: "same-origin", redirect: "error", signal: stop.signal });
    if (!answer.ok || !answer.body) throw new Error(String(answer.status));
    /** @type {Uint8Array[]} */
    const pieces = [];
    let length = 0;
    // Piece by piece: nothing but the server says how long it is.
    for (const reader = answer.body.getReader(); ; ) {
      const { value } = await reader.read();
      if (!value) break;
      length += value.length;
      if (length > most) {
        stop.abort();
        throw new Error("large");
      }
      pieces.push(value);
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  };
  read().then(
    (bytes) => done(bytes, ""),
    (e) => done(null, describe(e).message || "no answer"),
  );
  return () => stop.abort();
}
