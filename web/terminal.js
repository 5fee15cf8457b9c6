// The terminal of the log, drawn by xterm.js. Loaded when the log is first shown.
//
// The program hands over lines as they came; what of them reaches the terminal is
// decided in logtext.js. Nothing that the terminal would answer goes back.

import { t } from "./language.js";
import { LineText } from "./logtext.js";
import { SearchAddon } from "./xterm-search.js";
import { Terminal } from "./xterm.js";

/**
 * What the log asks of the program.
 * @typedef {object} Hooks
 * @property {() => void} wake there may be room for more lines
 * @property {() => void} again all lines are wanted once more
 * @property {(on: boolean) => void} pause the person scrolled up, or to the end
 * @property {(bytes: Uint8Array, echo: boolean) => void} send
 */

const LINES = 10000; // kept, as many as the program keeps
const WIDE = 500; // columns where lines are not wrapped
const STAMP = 13; // columns of a time and the space behind it
const MARK = 2; // columns of what tells remarks and what was sent from the rest
const FONT = 12.5;

const NOTE = 1, SENT = 2, OPEN = 4; // flags of an entry
const HEAD = 13; // bytes before its text: flags, time, length

const search = {
  light: { matchBackground: "#ffe08a", activeMatchBackground: "#ff9d3b" },
  dark: { matchBackground: "#6b5500", activeMatchBackground: "#a34e00" },
};

