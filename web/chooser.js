// The chooser for ports that are not the browser's own. It follows what is plugged
// and unplugged while it is open.

import { t } from "./language.js";

/** @typedef {{id: string, name: string, detail: string}} Choice */

/**
 * Asks which port to use.
 * @param {EventTarget} changes fires "connect" and "disconnect" when the choices change
 * @param {() => Choice[]} choices
 * @returns {Promise<string>} the id, or "" when the person chose none
 */
export function choose(changes, choices) {
  const list = element("ul", { role: "radiogroup", "aria-labelledby": "chooser-title" });
  const cancel = element("button", { type: "button" }, t("Cancel"));
  const connect = element("button", { type: "submit", class: "primary" }, t("Connect"));
  const form = element(
    "form",
    { method: "dialog" },
    element("h2", { id: "chooser-title" }, t("Choose a port")),
    list,
    element("menu", { class: "actions" }, cancel, connect),
  );
  const dialog = /** @type {HTMLDialogElement} */ (
    element("dialog", { class: "chooser", "aria-labelledby": "chooser-title" }, form)
  );

  let chosen = "";
  const fill = () => {
    const items = choices();
    if (!items.some(({ id }) => id === chosen)) chosen = items[0]?.id ?? "";
    list.replaceChildren(...items.map((c) => item(c, c.id === chosen)));
    if (items.length === 0) list.append(element("li", { class: "muted", role: "none" }, t("Nothing is plugged in")));
    connect.toggleAttribute("disabled", items.length === 0);
  };
  list.addEventListener("change", (e) => {
    if (e.target instanceof HTMLInputElement) chosen = e.target.value;
  });

  return new Promise((resolve) => {
    cancel.addEventListener("click", () => dialog.close());
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      dialog.close(chosen);
    });
    dialog.addEventListener("close", () => {
      changes.removeEventListener("connect", fill);
      changes.removeEventListener("disconnect", fill);
      dialog.remove();
      resolve(dialog.returnValue);
    });
    changes.addEventListener("connect", fill);
    changes.addEventListener("disconnect", fill);
    fill();
    document.body.append(dialog);
    dialog.showModal();
    list.querySelector("input")?.focus();
  });
}

/**
 * @param {Choice} choice
 * @param {boolean} checked
 */
function item({ id, name, detail }, checked) {
  const input = /** @type {HTMLInputElement} */ (element("input", { type: "radio", name: "port", value: id }));
  input.checked = checked;
  const label = element("label", {}, input, element("bdi", {}, name));
  if (detail) label.append(element("span", { class: "muted" }, detail));
  return element("li", { role: "none" }, label);
}

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
function element(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  e.append(...children);
  return e;
}
