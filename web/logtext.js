// What a device sent, made fit for a terminal. Of control functions only those of text
// pass: colours and the like, carriage return, backspace, tab, and erasing the rest of a
// line. Nothing else does: no title, no clipboard, no link, no movement to other lines,
// no question that a terminal would answer. What is no UTF-8 becomes a dot per byte; the
// downloaded log tells which.

const NO_TEXT = "·"; // the replacement character is too wide in many fonts
const CSI = 64; // bytes of a control sequence that is looked at
const hex = (/** @type {number} */ n, digits = 2) => n.toString(16).toUpperCase().padStart(digits, "0");

// Shown by their number: they show nothing themselves, or change the order of others.
const hidden = /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cc}]/u;

/** The text of one line, as its bytes come. */
export class LineText {
  /** @type {"text" | "escape" | "csi" | "string" | "end"} */
  #state = "text";
  #csi = "";
  #rest = 0; // bytes of a character that are missing
  /** @type {number[]} */
  #bytes = []; // of a character, as far as it is there
  /** Columns since the line began, about. */
  column = 0;
  /** What leads to the first column of the text. */
  home = "\r";

  /** Begins another line. */
  begin() {
    this.#state = "text";
    this.#bytes = [];
    this.#rest = 0;
    this.column = 0;
  }

  /**
   * The rest of a line that has ended: a character that was cut off.
   */
  end() {
    return this.#broken();
  }

  /**
   * @param {Uint8Array} bytes
   */
  add(bytes) {
    let out = "";
    for (let i = 0; i < bytes.length; i++) {
      const b = bytes[i];
      if (this.#state === "text" && b >= 0x20 && b < 0x7f && !this.#rest) {
        let j = i + 1; // a run of plain characters at once
        while (j < bytes.length && bytes[j] >= 0x20 && bytes[j] < 0x7f) j++;
        out += String.fromCharCode(...bytes.subarray(i, j));
        this.column += j - i;
        i = j - 1;
        continue;
      }
      out += this.#take(b);
    }
    return out;
  }

  /**
   * @param {number} b
   * @returns {string}
   */
  #take(b) {
    if (this.#rest) {
      if ((b & 0xc0) === 0x80) return this.#more(b);
      return this.#broken() + this.#take(b);
    }
    switch (this.#state) {
      case "escape":
        if (b === 0x5b) {
          this.#state = "csi";
          this.#csi = "";
        } else if (b === 0x5d || b === 0x50 || b === 0x58 || b === 0x5e || b === 0x5f) {
          this.#state = "string";
        } else if (b < 0x20 || b > 0x2f) {
          this.#state = "text";
          if (b < 0x20 || b > 0x7e) return this.#take(b);
        }
        return "";
      case "csi":
        if (b >= 0x20 && b < 0x40) {
          if (this.#csi.length < CSI) this.#csi += String.fromCharCode(b);
          return "";
        }
        this.#state = "text";
        return b < 0x20 || b > 0x7e ? this.#take(b) : sequence(this.#csi, b);
      case "string":
        if (b === 0x07 || b === 0x18 || b === 0x1a) this.#state = "text";
        if (b === 0x1b) this.#state = "end";
        return "";
      case "end":
        this.#state = "text";
        return b === 0x5c ? "" : this.#escape(b);
    }
    if (b >= 0x80) return this.#lead(b);
    return this.#control(b);
  }

  /**
   * @param {number} b behind an ESC
   */
  #escape(b) {
    this.#state = "escape";
    return this.#take(b);
  }

  /**
   * @param {number} b
   */
  #control(b) {
    switch (b) {
      case 0x1b:
        this.#state = "escape";
        return "";
      case 0x09:
        this.column += 8 - (this.column % 8);
        return "\t";
      case 0x0d:
        this.column = 0;
        return this.home;
      case 0x08:
        if (!this.column) return "";
        this.column--;
        return "\b";
      case 0x07:
        return "";
    }
    if (b >= 0x20 && b < 0x7f) {
      this.column++;
      return String.fromCharCode(b);
    }
    return this.#shown(`‹${hex(b)}›`);
  }

  /**
   * @param {number} b
   */
  #lead(b) {
    this.#rest = b >= 0xc2 && b < 0xe0 ? 1 : b >= 0xe0 && b < 0xf0 ? 2 : b >= 0xf0 && b < 0xf5 ? 3 : 0;
    if (!this.#rest) return this.#shown(NO_TEXT);
    this.#bytes = [b];
    return "";
  }

  /**
   * @param {number} b a further byte of a character
   */
  #more(b) {
    this.#bytes.push(b);
    if (--this.#rest) return "";
    const [a, ...rest] = this.#bytes;
    const point = rest.reduce((n, x) => (n << 6) | (x & 0x3f), a & (0x3f >> rest.length));
    const least = [0, 0x80, 0x800, 0x10000][rest.length];
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return this.#broken();
    this.#bytes = [];
    const c = String.fromCodePoint(point);
    return this.#shown(hidden.test(c) ? `‹${hex(point, 4)}›` : c, 1);
  }

  /** What is there of a character that is none. */
  #broken() {
    const text = NO_TEXT.repeat(this.#bytes.length);
    this.#bytes = [];
    this.#rest = 0;
    return this.#shown(text);
  }

  /**
   * @param {string} text
   */
  #shown(text, columns = text.length) {
    this.column += columns;
    return text;
  }
}

/**
 * A control sequence as the terminal may have it, or nothing.
 * @param {string} parameters
 * @param {number} final
 */
function sequence(parameters, final) {
  if (parameters.length >= CSI) return "";
  if (final === 0x4b && (parameters === "" || parameters === "0")) return "\x1b[K";
  if (final !== 0x6d || !/^[\d;:]*$/.test(parameters)) return "";
  const list = parameters.split(";");
  /** @type {string[]} */
  const kept = [];
  for (let i = 0; i < list.length; i++) {
    const n = Number(list[i].split(":")[0]);
    if (n === 8) continue; // hidden text
    const more = (n === 38 || n === 48 || n === 58) && !list[i].includes(":") ? { 2: 4, 5: 2 }[list[i + 1]] ?? 0 : 0;
    // Swapped colours could not be kept readable: a line below instead.
    kept.push(...(n === 7 ? ["4"] : n === 27 ? ["24"] : list.slice(i, i + 1 + more)));
    i += more;
  }
  return kept.length ? `\x1b[${kept.join(";")}m` : "";
}
