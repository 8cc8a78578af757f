// @ts-check
/**
 * The lines of a conversation that are loaded: one run of its log without a hole, which usually ends at its head.
 *
 * @import {Entry} from "../session/types.js"
 */

/** Kinds that are lines of their own; all others change a line, or show nothing. */
const LINES = new Set(["message", "action", "reply", "topic", "notice", "damaged"]);

/** Lines kept of a conversation that is not on the screen. */
const KEPT_LINES = 1000;

/** @param {string} text */
const reactionKey = (text) => text.replace(/[\ufe0e\ufe0f]/g, "");

/**
 * @typedef {object} Line
 * @property {number} seq
 * @property {number} ts milliseconds since 1970
 * @property {string} author
 * @property {string} name
 * @property {string} kind
 * @property {string} text
 * @property {number} [of]
 * @property {string} [ofName]
 * @property {string} [ofAuthor]
 * @property {boolean} edited
 * @property {number} deleted the number of deleted lines that it stands for
 */

/** @typedef {{text: string, by: Map<string, {seq: number, isOn: boolean, name: string}>}} Reaction */
/** @typedef {{added?: Line, changed?: number}} Change */

export class Timeline {
  /** @type {Line[]} */
  lines = [];
  /** @type {Map<number, Map<string, Reaction>>} */
  reactions = new Map();
  /** The covered seqs: from `from` to `to`. */
  from = 1;
  to = 0;
  isLoaded = false;
  /** Whether it ends at the head of the conversation, so that new entries belong to it. */
  isLive = false;
  /** Entries that arrived while a page was being loaded, which may not be in it. @type {Entry[]} */
  incoming = [];

  get hasOlder() {
    return this.isLoaded && this.from > 1;
  }

  /** Forget all lines, as if none had been loaded. */
  clear() {
    this.lines = [];
    this.reactions.clear();
    [this.from, this.to] = [1, 0];
    this.isLoaded = this.isLive = false;
  }

  /** Note that a page is being loaded. */
  beginPage() {
    this.incoming = [];
  }

  /**
   * Take a new entry; return the line that it added or changed.
   * @param {Entry} entry
   * @returns {Change}
   */
  add(entry) {
    const { kind, seq, body } = entry;
    if (this.isLive && seq > this.to) this.to = seq;
    if (!this.isLive) this.incoming.push(entry);
    if (LINES.has(kind)) {
      if (!this.isLive) return {};
      const line = lineOf(entry);
      this.lines.push(line);
      return { added: line };
    }
    if (kind === "react" || kind === "unreact") return this.#react(entry) ? { changed: body.of } : {};
    if (kind !== "edit" && kind !== "delete") return {};
    const line = this.line(body.of ?? 0);
    if (!line) return {};
    if (kind === "edit") Object.assign(line, { text: body.text ?? "", edited: true });
    else Object.assign(line, { text: "", deleted: 1 });
    return { changed: line.seq };
  }

  /**
   * Take a page of history. The covered seqs grow to the range that the page was asked for.
   * @param {Entry[]} page oldest first
   * @param {{from: number, to: number, isLive: boolean}} range `isLive` if it ends at the head
   */
  addPage(page, { from, to, isLive }) {
    const lines = [];
    for (const entry of page) {
      if (entry.kind === "react" || entry.kind === "unreact") this.#react(entry);
      else if (LINES.has(entry.kind)) lines.push(lineOf(entry));
    }
    if (!this.isLoaded) {
      this.lines = lines;
      [this.from, this.to] = [from, to];
    } else if (from < this.from) {
      this.lines.unshift(...lines.filter((each) => each.seq < this.from));
      this.from = from;
    } else {
      this.lines.push(...lines.filter((each) => each.seq > this.to));
      this.to = Math.max(this.to, to);
    }
    this.isLoaded = true;
    this.isLive = isLive;
    const newest = page.reduce((most, each) => Math.max(most, each.last ?? each.seq), 0);
    const late = this.incoming;
    this.incoming = [];
    if (isLive) for (const each of late) if (each.seq > newest) this.add(each);
  }

  /** Drop the oldest lines if there are many. */
  trim() {
    if (!this.isLive) this.clear();
    if (this.lines.length <= KEPT_LINES) return;
    this.lines = this.lines.slice(-KEPT_LINES);
    this.from = this.lines[0].seq;
  }

  /**
   * Return the index of the first line at or after a seq.
   * @param {number} seq
   */
  indexOf(seq) {
    let [low, high] = [0, this.lines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.lines[middle].seq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @param {number} seq */
  line(seq) {
    const line = this.lines[this.indexOf(seq)];
    return line?.seq === seq ? line : undefined;
  }

  /**
   * Return the reactions to a line: each with the names of those who have it.
   * @param {number} seq
   */
  reactionsTo(seq) {
    const found = [];
    for (const { text, by } of this.reactions.get(seq)?.values() ?? []) {
      const on = [...by].filter(([, each]) => each.isOn);
      if (on.length) found.push({ text, users: on.map(([user]) => user), names: on.map(([, each]) => each.name) });
    }
    return found;
  }

  /** @param {Entry} entry */
  #react({ kind, seq, author, name, body }) {
    const { of = 0, text = "", deleted } = body;
    if (!of || !text || deleted) return false;
    const key = reactionKey(text);
    const all = this.reactions.get(of) ?? new Map();
    this.reactions.set(of, all);
    const reaction = all.get(key) ?? { text, by: new Map() };
    all.set(key, reaction);
    if ((reaction.by.get(author)?.seq ?? 0) > seq) return false;
    reaction.by.set(author, { seq, isOn: kind === "react", name });
    return true;
  }
}

/**
 * @param {Entry} entry
 * @returns {Line}
 */
function lineOf({ seq, ts, author, name, kind, body, deleted }) {
  return {
    seq,
    ts,
    author,
    name,
    kind,
    text: String(body.text ?? ""),
    of: body.of,
    ofName: body.of_name,
    ofAuthor: body.of_author,
    edited: body.edited !== undefined,
    deleted: deleted ?? (body.deleted ? 1 : 0),
  };
}
