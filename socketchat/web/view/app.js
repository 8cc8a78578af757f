// @ts-check
/**
 * The chat on the screen: which conversation is open, and what happens at each piece of news.
 *
 * @import {Conversation} from "../model/conversation.js"
 * @import {Credentials, Entry, Message, ServerEvent} from "../session/types.js"
 * @import {View} from "../model/chat.js"
 * @import {Composing} from "./composer.js"
 */
import { Chat, LOBBY } from "../model/chat.js";
import { Link } from "../session/link.js";
import { sentence } from "../session/errors.js";
import { LineActions } from "./actions.js";
import { execute } from "./commands.js";
import { Composer } from "./composer.js";
import { byId } from "./dom.js";
import { closeEntrance } from "./entrance.js";
import { drawLink, drawTitle } from "./header.js";
import { listenToKeys } from "./keyboard.js";
import { Log } from "./log.js";
import { openMenu } from "./menu.js";
import { notice } from "./notices.js";
import { notifyUser } from "./notifications.js";
import { Panel } from "./panel.js";
import { addressOf, drawConversations } from "./sidebar.js";
import { ask } from "./dialogs.js";

const SOCKET = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;

/** @implements {View} */
export class App {
  /** @type {Conversation | undefined} */
  current = undefined;
  /** Where the address pointed when the page was opened. */
  #goal = location.hash;
  #isDrawing = false;

  /**
   * @param {ConstructorParameters<typeof Chat>[0]} options
   * @param {ConstructorParameters<typeof Chat>[1]} store
   * @param {object} shell
   * @param {(event: ServerEvent) => void} shell.loginRefused
   * @param {(welcome: ServerEvent) => void} shell.loggedIn
   * @param {() => void} shell.leave
   */
  constructor(options, store, shell) {
    this.shell = shell;
    this.chat = new Chat(options, store, this);
    this.link = new Link(SOCKET, this.chat.session, (state) => drawLink(state, this.link.isEnded));
    this.log = new Log(
      this.chat,
      () => this.#watched(),
      (text, isProblem) => this.notify(text, isProblem),
    );
    this.composer = new Composer(this.chat, {
      submit: (text, composing) => void this.#submit(text, composing),
      editLast: () => this.#editLast(),
    });
    this.panel = new Panel(this.chat, {
      openUser: (name) => name !== this.chat.session.name && this.go(this.chat.direct(name)),
      openPlace: (place) => this.#openAddress(`#/${place.replace(/^#/, "")}`),
    });
    this.actions = new LineActions(this);
    this.#listen();
    listenToKeys(this);
  }

  get isUnsafe() {
    return this.chat.session.isUnsafe;
  }

  /**
   * Log in.
   * @param {string} name
   * @param {Credentials} credentials
   */
  enter(name, credentials) {
    this.chat.session.introduce(name, credentials);
    this.link.begin();
  }

  /** Leave the chat, and forget nothing. */
  leave() {
    if (this.chat.session.loggedIn) this.chat.session.request({ type: "quit" }).catch(() => undefined);
    this.link.end();
    this.shell.leave();
  }

  /**
   * Go to a conversation, or to a line of it.
   * @param {Conversation} conversation
   * @param {number} [seq]
   */
  go(conversation, seq) {
    const address = addressOf(conversation, seq);
    if (location.hash !== address) history.pushState(null, "", address);
    this.#open(conversation, seq);
  }

  /** @param {string} text @param {boolean} [isProblem] */
  notify(text, isProblem = false) {
    notice(text, isProblem);
  }

  /** @param {Conversation} conversation */
  lastOwn(conversation) {
    const { lines } = conversation.timeline;
    for (let index = lines.length - 1; index >= 0; index -= 1) {
      const line = lines[index];
      const isSaid = line.kind === "message" || line.kind === "action" || line.kind === "reply";
      if (line.author === this.chat.session.user && isSaid && !line.deleted) return line;
    }
    return undefined;
  }

  toggleMembers() {
    const { current } = this;
    if (current) this.panel.toggleMembers(current).catch((error) => this.notify(sentence(error), true));
  }

  closeSidebar() {
    const isOpen = byId("sidebar").classList.contains("open");
    byId("sidebar").classList.remove("open");
    byId("open-sidebar").setAttribute("aria-expanded", "false");
    if (isOpen && byId("sidebar").contains(document.activeElement)) byId("open-sidebar").focus();
    return isOpen;
  }

