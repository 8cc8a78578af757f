// @ts-check
/**
 * The list of conversations, with what is unread in each.
 *
 * @import {Chat} from "../model/chat.js"
 * @import {Conversation} from "../model/conversation.js"
 */
import { byId, el } from "./dom.js";

/**
 * Return the address of a conversation or a line: `#/ops`, `#/ops/42`, `#/@bob`.
 * @param {Conversation} conversation
 * @param {number} [seq]
 */
export function addressOf(conversation, seq) {
  const name = conversation.isRoom ? conversation.id.slice(1) : conversation.name;
  return `#/${encodeURIComponent(name).replace("%40", "@")}${seq ? `/${seq}` : ""}`;
}

/**
 * Draw the list.
 * @param {Chat} chat
 * @param {Conversation | undefined} current
 */
export function drawConversations(chat, current) {
  const groups = { Rooms: /** @type {Conversation[]} */ ([]), "Direct messages": /** @type {Conversation[]} */ ([]) };
  for (const each of chat.sorted()) groups[each.isRoom ? "Rooms" : "Direct messages"].push(each);
  const drawn = Object.entries(groups)
    .filter(([, conversations]) => conversations.length)
    .map(([title, conversations]) =>
      el(
        "section",
        {},
        el("h2", {}, title),
        el("ul", {}, ...conversations.map((each) => item(each, each === current))),
      ),
    );
  const list = byId("conversations");
  const focused = document.activeElement?.closest("#conversations a")?.getAttribute("href");
  list.replaceChildren(...drawn);
  for (const link of focused ? list.querySelectorAll("a") : []) {
    if (link.getAttribute("href") === focused) link.focus();
  }
}

/** @param {Conversation} conversation @param {boolean} isCurrent */
function item(conversation, isCurrent) {
  const { messages, mentions, name, hasMore, isRoom, sending } = conversation;
  const toMe = isRoom ? mentions : messages;
  const link = el(
    "a",
    {
      href: addressOf(conversation),
      class: messages ? "has-unread" : undefined,
      "aria-current": isCurrent ? "page" : undefined,
    },
    el("bdi", { class: "name" }, name),
  );
  if (sending.some((each) => each.state === "failed"))
    link.append(el("span", { class: "badge failed", title: "Not sent" }, "!"));
  if (messages) {
    const many = `${messages > 999 ? "999+" : messages}${hasMore ? "+" : ""}`;
    const told = isRoom && mentions ? `, ${mentions} to you` : "";
    link.append(
      el(
        "span",
        { class: toMe ? "badge to-me" : "badge", "aria-hidden": "true" },
        isRoom && mentions ? `@${mentions}` : many,
      ),
      el("span", { class: "hidden" }, ` ${many} unread${told}`),
    );
  }
  return el("li", {}, link);
}

/**
 * Return the next conversation with something unread, mentions first; or simply the next one.
 * @param {Chat} chat
 * @param {Conversation | undefined} current
 * @param {1 | -1} step
 * @param {boolean} unreadOnly
 */
export function neighbor(chat, current, step, unreadOnly) {
  const sorted = chat.sorted();
  const at = current ? sorted.indexOf(current) : -1;
  for (let away = 1; away <= sorted.length; away += 1) {
    const next = sorted[(at + step * away + sorted.length * away) % sorted.length];
    if (next !== current && (!unreadOnly || next.messages)) return next;
  }
  return undefined;
}

/**
 * Return the number of messages to the user that are unread.
 * @param {Chat} chat
 */
export function unreadToMe(chat) {
  let many = 0;
  for (const each of chat.conversations.values()) many += each.isRoom ? each.mentions : each.messages;
  return many;
}
