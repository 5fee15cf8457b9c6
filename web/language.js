// The language of the page. English stands in the page itself and is the key of the
// tables; another language is a table that is loaded when it is chosen, or when the
// browser asks for it. Go programs get the same table.

import { setting, store } from "./settings.js";

/**
 * @typedef {object} Table
 * @property {string} code
 * @property {Record<string, string>} texts by the English text
 * @property {{one: string, other: string, forms: string[]}[]} plurals
 */

/** The languages there are, and where their tables are. @type {Record<string, URL>} */
const tables = { uk: new URL("./uk.json", import.meta.url) };

const SETTING = "lang";

// What is translated beside text; and where text is a device's or a person's, or is
// written anew all the time by the programs.
const ATTRIBUTES = ["aria-label", "title", "placeholder", "data-label"];
const FOREIGN = "[translate=no], .data, bdi, code, textarea, script, style, .xterm";
// Such elements whose labels are the page's all the same.
const LABELLED = "textarea, [placeholder], .data[aria-label], [translate=no][aria-label]";

/** @type {Table | null} */
let present = null;
/** English texts by what stands in the page. @type {Map<string, string>} */
let english = new Map();
/** The English texts that the page itself holds. @type {Set<string>} */
let own = new Set();
/** @type {((packed: string) => void)[]} */
const listeners = [];

/** The language that the person chose, else the first of the browser's that there is. */
function wanted() {
  const chosen = setting(SETTING);
  if (chosen === "en" || (chosen && tables[chosen])) return chosen;
  for (const l of navigator.languages ?? []) {
    const code = l.toLowerCase().split("-")[0];
    if (code === "en" || tables[code]) return code;
  }
  return "en";
}

/**
 * A text of a script in the language of the page.
 * @param {string} text English
 */
export function t(text) {
  return present?.texts[text] ?? text;
}

export const language = {
  /** @returns {string} */
  code: () => present?.code ?? "en",

  /** The languages, by code. */
  codes: () => ["en", ...Object.keys(tables)],

  /** Loads and shows the language that is wanted. Never fails: English stays then. */
  async start() {
    own = collect();
    const code = wanted();
    if (code !== "en") await use(code).catch(() => {});
  },

  /**
   * Shows another language and remembers it.
   * @param {string} code
   * @param {(message: string) => void} done
   */
  choose(code, done) {
    use(code).then(
      () => {
        store(SETTING, code);
        done("");
      },
      (e) => done(String(e?.message ?? e)),
    );
  },

  /**
   * Hands the table to a program, now and after each change.
   * @param {(packed: string) => void} on
   */
  watch(on) {
    listeners.push(on);
    on(packed());
  },
};

/** @param {string} code */
async function use(code) {
  /** @type {Table | null} */
  let table = null;
  if (code !== "en") {
    const answer = await fetch(tables[code], { credentials: "same-origin" });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    table = await answer.json();
  }
  present = table;
  document.documentElement.lang = code;
  const before = english;
  english = new Map();
  if (table) {
    for (const [en, text] of Object.entries(table.texts)) {
      // Where two texts are the same in this language, the way back is to the page's own.
      if (own.has(en) || !own.has(english.get(text) ?? "")) english.set(text, en);
    }
  }
  walk(document.documentElement, (text) => t(before.get(text) ?? text));
  for (const on of listeners) on(packed());
}

/** The texts that the page holds before any program writes to it. */
function collect() {
  /** @type {Set<string>} */
  const texts = new Set();
  walk(document.documentElement, (text) => (texts.add(text), text));
  return texts;
}

/**
 * Replaces what stands in the page, templates included. What programs put together they
 * translate themselves.
 * @param {ParentNode & Node} root
 * @param {(text: string) => string} next
 */
function walk(root, next) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
    node instanceof Element && node.matches(FOREIGN) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node instanceof Text) {
      const now = node.data.trim();
      const text = now && next(plain(now));
      if (text && text !== plain(now)) node.data = node.data.replace(now, () => text);
    } else if (node instanceof Element) {
      attributes(node, next);
      if (node instanceof HTMLTemplateElement) walk(node.content, next);
    }
  }
  for (const e of root.querySelectorAll(LABELLED)) attributes(e, next);
}

/**
 * @param {Element} e
 * @param {(text: string) => string} next
 */
function attributes(e, next) {
  for (const name of ATTRIBUTES) {
    const now = e.getAttribute(name);
    const text = now && next(plain(now));
    if (text && text !== now) e.setAttribute(name, text);
  }
}

/** A text may run over several lines of the source. @param {string} text */
const plain = (text) => text.replace(/\s+/g, " ");

/** The table as one text: entries, each with its key. */
function packed() {
  if (!present) return "";
  const entries = Object.entries(present.texts).map(([en, text]) => `${en}\x01${text}`);
  for (const p of present.plurals) entries.push(`${p.one}\0${p.other}\x01${p.forms.join("\0")}`);
  return [present.code, ...entries].join("\x02");
}
