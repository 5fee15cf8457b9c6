// The chart of pins, drawn by uPlot. Loaded when the chart is first shown.
//
// The program decides which pins are in the chart and hands over their points; the
// rest is here: the range of time, axes, colours and marks, legend, zoom.

import uPlot from "./uplot.js";

/**
 * A line of the chart.
 * @typedef {{pin: number, name: string, unit: string}} Line
 */

/**
 * A line as it is drawn: its slot (colour and mark, kept while the pin is in the
 * chart), where its points begin and end in the buffer, their bounds, and its row in
 * the legend.
 * @typedef {Line & {slot: number, at: number, end: number, on: boolean, color: string, low: number, high: number, cells: HTMLElement[]}} Drawn
 */

const POINT = 4; // numbers of a point: time in s, lowest, highest, last; lowest NaN: a gap
const SLOTS = 8;
const FASTEST = 50; // ms between two drawings
const SLOWEST = 400; // the same on a computer that is slow at it
const FRAME = 24; // ms from a frame with a drawing to the next, from which on it is slow
const LEGEND = 250; // ms between two changes of the legend
const SHORTEST = 0.02; // s that the chart shows at least
const LONGEST = 30 * 86400; // s that it shows at most
const MARKS = 110; // CSS pixels between two marks of a line

/**
 * The marks, in a square from -1 to 1, one per slot: they tell the lines apart where
 * colours do not.
 * @type {[number, number][][]}
 */
