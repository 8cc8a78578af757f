// @ts-check
/**
 * The list of lines: a window of the loaded ones is in the page, so that a hundred thousand cost no more than a few.
 *
 * @import {Chat} from "../model/chat.js"
 * @import {Conversation} from "../model/conversation.js"
 */
import { loadAround, loadNewer, loadOlder } from "../model/history.js";
import { mentions } from "../model/text.js";
import { sentence } from "../session/errors.js";
import { byId, day, el } from "./dom.js";
import { lineElement, sendingElement } from "./line.js";

/** Most lines in the page, and how many come with each step. */
const MOST = 300;
const STEP = 100;

/** Distance from an end, in pixels, at which more lines are drawn. */
const NEAR = 800;
const BOTTOM = 48;

/** Lines of one author within this time stand under one name. */
const GROUP_MS = 300_000;

export class Log {
  scroller = byId("scroller");
  list = byId("log");
  sendingList = byId("sending");
  /** @type {Conversation | undefined} */
  conversation = undefined;
  /** The window, as indexes of lines: from `first` to before `last`. */
  first = 0;
  last = 0;
  /** The first unread line when the conversation was opened. */
  unread = 0;
  isAtBottom = true;
  isLoading = false;
  isPainting = false;
  added = 0;
  /** @type {Map<number, {key: string, row: HTMLElement}>} */
  rows = new Map();