  // What the chat tells.

  listChanged() {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    queueMicrotask(() => {
      this.#isDrawing = false;
      if (this.current && !this.chat.conversations.has(this.current.id)) this.#openDefault();
      drawConversations(this.chat, this.current);
      drawTitle(this.chat, this.current);
    });
  }

  /** @param {Conversation} conversation @param {boolean} added */
  linesChanged(conversation, added) {
    if (conversation !== this.current) return;
    const { lines, to } = conversation.timeline;
    if (added) this.log.added += 1;
    const isMine = added && lines[lines.length - 1].author === this.chat.session.user;
    if (added && !isMine && !this.log.unread && !this.isWatching(conversation)) this.log.unread = to;
    this.log.changed();
    this.log.drawSending();
    drawTitle(this.chat, this.current);
  }

  /** @param {Conversation} conversation */
  sendingChanged(conversation) {
    if (conversation === this.current) this.log.drawSending();
    this.listChanged();
  }

  /** @param {Conversation} conversation */
  reloaded(conversation) {
    if (conversation === this.current) void this.log.open(conversation);
  }

  /** @param {Conversation} conversation @param {Entry} entry */
  rang(conversation, entry) {
    const title = conversation.isRoom ? `${entry.name} in ${conversation.name}` : entry.name;
    notifyUser(title, entry.body.text ?? "", conversation.id, () => this.go(conversation));
  }

  /** @param {Conversation} conversation */
  isWatching(conversation) {
    const isLooking = document.visibilityState === "visible" && document.hasFocus();
    return conversation === this.current && this.log.isAtBottom && !this.log.isLoading && isLooking;
  }

  /** @param {ServerEvent} event */
  loggedIn(event) {
    this.link.loggedIn();
    byId("self").textContent = this.chat.session.name;
    this.shell.loggedIn(event);
    closeEntrance();
    if (!this.current) {
      this.#openAddress(this.#goal);
      this.composer.focus();
    } else if (!this.chat.conversations.has(this.current.id)) {
      this.#openDefault();
    } else if (!this.current.timeline.isLoaded) {
      void this.log.open(this.current);
    }
  }

  /** @param {ServerEvent} event */
  loginRefused(event) {
    if (event.retry) {
      this.notify(event.text, true);
      byId("entrance-problem").textContent = event.text;
      this.link.drop();
      return;
    }
    this.link.end();
    this.shell.loginRefused(event);
  }

  presence() {
    if (this.current) this.panel.membersChanged(this.current);
  }

  ended() {
    this.link.end();
  }

  /** @param {ServerEvent} event */
  replaced({ from, to }) {
    if (this.current !== from) return;
    this.current = to;
    history.replaceState(null, "", addressOf(to));
    void this.log.open(to);
  }