// The colours of text, for a white and a dark ground. What stands out too little is
// drawn stronger by the terminal.
const ansi = {
  light: ["#24292f", "#b3261e", "#0b7a5e", "#7a5b00", "#1f5fbf", "#8a3ea8", "#0f6f82", "#5c616b", "#4c525b", "#c4362c", "#12805f", "#8f6a00", "#2b62c4", "#9a4bb8", "#157a8f", "#24292f"],
  dark: ["#a0a6b0", "#ff8a80", "#3ecfa4", "#f0b94e", "#7fb0ff", "#d9a1f5", "#5fd0e6", "#e8e9eb", "#a0a6b0", "#ffa79f", "#6fe0bd", "#f7cf7d", "#a3c6ff", "#e6bffb", "#8be0f0", "#ffffff"],
};
const names = /** @type {const} */ (["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "brightBlack", "brightRed", "brightGreen", "brightYellow", "brightBlue", "brightMagenta", "brightCyan", "brightWhite"]);

/** @type {typeof import("./page.js").page} */
const page = /** @type {any} */ (ncpweb.page);

/**
 * @param {string} id
 * @returns {any}
 */
const byID = (id) => document.getElementById(id);

const make = document.createElement.bind(document);

/**
 * Makes elements from here on. The page allows no inline styles, which the library
 * makes: a style element becomes a sheet of its own, and the style attribute of a span
 * its properties. The library takes them from the page's document whatever document it
 * is given.
 * @param {string} name
 * @returns {HTMLElement}
 */
function createElement(name) {
  if (name !== "style") {
    const e = make(name);
    if (name === "span") e.setAttribute = setAttribute;
    return e;
  }
  const e = make("i");
  e.hidden = true;
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  Object.defineProperty(e, "textContent", { set: (text) => void sheet.replaceSync(text) });
  return e;
}

/**
 * @this {Element}
 * @param {string} name
 * @param {string} value
 */
function setAttribute(name, value) {
  if (name === "style" && this instanceof HTMLElement) this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}

/** The log of the page. */
export class Log {
  #hooks;
  #box = byID("log");
  #term;
  #search = new SearchAddon({ highlightLimit: 2000 });
  #text = new LineText();
  #partial = 0; // bytes of a line that has not ended which are shown already
  #buffer = new Uint8Array(64 << 10);
  #scale = "light";
  #stamps = false;
  #ready = false; // the terminal's own styles are there
  /** Whether the terminal still works on what it got. */
  busy = false;

  /**
   * @param {Hooks} hooks
   */
  constructor(hooks) {
    this.#hooks = hooks;
    this.#words();
    this.#term = new Terminal({
      allowProposedApi: true, // the search marks what it found
      disableStdin: true,
      convertEol: false,
      scrollback: LINES,
      fontSize: FONT,
      lineHeight: 1.1,
      cursorStyle: "bar",
      cursorInactiveStyle: "none",
      minimumContrastRatio: matchMedia("(prefers-contrast: more)").matches ? 7 : 4.6,
      drawBoldTextInBrightColors: false,
      screenReaderMode: this.#restore("log-reader"),
      logLevel: "off",
    });
    this.#stamps = this.#restore("log-times");
    this.#restore("log-wrap");
    this.#home();
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = new URL("./xterm.css", import.meta.url).href;
    sheet.onload = () => this.#open();
    document.head.append(sheet);
    this.#box.log = this;
  }

  /** What tests and the console may look at. */
  get terminal() {
    return this.#term;
  }

  get text() {
    return new LineText();
  }

  /** What the terminal says to a screen reader, in the language of the page. */
  #words() {
    Terminal.strings.promptLabel = this.#box.dataset.label;
    Terminal.strings.tooMuchOutput = t("Too many new lines to read out. Read them with the arrow keys.");
    this.#term?.textarea?.setAttribute("aria-label", this.#box.dataset.label);
  }

  #open() {
    this.#colors();
    this.#term.loadAddon(this.#search);
    Object.defineProperty(document, "createElement", { configurable: true, value: createElement });
    this.#term.open(this.#box);
    this.#ready = true;
    this.#term.write("\x1b[?25l");
    this.#fit();
    this.#listen();
    byID("log-loading").hidden = true;
    this.#hooks.wake();
  }

  /** Whether lines can be handed over. */
  get ready() {
    return this.#ready && !this.busy;
  }

  /**
   * A buffer for n bytes of entries, each a byte of flags, its time in ms as a double,
   * its length in 32 bits, the lowest byte first, and its text.
   * @param {number} n
   */
  buffer(n) {
    if (this.#buffer.length < n) this.#buffer = new Uint8Array(n * 2);
    return this.#buffer;
  }

  /**
   * Shows the n bytes of entries in the buffer.
   * @param {number} n
   */
  draw(n) {
    const view = new DataView(this.#buffer.buffer);
    let out = "";
    for (let at = 0; at + HEAD <= n; ) {
      const length = view.getUint32(at + 9, true);
      const text = this.#buffer.subarray(at + HEAD, at + HEAD + length);
      out += this.#entry(view.getUint8(at), view.getFloat64(at + 1, true), text);
      at += HEAD + length;
    }
    if (!out) return;
    this.busy = true;
    this.#term.write(out, () => {
      this.busy = false;
      this.#hooks.wake();
    });
  }

  /** Removes all lines. */
  clear() {
    this.#partial = 0;
    this.#text.begin();
    this.#search.clearDecorations();
    this.#term.write("\x1b[2J\x1b[3J\x1b[H\x1b[m");
  }

  /** Shows the newest lines. */
  toEnd() {
    this.#term.scrollToBottom();
  }

  /**
   * @param {number} flags
   * @param {number} time
   * @param {Uint8Array} bytes
   * @returns {string}
   */
  #entry(flags, time, bytes) {
    if (flags & (NOTE | SENT)) {
      const text = new LineText();
      const shown = flags & SENT ? trimmed(bytes) : remark(bytes);
      const head = this.#stamp(time) + (flags & NOTE ? "\x1b[1;38;5;16m• " : "\x1b[38;5;17m› ");
      return this.#unwrite() + head + text.add(shown) + text.end() + "\x1b[m\r\n";
    }
    let out = "";
    if (!this.#partial) {
      this.#text.begin();
      out = this.#stamp(time) + " ".repeat(MARK);
    }
    out += this.#text.add(bytes.subarray(this.#partial));
    this.#partial = bytes.length;
    if (!(flags & OPEN)) {
      out += this.#text.end() + "\x1b[m\r\n";
      this.#partial = 0;
    } else if (!bytes.length) return "";
    return out;
  }

  /** Takes a line back that has not ended: it comes again behind a remark. */
  #unwrite() {
    if (!this.#partial) return "";
    this.#partial = 0;
    const columns = this.#text.column + MARK + (this.#stamps ? STAMP : 0);
    const up = Math.floor(Math.max(0, columns - 1) / this.#term.cols);
    return (up ? `\x1b[${Math.min(up, this.#term.rows)}A` : "") + "\x1b[m\r\x1b[J";
  }

  /**
   * @param {number} time
   */
  #stamp(time) {
    if (!this.#stamps) return "";
    const d = new Date(time);
    const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
    return `\x1b[90m${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, "0")} \x1b[m`;
  }

  #home() {
    this.#text.home = `\r\x1b[${MARK + (this.#stamps ? STAMP : 0)}C`;
  }

  /** Makes the terminal as large as its place. */
  #fit() {
    const screen = this.#box.querySelector(".xterm-screen");
    const { clientWidth, clientHeight } = this.#box;
    if (!this.#ready || !clientWidth || !screen?.offsetWidth) return;
    const cell = screen.offsetWidth / this.#term.cols;
    const row = screen.offsetHeight / this.#term.rows;
    const fits = Math.max(20, Math.floor((clientWidth - 40) / cell));
    const wrap = byID("log-wrap").checked;
    const cols = wrap ? fits : Math.max(WIDE, fits);
    const rows = Math.max(3, Math.floor((clientHeight - 16) / row));
    this.#box.toggleAttribute("data-wrap", wrap);
    if (cols !== this.#term.cols || rows !== this.#term.rows) this.#term.resize(cols, rows);
  }

  #colors() {
    const style = getComputedStyle(this.#box);
    const ground = style.backgroundColor;
    const [r = 255, g = 255, b = 255] = (ground.match(/[\d.]+/g) ?? []).map(Number);
    const scale = r + g + b > 382 ? "light" : "dark";
    this.#scale = scale;
    /** @type {import("./xterm.js").ITheme} */
    const theme = {
      background: ground, foreground: style.color, cursor: ground, cursorAccent: ground,
      selectionBackground: scale === "light" ? "#b9d8ff" : "#2c4a75",
      scrollbarSliderBackground: scale === "light" ? "#8b909766" : "#8b909766",
      extendedAnsi: [getComputedStyle(byID("log-note")).color, getComputedStyle(byID("log-sent")).color],
    };
    names.forEach((name, i) => (theme[name] = ansi[/** @type {"light"} */ (scale)][i]));
    this.#term.options.fontFamily = style.fontFamily;
    this.#term.options.theme = theme;
  }

  /**
   * The state of a switch, as it was left.
   * @param {string} id
   */
  #restore(id) {
    const input = byID(id);
    const stored = page.setting(id);
    if (stored) input.checked = stored === "yes";
    return input.checked;
  }

  /**
   * @param {string} id
   * @param {(on: boolean) => void} changed
   */
  #onSwitch(id, changed) {
    byID(id).addEventListener("change", (/** @type {{ target: HTMLInputElement }} */ { target }) => {
      page.store(id, target.checked ? "yes" : "no");
      changed(target.checked);
    });
  }

  #listen() {
    this.#onSwitch("log-wrap", () => this.#fit());
    this.#onSwitch("log-reader", (on) => (this.#term.options.screenReaderMode = on));
    this.#onSwitch("log-times", (on) => {
      this.#stamps = on;
      this.#home();
      this.clear();
      this.#hooks.again();
    });
    new ResizeObserver(() => this.#fit()).observe(this.#box);
    let language = document.documentElement.lang;
    new MutationObserver(() => {
      this.#colors();
      if (language === document.documentElement.lang) return;
      language = document.documentElement.lang;
      this.#words();
      this.clear();
      this.#hooks.again();
    }).observe(document.documentElement, { attributeFilter: ["data-theme", "lang"] });
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) matchMedia(query).addEventListener("change", () => this.#colors());
    this.#term.onScroll(() => this.#scrolled());
    this.#box.addEventListener("wheel", () => setTimeout(() => this.#scrolled(), 200), { passive: true });
    this.#term.attachCustomKeyEventHandler((ev) => this.#key(ev));
    byID("log-copy").addEventListener("click", () => this.#copy());
    this.#listenSearch();
    this.#listenSend();
  }

  #scrolled() {
    const { viewportY, baseY } = this.#term.buffer.active;
    this.#hooks.pause(viewportY < baseY);
  }

  /**
   * The terminal takes no keys but those that scroll and select: Tab and Esc leave it.
   * @param {KeyboardEvent} ev
   */
  #key(ev) {
    if (ev.type !== "keydown") return false;
    const command = ev.ctrlKey || ev.metaKey;
    const term = this.#term;
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowUp: () => term.scrollLines(-1),
      ArrowDown: () => term.scrollLines(1),
      PageUp: () => term.scrollPages(-1),
      PageDown: () => term.scrollPages(1),
      Home: () => term.scrollToTop(),
      End: () => term.scrollToBottom(),
      Escape: () => (byID("raw-text").checkVisibility() ? byID("raw-text") : byID("log-follow")).focus(),
    };
    if (command && ev.key.toLowerCase() === "a") {
      ev.preventDefault();
      term.selectAll();
    } else if (!command && !ev.altKey && keys[ev.key]) {
      ev.preventDefault();
      keys[ev.key]();
      this.#scrolled();
    }
    return false;
  }

  /** Copies what is selected, or everything. */
  #copy() {
    const term = this.#term;
    let text = term.getSelection();
    if (!text) {
      term.selectAll();
      text = term.getSelection();
      term.clearSelection();
    }
    page.copy(text, (message) => {
      const said = byID(message ? "log-not-copied" : "log-copied");
      said.hidden = false;
      setTimeout(() => (said.hidden = true), 3000);
    });
  }

  #listenSearch() {
    const input = byID("log-search");
    const find = (/** @type {boolean} */ back, /** @type {boolean} */ incremental) => {
      const colors = search[/** @type {"light"} */ (this.#scale)];
      const decorations = { ...colors, matchOverviewRuler: colors.matchBackground, activeMatchColorOverviewRuler: colors.activeMatchBackground };
      if (!input.value) {
        this.#search.clearDecorations();
        this.#term.clearSelection();
        byID("log-found").textContent = "";
      } else if (back) this.#search.findPrevious(input.value, { decorations });
      else this.#search.findNext(input.value, { decorations, incremental });
      this.#scrolled();
    };
    this.#search.onDidChangeResults(({ resultIndex, resultCount }) => {
      byID("log-found").textContent = input.value ? `${resultIndex + 1} / ${resultCount}` : "";
    });
    input.addEventListener("input", () => find(false, true));
    input.addEventListener("keydown", (/** @type {KeyboardEvent} */ ev) => {
      if (ev.key === "Enter") {
        ev.preventDefault();
        find(ev.shiftKey, false);
      } else if (ev.key === "Escape") {
        input.value = "";
        find(false, true);
        this.#term.focus();
      }
    });
    byID("log-next").addEventListener("click", () => find(false, false));
    byID("log-previous").addEventListener("click", () => find(true, false));
    byID("view-log").addEventListener("keydown", (/** @type {KeyboardEvent} */ ev) => {
      if (!(ev.ctrlKey || ev.metaKey) || ev.key.toLowerCase() !== "f") return;
      ev.preventDefault();
      input.focus();
      input.select();
    });
  }

  #listenSend() {
    const input = byID("raw-text");
    const end = byID("raw-end");
    const bits = byID("raw-hex");
    /** @type {string[]} */
    const sent = [];
    let at = 0;
    for (const id of ["raw-hex", "raw-echo"]) {
      this.#restore(id);
      this.#onSwitch(id, () => fault());
    }
    const stored = page.setting("raw-end");
    if (stored && [...end.options].some((o) => o.value === stored)) end.value = stored;
    end.addEventListener("change", () => page.store("raw-end", end.value));
    const fault = (wrong = false) => {
      byID("raw-fault").hidden = !wrong;
      input.setAttribute("aria-invalid", String(wrong));
    };
    byID("raw-form").addEventListener("submit", (/** @type {Event} */ ev) => {
      ev.preventDefault();
      const bytes = bits.checked ? parseHex(input.value) : new TextEncoder().encode(input.value + ends[/** @type {"lf"} */ (end.value)]);
      if (!bytes) {
        fault(true);
        return;
      }
      fault();
      if (!bytes.length) return;
      if (input.value && sent[sent.length - 1] !== input.value) sent.push(input.value);
      if (sent.length > 100) sent.shift();
      at = sent.length;
      this.#hooks.send(bytes, byID("raw-echo").checked);
      input.value = "";
    });
    input.addEventListener("input", () => fault());
    input.addEventListener("keydown", (/** @type {KeyboardEvent} */ ev) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[ev.key];
      if (!step) return;
      ev.preventDefault();
      at = Math.max(0, Math.min(sent.length, at + step));
      input.value = sent[at] ?? "";
    });
  }
}

const ends = { none: "", lf: "\n", cr: "\r", crlf: "\r\n" };

/**
 * Bytes of pairs of hex digits, or null for what is none.
 * @param {string} text
 */
function parseHex(text) {
  const digits = text.replace(/0x|[\s,:;]/gi, "");
  if (digits.length % 2 || /[^\da-f]/i.test(digits)) return null;
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/**
 * A remark of the page in its language. What begins with a digit is put into the text;
 * wasm/ui/words_log.go lists the texts.
 * @param {Uint8Array} bytes
 */
function remark(bytes) {
  /** @type {string[]} */
  const put = [];
  const text = new TextDecoder().decode(bytes).replace(/(?<![^ ])\d[^ ,]*/g, (n) => `{${put.push(n) - 1}}`);
  return new TextEncoder().encode(t(text).replace(/\{(\d)\}/g, (whole, i) => put[i] ?? whole));
}

/**
 * What was sent without the end of its line.
 * @param {Uint8Array} bytes
 */
function trimmed(bytes) {
  let n = bytes.length;
  while (n && (bytes[n - 1] === 10 || bytes[n - 1] === 13)) n--;
  return bytes.subarray(0, n);
}
