// @ts-check
/** Short notices above the lines, which go by themselves; problems stay until they are closed. */
import { button, byId, el } from "./dom.js";

const SHOWN_MS = 8000;
const MOST = 4;

/** @param {string} text @param {boolean} isProblem @param {HTMLElement[]} [more] buttons */
export function notice(text, isProblem, more = []) {
  const list = byId("notices");
  for (const each of [...list.children]) if (each.firstElementChild?.textContent === text) each.remove();
  const made = el(
    "div",
    { class: isProblem ? "notice problem" : "notice" },
    el("span", { dir: "auto" }, text),
    ...more,
  );
  made.append(button("✕", () => made.remove(), { class: "icon", "aria-label": "Dismiss" }));
  list.append(made);
  while (list.children.length > MOST) list.firstElementChild?.remove();
  if (!isProblem && !more.length) setTimeout(() => made.remove(), SHOWN_MS);
  return made;
}
