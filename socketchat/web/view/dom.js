// @ts-check
/** Makes elements. Text enters the page by `textContent` and text nodes only, so that it is never markup. */

/** @typedef {Node | string | false | undefined | null} Child */

/**
 * Return a new element.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | boolean | number | undefined>} attributes by name; `false` and undefined are left out
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) {
    if (child) element.append(child);
  }
  return element;
}

/**
 * Return the element of the page with this id.
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no ${id}.`);
  return found;
}

/**
 * Return a button that does something.
 * @param {string} text
 * @param {() => void} action
 * @param {Record<string, string | boolean>} [attributes]
 */
export function button(text, action, attributes = {}) {
  const made = el("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", action);
  return made;
}

/**
 * Return the time of a moment, and all of it for who asks.
 * @param {number} ts
 */
export function time(ts) {
  const at = new Date(ts);
  const short = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return el("time", { datetime: at.toISOString(), title: at.toLocaleString() }, short);
}

/** @param {number} ts */
export function day(ts) {
  const today = new Date();
  const at = new Date(ts);
  if (at.toDateString() === today.toDateString()) return "Today";
  const year = at.getFullYear() === today.getFullYear() ? undefined : /** @type {const} */ ("numeric");
  return at.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long", year });
}
