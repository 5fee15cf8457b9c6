// The catalogue of boards and the dialog in which a person picks one. Both are loaded
// when they are first needed. The Go package board describes the catalogue, and its
// tests check it.

/**
 * What hangs at the GPIOs of an NCP, by "led", "rgb" and "button".
 * @typedef {Record<string, Record<string, number | boolean>>} Preset
 */

/**
 * @typedef {object} Board
 * @property {string} id
 * @property {string} name
 * @property {string} vendor
 * @property {{chip?: string, module?: string}} [ncp]
 * @property {{chip: string}} [mcu]
 * @property {{id: string}[]} [usb]
 * @property {Preset} [preset]
 */

const response = await fetch(new URL("./boards.json", import.meta.url));
if (!response.ok) throw new Error(`the server answered ${response.status}`);
const text = await response.text();
/** @type {Board[]} */
const boards = JSON.parse(text).boards;

/** The catalogue as it was loaded, for the programs that read it by themselves. */
export const catalogue = () => text;

const byID = new Map(boards.map((b) => [b.id, b]));

const PARTS = ["led", "rgb", "button"];

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("boards"));
const search = /** @type {HTMLInputElement} */ (document.getElementById("boards-search"));
const list = /** @type {HTMLElement} */ (document.getElementById("boards-list"));
const nothing = /** @type {HTMLElement} */ (document.getElementById("boards-none"));
const pattern = /** @type {HTMLTemplateElement} */ (document.getElementById("t-board"));

/** @type {{row: HTMLElement, board: Board, text: string}[]} */
let rows = [];
/** @type {(b: Board) => void} */
let chosen = () => {};

/** The board itself, or the module that is its NCP. @param {Board} b @returns {Board} */
const ncpOf = (b) => byID.get(b.ncp?.module ?? "") ?? b;

/** @param {Board} b @returns {Preset | null} */
const presetOf = (b) => b.preset ?? ncpOf(b).preset ?? null;

/** @param {Board} b */
const titleOf = (b) => [b.vendor, b.name].filter(Boolean).join(" ");

/** @param {Board} b @param {boolean} plugged */
function add(b, plugged) {
  const row = /** @type {HTMLElement} */ (document.importNode(pattern.content, true).firstElementChild);
  const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (row.querySelector(`[data-part="${name}"]`));
  const put = (/** @type {string} */ name, /** @type {string} */ text) => {
    part(name).hidden = text === "";
    /** @type {HTMLElement} */ (part(name).querySelector(".data")).textContent = text;
  };
  const preset = presetOf(b);
  const chip = ncpOf(b).ncp?.chip ?? "";
  part("title").textContent = titleOf(b);
  put("chip", chip);
  for (const name of PARTS) {
    const gpio = Object.values(preset?.[name] ?? {}).filter((v) => typeof v === "number");
    put(name, gpio.join(", "));
  }
  part("none").hidden = preset !== null;
  part("plugged").hidden = !plugged;
  row.querySelector("button")?.addEventListener("click", () => chosen(b));
  list.append(row);
  rows.push({ row, board: b, text: `${titleOf(b)} ${chip} ${b.mcu?.chip ?? ""}`.toLowerCase() });
}

/** Shows the boards that hold every word of the search. */
function filter() {
  const words = search.value.toLowerCase().split(/\s+/);
  for (const r of rows) r.row.hidden = !words.every((w) => r.text.includes(w));
  nothing.hidden = rows.some((r) => !r.row.hidden);
}

search.addEventListener("input", filter);
// Enter takes the board that begins with what was typed, else the first that is shown.
document.getElementById("boards-form")?.addEventListener("submit", (ev) => {
  ev.preventDefault();
  const found = rows.filter((r) => !r.row.hidden);
  const best = found.find((r) => r.text.startsWith(search.value.toLowerCase().trim())) ?? found[0];
  if (search.value !== "" && best) chosen(best.board);
});
document.getElementById("boards-close")?.addEventListener("click", () => dialog.close());

/**
 * The texts of the form for a preset, by the names of its fields. What the board does
 * not have is off; what a preset cannot know, such as a chain of LEDs, is not named.
 * @param {Preset} preset
 */
function fields(preset) {
  /** @type {Record<string, string>} */
  const form = {};
  for (const name of PARTS) {
    form[`${name}.on`] = preset[name] ? "on" : "";
    for (const [member, value] of Object.entries(preset[name] ?? {})) {
      form[`${name}.${member}`] = typeof value === "number" ? String(value) : value ? "on" : "";
    }
  }
  return form;
}

/**
 * Asks which board it is. Boards with the USB id of the port come first, then those
 * that have lights.
 * @param {number} vendor USB id of the port; 0: none
 * @param {number} product
 * @param {(id: string, title: string, fields: Record<string, string> | null) => void} done
 */
export function choose(vendor, product, done) {
  const hex = (/** @type {number} */ n) => n.toString(16).toUpperCase().padStart(4, "0");
  const id = `${hex(vendor)}:${hex(product)}`;
  const isPlugged = (/** @type {Board} */ b) => vendor !== 0 && (b.usb ?? []).some((u) => u.id === id);
  chosen = (b) => {
    dialog.close();
    const preset = presetOf(b);
    done(b.id, titleOf(b), preset && fields(preset));
  };
  rows = [];
  list.replaceChildren();
  const rank = (/** @type {Board} */ b) => (isPlugged(b) ? 0 : presetOf(b) ? 1 : 2);
  const order = boards.toSorted((a, b) => rank(a) - rank(b) || titleOf(a).localeCompare(titleOf(b)));
  for (const b of order) add(b, isPlugged(b));
  search.value = "";
  filter();
  dialog.showModal();
  list.scrollTop = 0;
}
