// Small services for the Go program. Browsers refuse some of them in private windows
// or without a click; a refusal is an answer here, never an exception.

import { describe } from "./serial.js";
import { setting, store } from "./settings.js";

/**
 * What is loaded when it is first needed.
 * @type {Record<string, () => Promise<object>>}
 */
const parts = {
  chart: () => import("./chart.js"),
  terminal: () => import("./terminal.js"),
  program: () => import("./program.js"),
  workshop: () => import("./workshop.js"),
  boards: () => import("./boards.js"),
  sim: () => import("./sim.js"),
};

export const page = {
  /**
   * Loads a part; done gets its module, or why it could not be loaded.
   * @param {string} name
   * @param {(module: object | null, message: string) => void} done
   */
  part(name, done) {
    parts[name]().then(
      (module) => done(module, ""),
      (e) => done(null, describe(e).message),
    );
  },

  setting,
  store,

  /**
   * Saves bytes, or several pieces of them, as a file. Returns what went wrong, or "".
   * @param {string} name
   * @param {string} type
   * @param {Uint8Array<ArrayBuffer> | Uint8Array<ArrayBuffer>[]} bytes
   * @returns {string}
   */
  download(name, type, bytes) {
    try {
      const url = URL.createObjectURL(new Blob(Array.isArray(bytes) ? bytes : [bytes], { type }));
      const a = document.createElement("a");
      a.href = url;
      a.download = name;
      a.click();
      // The browser has taken the blob long before; a minute is for slow disks.
      setTimeout(() => URL.revokeObjectURL(url), 60000);
      return "";
    } catch (e) {
      return describe(e).message;
    }
  },

  /**
   * Puts text into the clipboard.
   * @param {string} text
   * @param {(message: string) => void} done
   */
  copy(text, done) {
    const clipboard = navigator.clipboard;
    if (!clipboard) {
      done("this browser has no clipboard here");
      return;
    }
    clipboard.writeText(text).then(
      () => done(""),
      (e) => done(describe(e).message || "not allowed"),
    );
  },

  /**
   * Hands over each file that the person chooses with an input, or drops on an
   * element: its name, its bytes (null: more than most), and why it cannot be read.
   * Of several at once, it takes as many as data-files of the element says, else one.
   * @param {HTMLElement} element
   * @param {number} most
   * @param {(name: string, bytes: Uint8Array | null, message: string) => void} got
   */
  files(element, most, got) {
    const read = (/** @type {FileList | null | undefined} */ list) => {
      for (const file of [...(list ?? [])].slice(0, Number(element.dataset.files ?? 1))) {
        if (file.size > most) {
          got(file.name, null, "");
          continue;
        }
        file.arrayBuffer().then(
          (buffer) => got(file.name, new Uint8Array(buffer), ""),
          (e) => got(file.name, null, describe(e).message || "not readable"),
        );
      }
    };
    if (element instanceof HTMLInputElement) {
      element.addEventListener("change", () => {
        read(element.files);
        element.value = ""; // the same file can be chosen again
      });
      return;
    }
    const holds = (/** @type {DragEvent} */ ev) => ev.dataTransfer?.types.includes("Files");
    element.addEventListener("dragover", (ev) => {
      if (!holds(ev)) return;
      ev.preventDefault();
      element.dataset.drop = "";
    });
    element.addEventListener("dragleave", (ev) => {
      if (!(ev.relatedTarget instanceof Node && element.contains(ev.relatedTarget))) delete element.dataset.drop;
    });
    element.addEventListener("drop", (ev) => {
      delete element.dataset.drop;
      if (!holds(ev)) return;
      ev.preventDefault();
      read(ev.dataTransfer?.files);
    });
  },
};
