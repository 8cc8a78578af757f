// @ts-check
/**
 * Draws the name of the open conversation, and the state of the link.
 *
 * @import {Chat} from "../model/chat.js"
 * @import {Conversation} from "../model/conversation.js"
 * @import {LinkState} from "../session/link.js"
 */
import { byId } from "./dom.js";
import { unreadToMe } from "./sidebar.js";

/** @param {Chat} chat @param {Conversation | undefined} current */
export function drawTitle(chat, current) {
  if (!current) return;
  const { name, topic, announce, slow } = current;
  const marks = [announce && "announcements", slow && `slow: ${slow} s`].filter(Boolean).join(", ");
  byId("title").textContent = name;
  byId("topic").textContent = [marks && `[${marks}]`, topic].filter(Boolean).join(" ");
  byId("topic").title = topic;
  const many = unreadToMe(chat);
  byId("elsewhere").hidden = !many;
  document.title = `${many ? `(${many}) ` : ""}${name} – socketchat`;
}

/** @param {LinkState} link @param {boolean} isEnded whether it stays as it is */
export function drawLink({ state, delay }, isEnded) {
  byId("offline").hidden = state !== "offline" || isEnded;
  document.body.dataset.link = state;
  const seconds = Math.max(1, Math.round((delay ?? 0) / 1000));
  byId("offline-text").textContent = `Offline. What you type is kept. Next try in ${seconds} s.`;
  byId("link").className = state;
  byId("link").textContent = state === "connecting" ? "connecting …" : state;
}