  #listen() {
    window.addEventListener("popstate", () => this.#openAddress(location.hash));
    document.addEventListener("click", (event) => this.#followed(event));
    window.addEventListener("focus", () => this.#watched());
    document.addEventListener("visibilitychange", () => this.#looked());
    window.addEventListener("online", () => this.link.connect());
    window.addEventListener("pagehide", () => this.chat.tellRead());
    byId("open-sidebar").addEventListener("click", () => {
      byId("sidebar").classList.add("open");
      byId("open-sidebar").setAttribute("aria-expanded", "true");
      byId("close-sidebar").focus();
    });
    byId("retry").addEventListener("click", () => this.link.connect());
    byId("close-sidebar").addEventListener("click", () => this.closeSidebar());
    byId("members-button").addEventListener("click", () => this.toggleMembers());
    byId("search-button").addEventListener("click", () => this.panel.search());
    byId("menu-button").addEventListener("click", () => openMenu(this));
    byId("join-room").addEventListener("click", () =>
      ask("Join or create a room", [{ label: "Name", name: "room", value: "#" }], "Join", ({ room }) =>
        this.#run(`/join ${room}`),
      ),
    );
    byId("message-user").addEventListener("click", () =>
      ask("Message someone", [{ label: "Name", name: "user" }], "Open", ({ user }) =>
        this.go(this.chat.direct(user.trim())),
      ),
    );
    byId("skip").addEventListener("click", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.composer.focus();
    });
    byId("sending").addEventListener("click", (/** @type {Event} */ { target }) =>
      this.#sendingClicked(/** @type {any} */ (target)),
    );
  }

  /** @param {string} line */
  #run(line) {
    return execute(this, line, /** @type {Conversation} */ (this.current));
  }

  /** @param {MouseEvent} event */
  #followed(event) {
    const link = /** @type {HTMLElement} */ (event.target).closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || !url.hash.startsWith("#/")) return;
    event.preventDefault();
    history.pushState(null, "", url.hash);
    this.#openAddress(url.hash);
    this.closeSidebar();
  }

  #looked() {
    if (document.visibilityState !== "visible") return;
    this.link.connect();
    void this.chat.adopt();
    this.#watched();
  }

  #watched() {
    if (this.current && this.isWatching(this.current)) this.chat.markRead(this.current);
  }

  /** @param {string} address */
  #openAddress(address) {
    const [, name = "", seq] = address.split("/");
    const decoded = decode(name);
    const isUser = decoded.startsWith("@");
    const found = isUser && decoded.length > 1 ? this.chat.direct(decoded) : this.chat.find(`#${decoded}`);
    if (found) this.#open(found, Number(seq) || undefined);
    else if (decoded) void this.#visit(`#${decoded}`, Number(seq) || undefined);
    else this.#openDefault();
  }

  /** Ask to enter the room of an address, which the user is not in. @param {string} room @param {number} [seq] */
  #visit(room, seq) {
    this.#openDefault();
    ask(`Enter ${room}?`, [], "Enter", async () => {
      await this.chat.session.request({ type: "join", room });
      const found = this.chat.find(room);
      if (found) this.go(found, seq);
    });
  }

  #openDefault() {
    const lobby = this.chat.conversations.get(LOBBY) ?? this.chat.sorted()[0];
    if (lobby) this.#open(lobby);
  }

  /** @param {Conversation} conversation @param {number} [seq] */
  #open(conversation, seq) {
    if (conversation !== this.current) {
      this.current?.timeline.trim();
      this.current = conversation;
      this.composer.open(conversation);
      if (this.panel.shows === "members") this.panel.membersChanged(conversation);
    }
    this.listChanged();
    drawTitle(this.chat, this.current);
    this.closeSidebar();
    void this.log.open(conversation, seq);
    if (!seq && !matchMedia("(pointer: coarse)").matches) this.composer.focus();
  }

  /** @param {string} text @param {Composing | undefined} composing */
  async #submit(text, composing) {
    const conversation = /** @type {Conversation} */ (this.current);
    try {
      await this.#carryOut(text, composing, conversation);
      if (composing?.kind !== "edit") this.composer.forget(conversation);
    } catch (error) {
      this.notify(sentence(error), true);
      if (this.current === conversation && !this.composer.field.value) this.composer.set(text);
    }
  }

  /** @param {string} text @param {Composing | undefined} composing @param {Conversation} conversation */
  async #carryOut(text, composing, conversation) {
    const { chat } = this;
    if (composing?.kind === "edit") {
      const { seq } = composing.line;
      await chat.keep({ type: "edit", conversation: conversation.stored ?? "", seq, text }, conversation);
      return;
    }
    this.log.unread = 0;
    if (!composing) {
      if (!text.startsWith("/") || text.startsWith("//")) this.log.toNewest();
      await this.#run(text);
      return;
    }
    /** @type {Message} */
    const reply = { type: "send", to: conversation.target, text, of: composing.line.seq };
    this.log.toNewest();
    await chat.keep(reply, conversation);
  }

  #editLast() {
    const line = this.current && this.lastOwn(this.current);
    if (line) this.composer.edit(line);
  }

  /** @param {HTMLElement} target */
  #sendingClicked(target) {
    const { again, drop } = target.dataset;
    const conversation = this.current;
    const found = conversation?.sending.find((each) => each.key === (again ?? drop));
    if (!conversation || !found) return;
    conversation.sending = conversation.sending.filter((each) => each !== found);
    this.sendingChanged(conversation);
    if (again) this.composer.set(found.message.text ?? "");
    this.composer.focus();
  }
}

/** @param {string} word */
function decode(word) {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}
