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

// What is translated beside text; and where text is a device's or a person's, not the page's.
const ATTRIBUTES = ["aria-label", "title", "placeholder", "data-label"];
const FOREIGN = "[translate=no], .data, bdi, code, textarea, script, style, .xterm";

/** @type {Table | null} */
let present = null;
/** English texts by what stands in the page. @type {Map<string, string>} */
let english = new Map();
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
  if (table) for (const [en, text] of Object.entries(table.texts)) english.set(text, en);
  translate(document.documentElement, before);
  for (const on of listeners) on(packed());
}

/**
 * Translates what stands in the page, templates included. What programs write they
 * translate themselves.
 * @param {ParentNode & Node} root
 * @param {Map<string, string>} before English texts by what stands there now
 */
function translate(root, before) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
    node instanceof Element && node.matches(FOREIGN) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node instanceof Text) {
      const now = node.data.trim();
      const next = now && again(now, before);
      if (next && next !== now) node.data = node.data.replace(now, () => next);
    } else if (node instanceof Element) {
      attributes(node, before);
      if (node instanceof HTMLTemplateElement) translate(node.content, before);
    }
  }
  // Controls keep what is typed in them; their labels do not.
  if (root instanceof Element) {
    for (const e of root.querySelectorAll("textarea, input.data, .data[aria-label]")) attributes(e, before);
  }
}

/**
 * @param {Element} e
 * @param {Map<string, string>} before
 */
function attributes(e, before) {
  for (const name of ATTRIBUTES) {
    const now = e.getAttribute(name);
    if (!now) continue;
    const next = again(now, before);
    if (next !== now) e.setAttribute(name, next);
  }
}

/**
 * @param {string} text
 * @param {Map<string, string>} before
 */
function again(text, before) {
  // A text may run over several lines of the source.
  return t((before.get(text) ?? text).replace(/\s+/g, " "));
}

/** The table as one text: entries, each with its key. */
function packed() {
  if (!present) return "";
  const entries = Object.entries(present.texts).map(([en, text]) => `${en}\x01${text}`);
  for (const p of present.plurals) entries.push(`${p.one}\0${p.other}\x01${p.forms.join("\0")}`);
  return [present.code, ...entries].join("\x02");
}