  /**
   * @param {Chat} chat
   * @param {() => void} watched called when the user has come to the newest line
   * @param {(text: string, isProblem?: boolean) => void} notify
   */
  constructor(chat, watched, notify) {
    this.chat = chat;
    this.watched = watched;
    this.notify = notify;
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.isAtBottom && this.toBottom()).observe(this.scroller);
    byId("newest").addEventListener("click", () => this.toNewest());
  }

  get lines() {
    return this.conversation?.timeline.lines ?? [];
  }

  /**
   * Show a conversation: at a line, else where the unread ones begin, else at its end.
   * @param {Conversation} conversation
   * @param {number} [seq]
   */
  async open(conversation, seq) {
    this.conversation = conversation;
    this.unread = conversation.messages ? conversation.first : 0;
    this.added = 0;
    this.#clear();
    this.drawSending();
    try {
      this.#loading(true);
      await this.#load(conversation, seq ?? this.unread);
    } catch (error) {
      if (this.conversation === conversation) this.notify(sentence(error), true);
    } finally {
      this.#loading(false);
    }
    if (this.conversation === conversation) this.#place(seq);
  }

  /** Draw what changed, after all news of the moment are in. */
  changed() {
    if (this.isPainting) return;
    this.isPainting = true;
    queueMicrotask(() => {
      this.isPainting = false;
      const { length } = this.lines;
      const wasAtEnd = this.last + this.added >= length;
      if (this.isAtBottom) this.#paint(length - Math.min(MOST, Math.max(this.last - this.first, STEP)), length);
      else this.#paint(this.first, wasAtEnd && length - this.first <= MOST ? length : this.last);
      this.added = 0;
      if (this.isAtBottom) this.toBottom();
      this.#tellNewest();
    });
  }

  /** Draw the messages that are on their way. */
  drawSending() {
    const { conversation, chat } = this;
    const sending = conversation?.sending ?? [];
    this.sendingList.replaceChildren(...sending.map((each) => sendingElement(each, chat.session.name)));
    if (this.isAtBottom) this.toBottom();
  }

  toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.isAtBottom = true;
  }

  /** Go to the newest line, and load it if needed. */
  toNewest() {
    const { conversation } = this;
    if (!conversation) return;
    this.unread = 0;
    if (!conversation.timeline.isLive) {
      conversation.timeline.clear();
      void this.open(conversation);
      return;
    }
    this.isAtBottom = true;
    this.changed();
    this.watched();
  }

  /**
   * Move the focus to a line, and scroll there.
   * @param {number} seq
   */
  focus(seq) {
    const row = this.rows.get(seq)?.row;
    if (!row) return false;
    /** @type {HTMLElement} */ (row.lastElementChild).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    return true;
  }

  /** @param {Conversation} conversation @param {number} seq */
  async #load(conversation, seq) {
    const { timeline } = conversation;
    if (!timeline.isLoaded && !seq) await loadOlder(this.chat.session, conversation);
    const isCovered = timeline.isLoaded && seq >= timeline.from && seq <= timeline.to;
    if (seq && !isCovered) await loadAround(this.chat.session, conversation, seq);
  }

  /** @param {number} [seq] */
  #place(seq) {
    const { timeline } = /** @type {Conversation} */ (this.conversation);
    const goal = seq ?? this.unread;
    const { length } = this.lines;
    if (!goal) {
      this.isAtBottom = true;
      this.#paint(Math.max(0, length - STEP), length);
      this.toBottom();
      this.watched();
      return;
    }
    const index = timeline.indexOf(goal);
    this.isAtBottom = false;
    this.#paint(Math.max(0, index - STEP), Math.min(length, index + STEP));
    const row = this.rows.get(this.lines[Math.min(index, length - 1)]?.seq ?? 0)?.row;
    row?.scrollIntoView({ block: seq ? "center" : "start" });
    if (seq && row) {
      for (const each of this.list.querySelectorAll(".target")) each.classList.remove("target");
      row.classList.add("target");
      this.focus(this.lines[index]?.seq ?? 0);
    }
    this.#scrolled();
    this.#tellNewest();
  }

  #clear() {
    this.list.replaceChildren();
    this.rows.clear();
    this.first = this.last = 0;
    this.isAtBottom = true;
  }

  /** @param {boolean} isLoading */
  #loading(isLoading) {
    this.isLoading = isLoading;
    this.list.setAttribute("aria-busy", String(isLoading));
    this.#live();
  }

  #live() {
    this.list.setAttribute("aria-live", this.isAtBottom && !this.isLoading ? "polite" : "off");
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const below = scrollHeight - scrollTop - clientHeight;
    const { conversation } = this;
    const isEnd = this.last === this.lines.length && (conversation?.timeline.isLive ?? true);
    const was = this.isAtBottom;
    this.isAtBottom = isEnd && below < BOTTOM;
    this.#live();
    if (this.isAtBottom && !was) this.watched();
    if (scrollTop < NEAR) void this.#older();
    if (below < NEAR && !isEnd) void this.#newer();
    this.#tellNewest();
  }

  async #older() {
    const { conversation } = this;
    if (!conversation || this.isLoading) return;
    if (!this.first && conversation.timeline.hasOlder) {
      const { length } = this.lines;
      if (!(await this.#page(() => loadOlder(this.chat.session, conversation)))) return;
      const more = this.lines.length - length;
      this.first += more;
      this.last += more;
    }
    if (!this.first) return;
    this.#paint(Math.max(0, this.first - STEP), Math.min(this.last, this.first - STEP + MOST));
    if (this.scroller.scrollTop < NEAR) void this.#older();
  }

  async #newer() {
    const { conversation } = this;
    if (!conversation || this.isLoading) return;
    if (this.last === this.lines.length && !(await this.#page(() => loadNewer(this.chat.session, conversation))))
      return;
    const last = Math.min(this.lines.length, this.last + STEP);
    this.#paint(Math.max(this.first, last - MOST), last);
  }

  /** @param {() => Promise<boolean>} load */
  async #page(load) {
    const { conversation } = this;
    this.#loading(true);
    try {
      return (await load()) && this.conversation === conversation;
    } catch {
      return false; // the state of the link says why; scrolling tries again
    } finally {
      this.#loading(false);
    }
  }

  /**
   * Make the page show the lines from `first` to before `last`, and keep what the user sees in its place.
   * @param {number} first
   * @param {number} last
   */
  #paint(first, last) {
    const anchor = this.#anchor();
    const { lines } = this;
    this.first = Math.max(0, first);
    this.last = Math.min(last, lines.length);
    const gone = new Set(this.rows.keys());
    for (let index = this.first; index < this.last; index += 1) gone.delete(lines[index].seq);
    for (const seq of gone) {
      this.rows.get(seq)?.row.remove();
      this.rows.delete(seq);
    }
    /** @type {Element | null} */
    let next = this.list.firstElementChild;
    for (let index = this.first; index < this.last; index += 1) {
      const old = this.rows.get(lines[index].seq)?.row;
      const row = this.#row(index);
      if (next === old && old) next = row; // which may have replaced it
      if (row === next) next = next.nextElementSibling;
      else this.list.insertBefore(row, next);
    }
    if (anchor) this.scroller.scrollTop += anchor.row.offsetTop - anchor.top;
    this.#tellStart();
  }

  /** Return a row that the user sees, and where it is. */
  #anchor() {
    const { scrollTop } = this.scroller;
    for (const row of this.list.children) {
      if (row.offsetTop + row.offsetHeight > scrollTop) return { row, top: row.offsetTop };
    }
    return undefined;
  }

  /** @param {number} index */
  #row(index) {
    const { chat, lines } = this;
    const conversation = /** @type {Conversation} */ (this.conversation);
    const line = lines[index];
    const before = lines[index - 1];
    const isNewDay = !before || day(before.ts) !== day(line.ts);
    const isUnread = this.unread > 0 && line.seq >= this.unread && (!before || before.seq < this.unread);
    const isGrouped =
      !isNewDay &&
      !isUnread &&
      before.author === line.author &&
      before.kind === "message" &&
      line.kind === "message" &&
      line.ts - before.ts < GROUP_MS;
    const reactions = line.deleted ? [] : conversation.timeline.reactionsTo(line.seq);
    const key = JSON.stringify([line.text, line.edited, line.deleted, isNewDay, isUnread, isGrouped, reactions]);
    const known = this.rows.get(line.seq);
    if (known?.key === key) return known.row;
    const isMine = line.author === chat.session.user;
    const isMention = !isMine && (line.ofAuthor === chat.session.user || mentions(line.text, chat.key));
    const original = line.of ? conversation.timeline.line(line.of) : undefined;
    const article = lineElement({ line, isGrouped, isMine, isMention, reactions, me: chat.session.user, original });
    const row = el(
      "div",
      { class: "row" },
      isNewDay && el("p", { class: "separator" }, day(line.ts)),
      isUnread && el("p", { class: "separator unread", id: "unread-line" }, "New"),
      article,
    );
    if (known) known.row.replaceWith(row);
    this.rows.set(line.seq, { key, row });
    return row;
  }

  #tellStart() {
    const { conversation } = this;
    const start = byId("start");
    start.hidden = !conversation?.timeline.isLoaded || conversation.timeline.hasOlder || this.first > 0;
    start.textContent = conversation ? `This is where ${conversation.name} begins.` : "";
  }

  #tellNewest() {
    const { conversation } = this;
    byId("newest").hidden = this.isAtBottom || !conversation;
    const many = conversation?.messages ?? 0;
    byId("newest-text").textContent = many ? `${many.toLocaleString()} new` : "Newest messages";
  }
}
