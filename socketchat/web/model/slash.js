// @ts-check
/**
 * Parses typed lines as the terminal does: text, or a slash command of the shared table.
 *
 * @import {Command} from "../session/types.js"
 */
import { ChatError } from "../session/errors.js";
import { ELSEWHERE, SLASHES } from "./slash_table.js";

/** The seq that `/history N` asks for lines before: it means the newest lines, not the next page. */
export const NEWEST = Number.MAX_SAFE_INTEGER;

/** @type {Record<string, number>} */
const UNITS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const LONGEST_SECONDS = 315_360_000;
const FILTERS = ["from", "in", "after", "before"];
const MISPLACED = /^(?:[\s\u200b\u2060\ufeff]+\/|[\s\u200b\u2060\ufeff]*\uff0f)[\p{L}\p{M}]+(?:\s|$)/u;
const A_TIME = "A TIME is a number and s, m, h, d or w, such as 10m, 2h or 7d. Without one, there is no end.";

/** @typedef {Command | undefined} Built */
/** @typedef {(words: string, room: string) => Built} Build */

/** @param {string} text */
const usage = (text) => new ChatError("usage", text);

/** @param {string} words */
const isWord = (words) => !/\s/.test(words);

/** @param {string} word */
const noAt = (word) => (word.startsWith("@") ? word.slice(1) : word);

/** @param {string} words @returns {[string, string]} */
function wordAndRest(words) {
  const found = /^(\S*)\s*([^]*)$/.exec(words);
  return [found?.[1] ?? "", found?.[2] ?? ""];
}

