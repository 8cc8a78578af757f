// @ts-check
/**
 * Draws one line of a conversation.
 *
 * @import {Line} from "../model/timeline.js"
 * @import {Sending} from "../model/conversation.js"
 */
import { tokens } from "../model/text.js";
import { el, time } from "./dom.js";

const HUES = 8;

/** @param {string} user */
export function hue(user) {
  let sum = 0;
  for (const each of user) sum = (sum * 31 + (each.codePointAt(0) ?? 0)) % 65_521;
  return `hue-${sum % HUES}`;
}

/**
 * Return the nodes of a text, with code and links.
 * @param {string} text
 */
export function rich(text) {
  return tokens(text).map(({ kind, text: part }) => {
    if (kind === "code") return el("code", {}, part);
    if (kind === "block") return el("pre", { tabindex: "0" }, el("code", {}, part));
    if (kind === "link") return el("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part);
    return document.createTextNode(part);
  });
}

/**
 * @typedef {object} Drawing
 * @property {Line} line
 * @property {boolean} isGrouped the line before is by the same author, shortly before
 * @property {boolean} isMine
 * @property {boolean} isMention
 * @property {{text: string, names: string[], users: string[]}[]} reactions
 * @property {string} me the reader's user id
 * @property {Line | undefined} original the line that it replies to
 */

/**
 * Return the element of a line.
 * @param {Drawing} drawing
 */
export function lineElement({ line, isGrouped, isMine, isMention, reactions, me, original }) {
  const { kind, name, author, ts, seq } = line;
  const classes = ["line", kind];
  if (isGrouped) classes.push("grouped");
  if (isMention) classes.push("mention");
  if (line.deleted) classes.push("gone");
  const article = el("article", { class: classes.join(" "), tabindex: "-1", "data-seq": seq, id: `line-${seq}` });
  article.append(
    el("span", { class: `author ${hue(author)}` }, el("bdi", {}, name)),
    el("span", { class: "when" }, time(ts)),
  );
  if (kind === "reply" && line.of) article.append(quote(line, original));
  article.append(textElement(line));
  if (isMine && !line.deleted) article.append(el("span", { class: "state", title: "Stored" }, "✓", hidden("stored")));
  if (reactions.length) article.append(reactionList(reactions, me));
  return article;
}

/** @param {string} text */
function hidden(text) {
  return el("span", { class: "hidden" }, ` ${text}`);
}

/** @param {Line} line @param {Line | undefined} original */
function quote(line, original) {
  const who = line.ofName || "someone";
  const said = original && !original.deleted ? `: ${original.text.slice(0, 120)}` : "";
  return el(
    "button",
    { type: "button", class: "quote", "data-show": line.of },
    "↳ ",
    el("bdi", {}, who),
    el("bdi", {}, said),
  );
}

/** @param {Line} line */
function textElement(line) {
  const { kind, deleted, text } = line;
  const body = el("div", { class: "text", dir: "auto" });
  if (deleted) body.append(deleted > 1 ? `${deleted.toLocaleString()} lines deleted` : "deleted");
  else if (kind === "damaged") body.append("This line is damaged on the server's disk.");
  else if (kind === "topic") body.append(text ? `changed the topic to: ${text}` : "cleared the topic");
  else if (kind === "notice") body.append(text);
  else body.append(...rich(text));
  if (line.edited && !deleted) body.append(el("small", { class: "edited" }, " (edited)"));
  return body;
}

/** @param {{text: string, names: string[], users: string[]}[]} reactions @param {string} me */
function reactionList(reactions, me) {
  const list = el("div", { class: "reactions", role: "group", "aria-label": "Reactions" });
  for (const { text, names, users } of reactions) {
    const pressed = users.includes(me);
    const label = `${text} ${names.length}: ${names.join(", ")}`;
    const attributes = { type: "button", "data-react": text, "aria-pressed": String(pressed), "aria-label": label };
    list.append(el("button", { ...attributes, title: label }, el("bdi", {}, text), ` ${names.length}`));
  }
  return list;
}

const STATES = {
  sending: "sending …",
  waiting: "waits for the connection",
  stored: "stored",
  failed: "not sent",
};

/**
 * Return the element of a message that is on its way.
 * @param {Sending} sending
 * @param {string} name that of the user
 */
export function sendingElement({ message, state, problem, key }, name) {
  const text = el("div", { class: "text", dir: "auto" }, ...rich(message.text ?? ""));
  const article = el("article", {
    class: `line mine ${state} ${message.kind ?? "message"}`,
    "data-key": key,
    tabindex: "-1",
  });
  article.append(el("span", { class: "author" }, el("bdi", {}, name)), el("span", { class: "when" }), text);
  article.append(el("span", { class: "state" }, problem ? `${STATES[state]}: ${problem}` : STATES[state]));
  if (state === "failed") {
    article.append(
      el("button", { type: "button", "data-again": key }, "Edit"),
      el("button", { type: "button", "data-drop": key }, "Discard"),
    );
  }
  return article;
}
