// @ts-check
/**
 * What the page knows of the chat: the conversations, what is unread, and what is on its way. It draws nothing.
 *
 * @import {Entry, Message, ServerEvent} from "../session/types.js"
 * @import {OutboxStore} from "../storage/outbox_store.js"
 */
import { ChatError, sentence } from "../session/errors.js";
import { Session } from "../session/session.js";
import { Conversation } from "./conversation.js";
import { mentions, nameKey } from "./text.js";

export const LOBBY = "#lobby";

/** Time between two reports of what was read: a fast chat must not cause a command per line. */
const READ_MS = 700;

/** Time until messages are sent again that the server could not store. */
const RETRY_MS = 5000;

const COUNTED = new Set(["message", "action", "reply"]);

/**
 * What the view does with news; each is called after the chat has changed.
 * @typedef {object} View
 * @property {() => void} listChanged the conversations or their counts
 * @property {(conversation: Conversation, added: boolean, changed?: number) => void} linesChanged
 * @property {(conversation: Conversation) => void} sendingChanged
 * @property {(conversation: Conversation) => void} reloaded the lines were dropped, because some would be missing
 * @property {(conversation: Conversation, entry: Entry) => void} rang
 * @property {(conversation: Conversation) => boolean} isWatching whether the user sees its newest lines
 * @property {(text: string, isProblem?: boolean) => void} notify
 * @property {(event: ServerEvent) => void} loggedIn
 * @property {(event: ServerEvent) => void} loginRefused
 * @property {(event: ServerEvent) => void} presence
 * @property {() => void} ended the server ended the session for good
 * @property {(event: ServerEvent) => void} replaced a conversation "@name" got its id
 */

