// @ts-check
/**
 * Carries out what the user typed.
 *
 * @import {Conversation} from "../model/conversation.js"
 * @import {App} from "./app.js"
 */
import { helpText, NEWEST, parse } from "../model/slash.js";
import { ChatError } from "../session/errors.js";
import { answerText } from "./answers.js";
import { ask, show } from "./dialogs.js";
import { el } from "./dom.js";

/** The longest age of a line that `/delete` without a place deletes. */
const RECENT_MS = 300_000;

/**
 * Carry out a typed line in a conversation; fails with a ChatError.
 * @param {App} app
 * @param {string} line
 * @param {Conversation} conversation
 */
export async function execute(app, line, conversation) {
  const command = parse(line, conversation.target);
  const special = SPECIAL[command.type];
  if (special) return special(app, command, conversation);
  const { events } = await app.chat.session.request(command);
  const text = answerText(command, events);
  if (text.includes("\n")) app.panel.text(line.split(/\s/)[0], text);
  else if (text) app.notify(text);
}

/**
 * @param {App} app
 * @param {string} name "#ops" or "@bob"
 */
function conversationOf({ chat }, name) {
  const found = name.startsWith("@") ? chat.direct(name) : chat.find(name);
  if (!found) throw new ChatError("not_a_member", `You are not in ${name}; /join ${name} enters it.`);
  return found;
}

/** @type {Record<string, (app: App, command: any, conversation: Conversation) => unknown>} */
const SPECIAL = {
  send: async (app, command, current) => {
    const to = command.to === current.target ? current : conversationOf(app, command.to);
    if (to !== current && !to.isRoom) app.go(to);
    await app.chat.keep({ ...command, to: to.target }, to);
  },
  edit: (app, command, current) => change(app, command, current),
  delete: (app, command, current) => change(app, command, current),
  help: (app, { topic }) => app.panel.text("Commands", helpText(topic)),
  history: async (app, command) => {
    const { conversation: name, around, before, limit = 50 } = command;
    const conversation = conversationOf(app, name);
    if (around) app.go(conversation, around);
    else app.go(conversation, before && before !== NEWEST ? Math.max(1, before - limit) : undefined);
  },
  search: (app, command) => app.panel.search(searchWords(command)),
  users: (app, { room }, current) => app.panel.members(room ? conversationOf(app, room) : lobbyOf(app, current)),
  unread: async (app) => {
    const counts = await app.chat.count();
    app.notify(answerText({ type: "unread" }, [{ type: "unread", conversations: counts }]));
  },
  read: async (app, command, current) => {
    const { conversation: name } = command;
    const conversation = name && conversationOf(app, name);
    await app.chat.session.request({ type: "read", ...(conversation ? { conversation: conversation.stored } : {}) });
    for (const each of conversation ? [conversation] : app.chat.conversations.values()) each.clearUnread();
    app.log.unread = 0;
    app.listChanged();
    app.notify(`Marked ${conversation ? conversation.name : "everything"} as read.`);
    app.log.changed();
    void current;
  },
  join: async (app, command) => {
    await app.chat.session.request(command);
    const found = app.chat.find(command.room);
    if (found) app.go(found);
  },
  leave: async (app, command, current) => {
    if (!current.isRoom) {
      app.chat.conversations.delete(current.id);
      app.listChanged();
    } else {
      await app.chat.session.request(command);
    }
    app.go(conversationOf(app, "#lobby"));
  },
  password: (app) => askPassword(app),
  quit: (app) => app.leave(),
  login: () => {
    throw new ChatError("usage", "You are logged in. To log in as another user, use another browser or profile.");
  },
};

/** @param {App} app @param {Conversation} current */
function lobbyOf(app, current) {
  return app.chat.find("#lobby") ?? current;
}

/** @param {any} command */
function searchWords({ words = "", conversation, name, after, before }) {
  const filters = { in: conversation, from: name, after, before };
  return [words, ...Object.entries(filters).map(([key, value]) => (value ? `${key}:${value}` : ""))]
    .filter(Boolean)
    .join(" ");
}

/**
 * Edit or delete a line: without a place, the user's last one.
 * @param {App} app
 * @param {any} command
 * @param {Conversation} current
 */
async function change(app, command, current) {
  const conversation = command.conversation === current.target ? current : conversationOf(app, command.conversation);
  let { seq } = command;
  if (seq === undefined) {
    if (conversation.sending.length) {
      const text = "Your last line is not stored yet. Try again when it is, or give its place, as in #ops/42.";
      throw new ChatError("refused", text);
    }
    const own = app.lastOwn(conversation);
    if (!own || (command.type === "delete" && own.ts < Date.now() - RECENT_MS)) {
      throw new ChatError("not_found", "You have no recent line here. Give its place, as in #ops/42.");
    }
    seq = own.seq;
  }
  const target = conversation.stored ?? conversation.target;
  await app.chat.keep({ ...command, conversation: target, seq }, conversation);
}

/** @param {App} app */
export function askPassword(app) {
  if (app.isUnsafe) {
    const text =
      "This server's certificate is self-signed, so your browser cannot tell who made this page. Set a " +
      "password in a terminal: socketchat join, then /password.";
    show("No passwords here", [el("p", {}, text)]);
    return;
  }
  const old = {
    label: "Old password, if there is one",
    name: "old",
    type: "password",
    autocomplete: "current-password",
  };
  const hint = "At least 8 characters.";
  const fresh = { label: "New password", name: "fresh", type: "password", autocomplete: "new-password", hint };
  ask("Set a password", [old, fresh], "Set it", async ({ old: before, fresh: password }) => {
    const command = { type: "password", password, ...(before ? { old: before } : {}) };
    const { events } = await app.chat.session.request(command);
    app.notify(answerText(command, events) || "The password is set.");
  });
}
