// @ts-check
/**
 * Keys that work everywhere in the page.
 *
 * @import {App} from "./app.js"
 */
import { show } from "./dialogs.js";
import { byId, el } from "./dom.js";
import { neighbor } from "./sidebar.js";

const KEYS = [
  ["n, p", "next or previous conversation with unread messages"],
  ["Alt+↓, Alt+↑", "next or previous conversation (with Shift: unread ones)"],
  ["↑, ↓", "move between the lines; ↑ in the empty message field edits your last line"],
  ["r, e, d, +, c", "on a line: reply, edit, delete, react, copy its link"],
  ["/", "go to the message field"],
  ["Ctrl+K", "search"],
  ["m", "members"],
  ["End", "newest messages"],
  ["Escape", "close, cancel, or return to the message field"],
  ["?", "these keys"],
];

export function showKeys() {
  const rows = KEYS.map(([keys, does]) => el("div", {}, el("dt", {}, el("kbd", {}, keys)), el("dd", {}, does)));
  show("Keys", [el("dl", { class: "keys" }, ...rows)]);
}

/** @param {App} app */
export function listenToKeys(app) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || byId("dialog").open || byId("chat").hidden) return;
    const target = /** @type {HTMLElement} */ (event.target);
    const isTyping = Boolean(target.closest("input, textarea"));
    const action = keyAction(app, event, isTyping);
    if (action) {
      event.preventDefault();
      action();
    }
  });
}

/** @param {App} app @param {KeyboardEvent} event @param {boolean} isTyping */
function keyAction(app, event, isTyping) {
  const { key, altKey, shiftKey } = event;
  const isControl = event.ctrlKey || event.metaKey;
  const next = (/** @type {1 | -1} */ step, /** @type {boolean} */ unreadOnly) => () => {
    const found = neighbor(app.chat, app.current, step, unreadOnly);
    if (found) app.go(found);
    else app.notify("Nothing else is unread.");
  };
  if (altKey && (key === "ArrowDown" || key === "ArrowUp")) return next(key === "ArrowDown" ? 1 : -1, shiftKey);
  if (isControl && key.toLowerCase() === "k") return () => app.panel.search();
  if (key === "Escape") return () => escape(app);
  if (isTyping || isControl || altKey) return undefined;
  /** @type {Record<string, () => void>} */
  const plain = {
    n: next(1, true),
    p: next(-1, true),
    m: () => app.toggleMembers(),
    "/": () => app.composer.focus(),
    "?": showKeys,
    End: () => app.log.toNewest(),
  };
  return Object.hasOwn(plain, key) ? plain[key] : undefined;
}

/** @param {App} app */
function escape(app) {
  if (app.closeSidebar() || app.composer.cancel() || app.panel.close()) return;
  app.composer.focus();
}