export class Chat {
  /**
   * @param {ConstructorParameters<typeof Session>[0] extends infer O ? Omit<O, "tell"> : never} options
   * @param {OutboxStore} store
   * @param {View} view
   */
  constructor(options, store, view) {
    this.session = new Session({ .../** @type {any} */ (options), tell: (event) => this.#hear(event) });
    this.store = store;
    this.view = view;
    /** @type {Map<string, Conversation>} */
    this.conversations = new Map();
    this.isReplaying = false;
    this.key = "";
    /** @type {Map<string, number>} */
    this.toRead = new Map();
    /** @type {any} */
    this.readTimer = undefined;
    /** @type {any} */
    this.countTimer = undefined;
  }

  /** Return the conversations in the order of the list: the lobby, rooms, then direct messages. */
  sorted() {
    const rank = (/** @type {Conversation} */ each) => (each.id === LOBBY ? 0 : each.isRoom ? 1 : 2);
    return [...this.conversations.values()].sort(
      (a, b) => rank(a) - rank(b) || nameKey(a.name).localeCompare(nameKey(b.name)),
    );
  }

  /**
   * Find a conversation by its name: "#ops" or "@bob".
   * @param {string} name
   */
  find(name) {
    const key = nameKey(name);
    const same = name.startsWith("#")
      ? (/** @type {Conversation} */ each) => each.isRoom && (each.id === `#${key}` || nameKey(each.name) === key)
      : (/** @type {Conversation} */ each) => !each.isRoom && nameKey(each.name) === key;
    return [...this.conversations.values()].find(same);
  }

  /**
   * Return the direct messages with a user, which may not have begun.
   * @param {string} name
   */
  direct(name) {
    const bare = name.replace(/^@/, "");
    const found = this.find(`@${bare}`);
    if (found) return found;
    const made = new Conversation(`@${bare}`, bare);
    made.timeline.isLoaded = made.timeline.isLive = true;
    this.conversations.set(made.id, made);
    this.view.listChanged();
    return made;
  }

  /**
   * Keep a message, or a change of one, until the server has stored it.
   * @param {Message} message
   * @param {Conversation} conversation that shows it
   */
  async keep(message, conversation) {
    if (new TextEncoder().encode(message.text ?? "").length > this.session.textBytes) {
      const limit = this.session.textBytes.toLocaleString();
      throw new ChatError("too_long", `Too long: the limit is ${limit} bytes. Split the text, or send it as a file.`);
    }
    const { keyed, kept } = this.store.add({ ...message, user: this.key });
    this.#show(keyed, conversation);
    await kept;
    this.session.keep(keyed);
  }

  /**
   * Note that the user has seen a conversation up to its newest line.
   * @param {Conversation} conversation
   */
  markRead(conversation) {
    const { id, stored, timeline } = conversation;
    if (!stored || !timeline.isLive || timeline.to <= conversation.read) return;
    conversation.read = timeline.to;
    conversation.clearUnread();
    this.view.listChanged();
    this.toRead.set(id, timeline.to);
    this.readTimer ??= setTimeout(() => this.tellRead(), READ_MS);
  }

  /** Tell the server what was read. */
  tellRead() {
    clearTimeout(this.readTimer);
    this.readTimer = undefined;
    if (!this.session.loggedIn) return;
    for (const [conversation, seq] of this.toRead) {
      this.session.request({ type: "read", conversation, seq }).catch(() => undefined);
    }
    this.toRead.clear();
  }

  /** Ask the server what is unread. */
  async count() {
    const { events } = await this.session.request({ type: "unread" });
    for (const each of this.conversations.values()) each.clearUnread();
    for (const told of events[0]?.conversations ?? []) {
      const conversation = this.conversations.get(told.conversation);
      if (!conversation || this.view.isWatching(conversation)) continue;
      const { messages = 0, mentions: toMe = 0, first = 0, more = false } = told;
      Object.assign(conversation, { messages, mentions: toMe, first, hasMore: more });
    }
    this.view.listChanged();
    return events[0]?.conversations ?? [];
  }

  /** Take over the messages of tabs that are closed. */
  adopt() {
    return this.store.adopt((messages) => {
      for (const message of messages) {
        if (message.user !== this.key) continue;
        const name = message.type === "send" ? (message.to ?? LOBBY) : (message.conversation ?? LOBBY);
        const known = this.conversations.get(name) ?? (name.startsWith("@") ? this.direct(name) : this.find(name));
        if (known) this.#show(message, known);
        this.session.keep(message);
      }
    });
  }

  /** @param {Message} message @param {Conversation} conversation */
  #show(message, conversation) {
    if (message.type !== "send") return;
    const key = keyOf(message);
    conversation.sending.push({ key, message, state: this.session.loggedIn ? "sending" : "waiting" });
    this.view.sendingChanged(conversation);
  }

  /** @param {ServerEvent} event */
  #hear(event) {
    if (Object.hasOwn(this.#handlers, event.type)) this.#handlers[event.type](event);
  }

  /** @type {Record<string, (event: any) => void>} */
  #handlers = {
    entry: (event) => this.#entry(event),
    logged_in: (event) => this.#loggedIn(event),
    live: () => {
      this.isReplaying = false;
      this.#countSoon();
    },
    conversation: (event) => {
      this.#conversation(event);
      this.view.listChanged();
    },
    changed: (event) => {
      this.conversations.get(event.conversation)?.describe(event);
      this.view.listChanged();
    },
    left: (event) => {
      this.conversations.delete(event.conversation);
      if (event.text) this.view.notify(event.text);
      this.view.listChanged();
    },
    gap: (event) => this.#gap(event),
    reset: () => {
      for (const each of this.conversations.values()) this.#reload(each);
      this.view.notify("The server's history was replaced.");
    },
    read: ({ conversation, seq }) => this.#readElsewhere(conversation, seq),
    stored: (event) => this.#stored(event),
    not_stored: (event) => this.#notStored(event),
    retry_later: ({ error }) => {
      this.view.notify(`${sentence(error)} What you send waits until the server stores it.`, true);
      setTimeout(() => this.session.retry(), RETRY_MS);
    },
    login_refused: (event) => this.view.loginRefused(event),
    presence: (event) => this.view.presence(event),
    renamed: (event) => this.view.presence(event),
    absent: ({ name, away }) => {
      if (!away) this.view.notify(`${name} is not online; the message waits.`);
      else this.view.notify(away === "away" ? `${name} is away.` : `${name} is away: ${away}`);
    },
    alert: ({ text }) => this.view.notify(text, true),
    error: ({ text }) => this.view.notify(text, true),
    bye: ({ text, reconnect }) => {
      if (!reconnect) this.view.ended();
      this.view.notify(text, true);
    },
  };

  /** @param {ServerEvent} event */
  #loggedIn(event) {
    this.key = nameKey(this.session.name);
    const heard = this.session.positions.heard;
    for (const each of this.conversations.values()) {
      if (each.stored && !heard.has(each.id)) this.conversations.delete(each.id);
    }
    for (const each of heard.values()) this.#conversation(each);
    for (const { sending } of this.conversations.values()) {
      for (const each of sending) if (each.state === "waiting") each.state = "sending";
    }
    this.isReplaying = event.missed > 0;
    this.view.loggedIn(event);
    this.view.listChanged();
    this.#countSoon();
    this.tellRead();
    void this.adopt();
  }