const shapes = [
  Array.from({ length: 12 }, (_, i) => [Math.cos(i * Math.PI / 6), Math.sin(i * Math.PI / 6)]),
  [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
  [[0, -1.1], [1, 0.8], [-1, 0.8]],
  [[0, -1.25], [1.1, 0], [0, 1.25], [-1.1, 0]],
  [[0, 1.1], [1, -0.8], [-1, -0.8]],
  [[-0.35, -1.1], [0.35, -1.1], [0.35, -0.35], [1.1, -0.35], [1.1, 0.35], [0.35, 0.35], [0.35, 1.1], [-0.35, 1.1], [-0.35, 0.35], [-1.1, 0.35], [-1.1, -0.35], [-0.35, -0.35]],
  Array.from({ length: 10 }, (_, i) => {
    const r = i % 2 ? 0.5 : 1.25;
    return [r * Math.sin(i * Math.PI / 5), -r * Math.cos(i * Math.PI / 5)];
  }),
  [[-1.2, -0.4], [1.2, -0.4], [1.2, 0.4], [-1.2, 0.4]],
];

/** @type {typeof import("./page.js").page} */
const page = /** @type {any} */ (ncpweb.page);

/**
 * @param {string} id
 * @returns {any}
 */
const byID = (id) => document.getElementById(id);

/** The chart of the page. */
export class Chart {
  /** @type {Drawn[]} */
  #lines = [];
  /** @type {uPlot | null} */
  #plot = null;
  /** @type {[number, number] | null} the range that the person chose; null: live */
  #fixed = null;
  /** @type {[number, number]} the range that is shown */
  #range = [0, 1];
  #window = 60; // s that a live chart shows; 0: all
  #oldest = 0; // time of the oldest value there is
  #due = 0; // when to draw again
  #pace = FASTEST; // ms between two drawings
  #dirty = true;
  #held = false; // a range is being drawn with the mouse
  #legendDue = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Float64Array} */
  #data = new Float64Array(0);
  #wake;
  #root = byID("chart-plot");
  #width = 0; // of root: to ask it for that would have the page laid out
  #number = new Intl.NumberFormat("en", { maximumSignificantDigits: 7 });

  /**
   * @param {() => void} wake asks the program to call want before the next repaint
   */
  constructor(wake) {
    this.#wake = wake;
    this.#root.chart = this;
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = new URL("./uplot.css", import.meta.url).href;
    sheet.onload = () => this.#again();
    document.head.append(sheet);
    this.#restore();
    this.#listen();
    byID("chart-loading").hidden = true;
  }

  /** What tests and the console may look at. */
  get shown() {
    return { range: this.#range, live: !this.#fixed, lines: this.#lines, plot: this.#plot, data: this.#data };
  }

  /**
   * The lines, at most eight.
   * @param {Line[]} lines
   */
  show(lines) {
    const old = new Map(this.#lines.map((l) => [l.pin, l]));
    const free = [...Array(SLOTS).keys()].filter((s) => !lines.some((l) => old.get(l.pin)?.slot === s));
    this.#lines = lines.slice(0, SLOTS).map((l) => {
      const before = old.get(l.pin);
      return {
        ...l, slot: before?.slot ?? free.shift() ?? 0, on: before?.on ?? true,
        at: 0, end: 0, color: "", low: 0, high: 0, cells: [],
      };
    });
    this.#legend();
    this.#again();
  }

  /**
   * Tells whether points are wanted now: how many columns, or 0. begin and end are
   * their range of time then.
   * @param {number} oldest Unix time in s of the oldest value there is
   */
  want(oldest) {
    this.#oldest = oldest;
    const now = performance.now();
    const width = this.#width;
    if (!width || this.#held || (this.#fixed && !this.#dirty)) return 0;
    if (now < this.#due && !this.#dirty) {
      this.#schedule(this.#due - now);
      return 0;
    }
    this.#range = this.#fixed ?? this.#live();
    return Math.max(1, Math.min(800, Math.round(width - 60)));
  }

  get begin() {
    return this.#range[0];
  }

  get end() {
    return this.#range[1];
  }

  /**
   * A buffer for n numbers: for each line how many points it has, then the points of
   * the first line, of the second …
   * @param {number} n
   */
  buffer(n) {
    if (this.#data.length < n) this.#data = new Float64Array(n * 2);
    return new Uint8Array(this.#data.buffer);
  }

  /**
   * Draws what is in the buffer.
   * @param {boolean} filling there is more to come
   */
  draw(filling) {
    const began = performance.now();
    let at = this.#lines.length;
    this.#lines.forEach((l, i) => {
      l.at = at;
      l.end = at += this.#data[i] * POINT;
      this.#bounds(l);
    });
    const any = this.#lines.some((l) => l.end > l.at);
    byID("chart-empty").hidden = any;
    const plot = this.#plot ?? this.#build();
    plot.batch(() => {
      plot.setData([this.#range, ...this.#lines.map(() => [null, null])], false);
      plot.setScale("x", { min: this.#range[0], max: this.#range[1] });
      for (const [key, lines] of this.#scales()) {
        const [min, max] = limits(lines);
        plot.setScale(key, { min, max });
      }
    });
    this.#dirty = filling;
    const done = performance.now();
    if (done >= this.#legendDue) {
      this.#legendDue = done + LEGEND;
      this.#values();
    }
    // What a drawing costs shows only when the browser paints it: the page must keep its
    // frames. A wide range moves slowly anyway.
    requestAnimationFrame((first) => requestAnimationFrame((second) => {
      this.#pace = second - first > FRAME ? Math.min(SLOWEST, this.#pace * 1.25) : Math.max(FASTEST, this.#pace * 0.97);
    }));
    const pixel = 1000 * (this.#range[1] - this.#range[0]) / Math.max(1, this.#width);
    const wait = Math.max(this.#pace, 6 * (done - began), Math.min(1000, pixel));
    this.#due = done + wait;
    if (!this.#fixed || filling) this.#schedule(wait);
  }

  /** @returns {[number, number]} */
  #live() {
    const now = Date.now() / 1000;
    return [this.#window ? now - this.#window : Math.min(this.#oldest, now - 1), now];
  }

  /** @param {number} wait */
  #schedule(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#wake, wait);
  }

  /** Draws anew: something else than the data has changed. */
  #again() {
    this.#plot?.destroy();
    this.#plot = null;
    this.#soon();
  }

  #soon() {
    this.#dirty = true;
    this.#wake();
  }

  /** The lines that are shown, by the axis that they share.
   * @returns {Map<string, Drawn[]>} */
  #scales() {
    const axes = byID("chart-axes").value;
    /** @type {Map<string, Drawn[]>} */
    const scales = new Map();
    for (const l of this.#lines) {
      const key = "y" + (axes === "pin" ? l.pin : axes === "unit" ? ":" + l.unit : "");
      const list = scales.get(key) ?? [];
      if (l.on || !list.length) scales.set(key, list);
      if (l.on) list.push(l);
    }
    return scales;
  }

  /** @param {Drawn} l */
  #bounds(l) {
    const d = this.#data;
    l.low = Infinity;
    l.high = -Infinity;
    for (let i = l.at; i < l.end; i += POINT) {
      if (d[i + 1] < l.low) l.low = d[i + 1];
      if (d[i + 2] > l.high) l.high = d[i + 2];
    }
  }

  #build() {
    const style = getComputedStyle(this.#root);
    const ink = style.color;
    const grid = { stroke: style.getPropertyValue("outline-color") && ink, width: 0.25 };
    const font = "12px " + style.fontFamily;
    const scales = this.#scales();
    const narrow = this.#width < 560;
    /** @type {uPlot.Axis[]} */
    const axes = [{ stroke: ink, font, grid, ticks: grid, values: (_, at) => clock(at), space: 76, size: 30 }];
    for (const [key, lines] of scales) {
      if (axes.length > (narrow ? 2 : 4)) break;
      axes.push({
        scale: key, side: axes.length % 2 ? 3 : 1, font, ticks: grid,
        stroke: lines.length === 1 ? lines[0].color : ink,
        grid: { ...grid, show: axes.length === 1 },
        label: narrow ? undefined : label(lines), labelFont: font, labelSize: 18,
        values: (_, at) => at.map((v) => this.#number.format(v)),
        size: (_, values) => 14 + 8 * Math.max(3, ...(values ?? []).map((v) => v.length)),
      });
    }
    /** @type {uPlot.Scales} */
    const all = { x: { time: true, auto: false } };
    for (const key of scales.keys()) all[key] = { auto: false, min: 0, max: 1 };
    const keys = new Map([...scales].flatMap(([key, lines]) => lines.map((l) => [l, key])));
    this.#plot = new uPlot({
      width: this.#width, height: this.#root.clientHeight, padding: [8, 8, 0, 4],
      scales: all, axes, legend: { show: false },
      series: [{}, ...this.#lines.map((l) => ({
        scale: keys.get(l) ?? [...scales.keys()][0], show: l.on, stroke: l.color, width: 1.5, points: { show: false },
        paths: (/** @type {uPlot} */ u) => (this.#dense(u, l) ? null : { stroke: this.#path(u, l), fill: null, clip: null, band: null, flags: 0 }),
      }))],
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false }, bind: { dblclick: () => () => (this.#goLive(), null) } },
      hooks: { setSelect: [(u) => this.#chosen(u)], setCursor: [() => this.#values()], draw: [(u) => this.#marks(u)] },
    }, [this.#range, ...this.#lines.map(() => [null, null])], this.#root);
    this.#plot.over.addEventListener("mousedown", () => (this.#held = true));
    return this.#plot;
  }

  /**
   * Draws a line of which most columns hold many values as upright bars, and tells
   * whether it is one: bars cost a tenth of what the path of such a line does.
   * @param {uPlot} u
   * @param {Drawn} l
   */
  #dense(u, l) {
    const d = this.#data, ctx = u.ctx, { left, top, width, height } = u.bbox;
    let spread = 0;
    for (let i = l.at; i < l.end; i += POINT) spread += d[i + 1] < d[i + 2] ? 1 : 0;
    if (spread < 40 || 2 * spread * POINT < l.end - l.at) return false;
    const { x, y } = place(u, this.#key(u, l));
    const thin = 1.5 * devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    ctx.fillStyle = l.color;
    let before = NaN, high = -Infinity, low = Infinity;
    for (let i = l.at; i < l.end; i += POINT) {
      const px = Math.round(x(d[i]));
      let up = y(d[i + 2]), down = y(d[i + 1]);
      if (Number.isNaN(up)) {
        before = NaN;
        high = -Infinity;
        low = Infinity;
        continue;
      }
      // Bars touch the one before: the line goes on.
      if (high > down) down = high;
      else if (low < up) up = low;
      const wide = px - before <= 4 * thin ? Math.max(px - before, thin) : thin;
      const tall = Math.max(down - up, thin);
      ctx.fillRect(px - wide, Math.round(up), Math.ceil(wide), Math.ceil(tall));
      before = px;
      high = y(d[i + 2]);
      low = y(d[i + 1]);
    }
    ctx.restore();
    return true;
  }

  /**
   * The path of a line: through the lowest and the highest value of each column.
   * @param {uPlot} u
   * @param {Drawn} l
   */
  #path(u, l) {
    const path = new Path2D();
    const d = this.#data;
    const { x, y } = place(u, this.#key(u, l));
    let open = false;
    for (let i = l.at; i < l.end; i += POINT) {
      if (Number.isNaN(d[i + 1])) {
        open = false;
        continue;
      }
      const px = x(d[i]), last = y(d[i + 3]);
      if (!open) {
        open = true;
        path.moveTo(px, last);
        path.lineTo(px + 0.01, last); // a value alone is a dot
      }
      if (d[i + 1] !== d[i + 2]) {
        path.lineTo(px, y(d[i + 1]));
        path.lineTo(px, y(d[i + 2]));
      }
      path.lineTo(px, last);
    }
    return path;
  }

  /**
   * Draws marks on the lines, near fixed times, so that they move with them, and one at
   * the end.
   * @param {uPlot} u
   */
  #marks(u) {
    const d = this.#data, ratio = devicePixelRatio;
    const cells = u.bbox.width / (MARKS * ratio * (this.#range[1] - this.#range[0]));
    for (const [k, l] of this.#lines.entries()) {
      if (!l.on) continue;
      const { x, y } = place(u, this.#key(u, l));
      u.ctx.fillStyle = l.color;
      u.ctx.beginPath();
      let cell = NaN;
      for (let i = l.at; i < l.end; i += POINT) {
        if (Number.isNaN(d[i + 1]) || d[i] < this.#range[0] || d[i] > this.#range[1] + 0.001) continue;
        const now = Math.floor(d[i] * cells + k / SLOTS), last = i + POINT === l.end;
        if (last || (now !== cell && !Number.isNaN(cell))) outline(u.ctx, shapes[l.slot], x(d[i]), y(d[i + 3]), 4 * ratio);
        cell = now;
      }
      u.ctx.fill();
    }
  }

  /**
   * The axis of a line.
   * @param {uPlot} u
   * @param {Drawn} l
   */
  #key(u, l) {
    return u.series[this.#lines.indexOf(l) + 1].scale ?? "";
  }

  /** @param {uPlot} u */
  #chosen(u) {
    const { left, width } = u.select;
    if (width > 4) this.#look(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  /**
   * Shows a range of time and stands still there.
   * @param {number} from
   * @param {number} to
   */
  #look(from, to) {
    const width = Math.min(Math.max(to - from, SHORTEST), LONGEST);
    const middle = Math.min(Math.max((from + to) / 2, this.#oldest - width / 2), Date.now() / 1000 + width / 2);
    this.#fixed = [middle - width / 2, middle + width / 2];
    this.#buttons();
    this.#soon();
  }

  #goLive() {
    this.#fixed = null;
    this.#buttons();
    this.#soon();
  }

  /**
   * Zooms about a place: 0 is the left end, 1 the right one.
   * @param {number} factor
   * @param {number} place
   */
  #zoom(factor, place = 0.5) {
    const [from, to] = this.#range;
    const at = from + (to - from) * place;
    this.#look(at - (at - from) * factor, at + (to - at) * factor);
  }

  /** @param {number} part */
  #pan(part) {
    const [from, to] = this.#range;
    this.#look(from + (to - from) * part, to + (to - from) * part);
  }

  /** @type {Record<string, () => void>} */
  #actions = {
    pause: () => this.#look(...this.#range),
    live: () => this.#goLive(),
    in: () => this.#zoom(0.5),
    out: () => this.#zoom(2),
    left: () => this.#pan(-0.25),
    right: () => this.#pan(0.25),
  };

  #buttons() {
    const [pause, live] = ["pause", "live"].map((n) => byID("chart-panel").querySelector(`[data-chart="${n}"]`));
    const focused = document.activeElement === pause || document.activeElement === live;
    pause.hidden = !!this.#fixed;
    live.hidden = !this.#fixed;
    if (focused) (this.#fixed ? live : pause).focus();
  }

  #listen() {
    const panel = byID("chart-panel");
    panel.addEventListener("click", (/** @type {MouseEvent} */ ev) => {
      const button = ev.target instanceof Element && ev.target.closest("[data-chart]");
      if (button instanceof HTMLElement) this.#actions[button.dataset.chart ?? ""]?.();
    });
    panel.addEventListener("change", (/** @type {Event} */ ev) => {
      const input = /** @type {HTMLInputElement} */ (ev.target);
      if (input.name === "chart-window") {
        this.#window = Number(input.value);
        if (this.#fixed) this.#look(this.#window ? this.#fixed[1] - this.#window : this.#oldest, this.#window ? this.#fixed[1] : Date.now() / 1000);
      }
      page.store("chart.view", this.#window + " " + byID("chart-axes").value);
      this.#again();
    });
    this.#root.addEventListener("keydown", (/** @type {KeyboardEvent} */ ev) => {
      const action = { "+": "in", "=": "in", "-": "out", "0": "live", ArrowLeft: "left", ArrowRight: "right" }[ev.key];
      if (!action || ev.ctrlKey || ev.metaKey || ev.altKey) return;
      ev.preventDefault();
      this.#actions[action]();
    });
    // The wheel scrolls the page, until the person has turned to the chart.
    this.#root.addEventListener("wheel", (/** @type {WheelEvent} */ ev) => {
      if (!this.#plot || !(ev.ctrlKey || document.activeElement === this.#root)) return;
      ev.preventDefault();
      const r = this.#plot.over.getBoundingClientRect();
      if (Math.abs(ev.deltaX) > Math.abs(ev.deltaY)) this.#pan(ev.deltaX / r.width);
      else this.#zoom(Math.exp(Math.max(-1, Math.min(1, ev.deltaY / 300))), (ev.clientX - r.left) / r.width);
    }, { passive: false });
    addEventListener("mouseup", () => (this.#held = false));
    new ResizeObserver(() => {
      this.#width = this.#root.clientWidth;
      if (this.#width) this.#again();
    }).observe(this.#root);
    new MutationObserver(() => this.#colors()).observe(document.documentElement, { attributeFilter: ["data-theme", "lang"] });
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) matchMedia(query).addEventListener("change", () => this.#colors());
  }

  #restore() {
    const [window, axes] = (page.setting("chart.view") ?? "").split(" ");
    for (const e of [byID("chart-axes"), ...document.querySelectorAll("[name='chart-window']")]) {
      if (e instanceof HTMLSelectElement && [...e.options].some((o) => o.value === axes)) e.value = axes;
      if (e instanceof HTMLInputElement && e.value === window) {
        e.checked = true;
        this.#window = Number(window);
      }
    }
  }

  /** Makes the rows of the legend. */
  #legend() {
    const body = byID("chart-legend").tBodies[0];
    body.replaceChildren(...this.#lines.map((l) => {
      const row = document.createElement("tr"), head = document.createElement("th");
      const button = document.createElement("button"), name = document.createElement("bdi");
      row.role = "row";
      head.role = "rowheader";
      head.scope = "row";
      button.type = "button";
      button.ariaPressed = String(l.on);
      button.addEventListener("click", () => {
        l.on = !l.on;
        button.ariaPressed = String(l.on);
        this.#again();
      });
      name.textContent = l.name;
      button.append(symbol(l.slot), name);
      head.append(button);
      l.cells = [0, 1, 2].map(() => {
        const cell = document.createElement("td");
        cell.className = "num";
        cell.role = "cell";
        return cell;
      });
      row.append(head, ...l.cells);
      return row;
    }));
    this.#colors();
  }

  /** Takes the colours from the style sheet. */
  #colors() {
    this.#number = new Intl.NumberFormat(document.documentElement.lang || "en", { maximumSignificantDigits: 7 });
    const marks = byID("chart-legend").querySelectorAll("svg");
    for (const [i, l] of this.#lines.entries()) l.color = getComputedStyle(marks[i]).color;
    this.#again();
  }

  /** Writes the values under the cursor, or the last ones, and the bounds. */
  #values() {
    const u = this.#plot;
    const left = u?.cursor.left ?? -1;
    const at = u && left >= 0 ? u.posToVal(left, "x") : Infinity;
    const format = (/** @type {number} */ v, /** @type {string} */ unit) => (Number.isFinite(v) ? this.#number.format(v) + (unit && " " + unit) : "–");
    for (const l of this.#lines) {
      const texts = [format(this.#valueAt(l, at), l.unit), format(l.low, ""), format(l.high, "")];
      l.cells.forEach((cell, i) => {
        if (cell.textContent !== texts[i]) cell.textContent = texts[i];
      });
    }
  }

  /**
   * @param {Drawn} l
   * @param {number} at
   */
  #valueAt(l, at) {
    const d = this.#data;
    let value = NaN;
    for (let i = l.at; i < l.end && d[i] <= at; i += POINT) {
      if (!Number.isNaN(d[i + 1])) value = d[i + 3];
    }
    return value;
  }
}

/**
 * Where times and values are on the canvas.
 * @param {uPlot} u
 * @param {string} key
 */
function place(u, key) {
  const { left, top, width, height } = u.bbox;
  const sx = u.scales.x, sy = u.scales[key];
  const x0 = sx.min ?? 0, y0 = sy.min ?? 0;
  const kx = width / ((sx.max ?? 1) - x0), ky = height / ((sy.max ?? 1) - y0);
  return {
    x: (/** @type {number} */ t) => left + (t - x0) * kx,
    y: (/** @type {number} */ v) => top + height - (v - y0) * ky,
  };
}

/**
 * The limits of an axis that these lines share.
 * @param {Drawn[]} lines
 * @returns {[number, number]}
 */
function limits(lines) {
  const low = Math.min(...lines.map((l) => l.low)), high = Math.max(...lines.map((l) => l.high));
  if (!(low <= high)) return [0, 1];
  const [min, max] = uPlot.rangeNum(low, high, 0.1, true);
  return [min ?? low, max ?? high];
}

/** @param {Drawn[]} lines */
function label(lines) {
  return lines[0]?.unit || (lines.length === 1 ? lines[0].name : undefined);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {[number, number][]} shape
 * @param {number} x
 * @param {number} y
 * @param {number} size
 */
function outline(ctx, shape, x, y, size) {
  shape.forEach(([dx, dy], i) => (i ? ctx.lineTo(x + dx * size, y + dy * size) : ctx.moveTo(x + dx * size, y + dy * size)));
  ctx.closePath();
}

/** @param {number} slot */
function symbol(slot) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg"), line = document.createElementNS(space, "path"), mark = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 28 14");
  svg.setAttribute("class", "s" + (slot + 1));
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", "M1 7h26");
  mark.setAttribute("d", "M" + shapes[slot].map(([x, y]) => 14 + x * 4 + " " + (7 + y * 4)).join("L") + "z");
  svg.append(line, mark);
  return svg;
}

/**
 * Times of the day as the axis shows them: as short as tells them apart.
 * @param {number[]} at Unix times in s
 */
function clock(at) {
  const step = at.length > 1 ? at[1] - at[0] : 60;
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  let day = -1;
  return at.map((t) => {
    const d = new Date(t * 1000);
    let s = two(d.getHours()) + ":" + two(d.getMinutes());
    if (step < 60) s += ":" + two(d.getSeconds());
    if (step < 1) s += "." + String(d.getMilliseconds()).padStart(3, "0");
    if (step >= 3600 && d.getDate() !== day) s = two(d.getMonth() + 1) + "-" + two(d.getDate()) + " " + s;
    day = d.getDate();
    return s;
  });
}
