// @ts-check
/** Asks, and shows lists: one dialog, which the browser keeps apart from the rest of the page. */
import { sentence } from "../session/errors.js";
import { byId, el } from "./dom.js";

/** @typedef {{label: string, name: string, value?: string, type?: string, hint?: string, autocomplete?: string}} Field */

/**
 * Ask for values; `action` gets them, and its error is shown in the dialog.
 * @param {string} title
 * @param {Field[]} fields
 * @param {string} ok the text of the button
 * @param {(values: Record<string, string>) => Promise<unknown> | void} action
 */
export function ask(title, fields, ok, action) {
  const inputs = fields.map(({ label, name, value = "", type = "text", hint, autocomplete = "off" }) => {
    const id = `dialog-${name}`;
    const input = el("input", { id, name, type, value, autocomplete, spellcheck: "false", autocapitalize: "none" });
    const told = hint && el("small", { id: `${id}-hint` }, hint);
    if (told) input.setAttribute("aria-describedby", told.id);
    return el("div", { class: "field" }, el("label", { for: id }, label), input, told);
  });
  show(title, inputs, ok, async () => {
    /** @type {Record<string, string>} */
    const values = {};
    for (const { name } of fields) values[name] = byId(`dialog-${name}`).value;
    await action(values);
  });
}

/**
 * Show nodes, to read or to confirm.
 * @param {string} title
 * @param {(Node | string)[]} nodes
 * @param {string} [ok] the text of the button that confirms; without it, there is only one that closes
 * @param {() => Promise<unknown> | void} [action]
 */
export function show(title, nodes, ok, action) {
  const dialog = byId("dialog");
  byId("dialog-title").textContent = title;
  byId("dialog-problem").textContent = "";
  byId("dialog-body").replaceChildren(...nodes);
  byId("dialog-ok").hidden = !ok;
  byId("dialog-ok").textContent = ok ?? "";
  byId("dialog-cancel").textContent = ok ? "Cancel" : "Close";
  byId("dialog-cancel").onclick = () => dialog.close();
  byId("dialog-form").onsubmit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      await action?.();
      dialog.close();
    } catch (error) {
      byId("dialog-problem").textContent = sentence(error);
    }
  };
  if (!dialog.open) dialog.showModal();
}

export function closeDialog() {
  byId("dialog").close();
}