  /** @param {any} told */
  #conversation(told) {
    const { conversation: id, peer } = told;
    let known = this.conversations.get(id);
    if (!known) {
      const provisional = peer === undefined ? undefined : this.find(`@${peer}`);
      known = new Conversation(id, peer);
      if (provisional) {
        this.conversations.delete(provisional.id);
        known.sending = provisional.sending;
        this.view.replaced({ type: "replaced", from: provisional, to: known });
      }
      this.conversations.set(id, known);
    }
    known.describe(told);
  }

  /** @param {Entry} entry */
  #entry(entry) {
    const conversation = this.conversations.get(entry.conversation) ?? new Conversation(entry.conversation);
    this.conversations.set(entry.conversation, conversation);
    conversation.head = entry.seq;
    if (entry.kind === "topic") conversation.topic = entry.body.text ?? "";
    conversation.sending = conversation.sending.filter((each) => each.seq === undefined || each.seq > entry.seq);
    const { added, changed } = conversation.timeline.add(entry);
    this.view.linesChanged(conversation, added !== undefined, changed);
    if (COUNTED.has(entry.kind) && entry.author !== this.session.user) this.#count(conversation, entry);
    if (this.view.isWatching(conversation)) this.markRead(conversation);
  }

  /** @param {Conversation} conversation @param {Entry} entry */
  #count(conversation, entry) {
    const toMe =
      !conversation.isRoom || entry.body.of_author === this.session.user || mentions(entry.body.text ?? "", this.key);
    if (this.isReplaying || entry.body.deleted) return;
    if (toMe) this.view.rang(conversation, entry);
    if (this.view.isWatching(conversation)) return;
    conversation.messages += 1;
    conversation.first ||= entry.seq;
    if (conversation.isRoom && toMe) conversation.mentions += 1;
    this.view.listChanged();
  }

  /** @param {ServerEvent} event */
  #gap({ conversation, first, reason }) {
    const known = this.conversations.get(conversation);
    if (known) this.#reload(known);
    if (reason === "missing")
      this.view.notify(`Lines from ${conversation}/${first} on did not arrive; they are loaded again.`);
  }

  /** @param {Conversation} conversation */
  #reload(conversation) {
    conversation.timeline.clear();
    this.view.reloaded(conversation);
  }

  /** @param {string} id @param {number} seq */
  #readElsewhere(id, seq) {
    const conversation = this.conversations.get(id);
    if (!conversation) return;
    conversation.read = Math.max(conversation.read, seq);
    if (seq >= conversation.head) conversation.clearUnread();
    else if (conversation.messages) this.#countSoon();
    this.view.listChanged();
  }

  #countSoon() {
    this.countTimer ??= setTimeout(() => {
      this.countTimer = undefined;
      this.count().catch(() => undefined);
    }, 100);
  }

  /** @param {{message: Message, conversation: string, seq: number}} event */
  #stored({ message, conversation: id, seq }) {
    void this.store.settled(message);
    const found = this.#sending(message);
    if (!found) return;
    const { conversation, sending } = found;
    sending.state = "stored";
    sending.seq = seq;
    const isShown = conversation.head >= seq || !conversation.timeline.isLive;
    if (isShown || (id !== conversation.id && conversation.stored)) {
      conversation.sending = conversation.sending.filter((each) => each !== sending);
    }
    this.view.sendingChanged(conversation);
  }

  /** @param {{message: Message, error: ChatError}} event */
  #notStored({ message, error }) {
    void this.store.settled(message);
    const found = this.#sending(message);
    if (!found) {
      this.view.notify(error.message, true);
      return;
    }
    found.sending.state = "failed";
    found.sending.problem = error.message;
    this.view.sendingChanged(found.conversation);
  }

  /** @param {Message} message */
  #sending(message) {
    const key = keyOf(message);
    for (const conversation of this.conversations.values()) {
      const sending = conversation.sending.find((each) => each.key === key);
      if (sending) return { conversation, sending };
    }
    return undefined;
  }
}

/** @param {Message} message */
function keyOf({ outbox, n }) {
  return `${outbox}/${n}`;
}