/** Return the name of a room with its sign; the server checks what a browser cannot. @param {string} word */
function roomOf(word) {
  const name = word.replace(/^#/, "").normalize("NFC");
  if (/^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u.test(name) && [...name].length <= 20) return `#${name}`;
  const rule = "Use 1 to 20 letters and digits of one script, - _ and ., beginning with a letter or a digit.";
  throw new ChatError("bad_name", `Not the name of a room: ${word.slice(0, 40)}. ${rule}`);
}

/** @param {string} word */
const conversationOf = (word) => (word.startsWith("@") ? word : roomOf(word));

/**
 * Return the conversation and the seq of a place such as #ops/42.
 * @param {string} word
 */
export function placeOf(word) {
  const found = /^([#@][^\s/]+)\/([0-9]{1,15})$/.exec(word);
  return found ? { conversation: conversationOf(found[1]), seq: Number(found[2]) } : undefined;
}

/** @param {string} word @param {string} room */
const placeHere = (word, room) => placeOf(/^\p{Nd}+$/u.test(word) ? `${room}/${word}` : word);

/** @param {string} word */
function secondsOf(word) {
  const found = /^([0-9]{1,9})([smhdw])$/.exec(word.toLowerCase());
  if (!found) return undefined;
  return Math.min(Number(found[1]) * UNITS[found[2]], LONGEST_SECONDS);
}

/** @param {string} type @returns {Build} */
const plain = (type) => (words) => (words ? undefined : { type });

/** @param {string} type @returns {Build} */
function onUser(type) {
  return (words, room) => (noAt(words) && isWord(words) ? { type, room, name: noAt(words) } : undefined);
}

/** @param {string} type @returns {Build} */
function forATime(type) {
  return (words, room) => {
    const [name, rest] = wordAndRest(noAt(words));
    const [word, after] = wordAndRest(rest);
    const seconds = secondsOf(word);
    if (!seconds && /^\d/.test(word.replace(/^[+\-.]+/, ""))) {
      throw usage(`${word.slice(0, 20)} is not a time. ${A_TIME} Start a reason with a word.`);
    }
    const reason = seconds === undefined ? rest : after;
    if (!name) return undefined;
    return { type, room, name, ...(seconds ? { seconds } : {}), ...(reason ? { reason } : {}) };
  };
}

/** @param {boolean} remove @returns {Build} */
function react(remove) {
  return (words, room) => {
    const [word, text, ...more] = words.split(/\s+/);
    const place = text && !more.length ? placeHere(word, room) : undefined;
    return place && { type: "react", ...place, text, ...(remove ? { remove } : {}) };
  };
}

/** @type {Build} */
function dm(words) {
  const [name, text] = wordAndRest(words);
  return text ? { type: "send", to: `@${noAt(name)}`, text } : undefined;
}

/** @type {Build} */
function history(words, room) {
  const parts = words ? words.split(/\s+/) : [];
  /** @type {Record<string, any>} */
  let where = { conversation: room };
  if (parts[0]?.toLowerCase() === "before") {
    const place = placeOf(parts[1] ?? "");
    if (!place) return undefined;
    where = { conversation: place.conversation, before: place.seq };
    parts.splice(0, 2);
  } else if (/^[#@]/.test(parts[0] ?? "")) {
    const word = /** @type {string} */ (parts.shift());
    const place = placeOf(word);
    where = place ? { conversation: place.conversation, before: place.seq } : { conversation: conversationOf(word) };
  }
  if (!parts.length) return { type: "history", ...where };
  const limit = /^[0-9]+$/.test(parts[0]) && parts.length === 1 ? Number(parts[0].slice(0, 9)) : 0;
  return limit ? { type: "history", before: NEWEST, ...where, ...(limit === 50 ? {} : { limit }) } : undefined;
}

/** @type {Build} */
function search(words) {
  /** @type {string[]} */
  const plainWords = [];
  /** @type {Record<string, string>} */
  const found = {};
  for (const word of words.match(/"[^"]*"\*?|\S+/g) ?? []) {
    const colon = word.indexOf(":");
    const filter = word.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!FILTERS.includes(filter)) plainWords.push(word);
    else if (colon === word.length - 1) return undefined;
    else found[filter] = word.slice(colon + 1);
  }
  if (!plainWords.length && !Object.keys(found).length) return undefined;
  const { from, in: where, after, before } = found;
  return {
    type: "search",
    ...(plainWords.length ? { words: plainWords.join(" ") } : {}),
    ...(where ? { conversation: conversationOf(where) } : {}),
    ...(from ? { name: noAt(from) } : {}),
    ...(after ? { after } : {}),
    ...(before ? { before } : {}),
  };
}

/** @type {Build} */
function edit(words, room) {
  const [word, rest] = wordAndRest(words);
  const place = placeOf(word);
  const text = place ? rest : words;
  return text ? { type: "edit", ...(place ?? { conversation: room }), text } : undefined;
}

/** @type {Build} */
function remove(words, room) {
  const place = words ? placeOf(words) : { conversation: room };
  return place && { type: "delete", ...place };
}

/** @type {Build} */
function reply(words, room) {
  const [word, text] = wordAndRest(words);
  const place = placeHere(word, room);
  return place && text ? { type: "send", to: place.conversation, text, of: place.seq } : undefined;
}

/** @type {Build} */
function roomSettings(words, room) {
  const [first, name] = wordAndRest(words);
  if (first.toLowerCase() === "rename" && name && isWord(name)) return { type: "settings", room, name: roomOf(name) };
  const [word, value, ...more] = words.toLowerCase().split(/\s+/);
  if (!word) return { type: "settings", room };
  if (more.length) return undefined;
  if (value === undefined) {
    return ["private", "public"].includes(word) ? { type: "access", room, private: word === "private" } : undefined;
  }
  if (word === "announce" && ["on", "off"].includes(value))
    return { type: "settings", room, announce: value === "on" };
  const seconds = value === "off" ? 0 : secondsOf(value) || undefined;
  return word === "slow" && seconds !== undefined ? { type: "settings", room, slow: seconds } : undefined;
}

/** @type {Build} */
function devices(words) {
  const [verb, device, ...more] = words.split(/\s+/);
  if (!verb) return { type: "devices" };
  if (!device || more.length) return undefined;
  if (verb === "revoke") return { type: "revoke", device };
  return verb === "keep" ? { type: "keepdevice", device } : undefined;
}

/** @type {Record<string, Build>} */
const BUILDERS = {
  help: (words) => (isWord(words) ? { type: "help", ...(words ? { topic: words } : {}) } : undefined),
  users: (words) => (isWord(words) ? { type: "users", ...(words ? { room: roomOf(words) } : {}) } : undefined),
  dm,
  me: (words, room) => (words ? { type: "send", to: room, text: words, kind: "action" } : undefined),
  rooms: plain("rooms"),
  join: (words) => (words && isWord(words) ? { type: "join", room: roomOf(words) } : undefined),
  leave: (words, room) => (words ? undefined : { type: "leave", room }),
  topic: (words, room) => ({ type: "topic", room, ...(words ? { text: words === '""' ? "" : words } : {}) }),
  ignore: (words) => (isWord(words) ? { type: "ignore", ...(noAt(words) ? { name: noAt(words) } : {}) } : undefined),
  unignore: (words) => (noAt(words) && isWord(words) ? { type: "unignore", name: noAt(words) } : undefined),
  away: (words) => ({ type: "away", ...(words ? { text: words } : {}) }),
  unread: plain("unread"),
  read: (words) =>
    isWord(words) ? { type: "read", ...(words ? { conversation: conversationOf(words) } : {}) } : undefined,
  history,
  search,
  show: (words) => {
    const place = placeOf(words);
    return place && { type: "history", conversation: place.conversation, around: place.seq };
  },
  edit,
  delete: remove,
  reply,
  react: react(false),
  unreact: react(true),
  login: (words) => (words && isWord(words) ? { type: "login", name: words } : undefined),
  password: (words) => (words === "keep" ? { type: "keeppassword" } : words ? undefined : { type: "password" }),
  devices,
  quit: plain("quit"),
  kick: (words, room) => {
    const [name, reason] = wordAndRest(noAt(words));
    return name ? { type: "kick", room, name, ...(reason ? { reason } : {}) } : undefined;
  },
  ban: forATime("ban"),
  unban: onUser("unban"),
  mute: forATime("mute"),
  unmute: onUser("unmute"),
  invite: onUser("invite"),
  room: roomSettings,
  voice: onUser("voice"),
  unvoice: onUser("unvoice"),
  mod: onUser("mod"),
  unmod: onUser("unmod"),
};

/**
 * Return the row of a slash command; throws a ChatError if there is none.
 * @param {string} word
 */
export function find(word) {
  const name = word.toLowerCase();
  const slash = SLASHES.find((each) => each.name === name);
  if (slash) return slash;
  const told = Object.hasOwn(ELSEWHERE, name) ? ELSEWHERE[name] : ".";
  const more = " /help lists the commands. To send text that starts with /, type //.";
  throw new ChatError("no_such_command", `No such command: /${word.slice(0, 20)}${told}${more}`);
}

/**
 * Return the command for a typed line; text goes to `room`, a room's name or "@name". Throws a ChatError.
 * @param {string} line
 * @param {string} room
 * @returns {Command}
 */
export function parse(line, room) {
  if (!line.startsWith("/")) {
    if (MISPLACED.test(line)) throw usage("Not sent: a command must start with /. Use // to send it as text.");
    return { type: "send", to: room, text: line };
  }
  if (line.startsWith("//")) return { type: "send", to: room, text: line.slice(1) };
  const word = /^\S*/.exec(line.slice(1))?.[0] ?? "";
  const slash = find(word);
  const command = BUILDERS[slash.name](line.slice(1 + word.length).trim(), room);
  if (!command) throw usage(`Usage: ${slash.usage}`);
  return command;
}

/**
 * Return the help of all commands, or of one.
 * @param {string} [topic]
 */
export function helpText(topic) {
  if (topic === undefined) return SLASHES.map((each) => `${each.usage}\n    ${each.help}`).join("\n");
  const slash = find(topic.replace(/^\//, ""));
  const place = slash.wide ? " In the lobby, it applies to the whole chat." : "";
  return `${slash.usage}\n${slash.help}${place}${slash.more ?? ""}`;
}
