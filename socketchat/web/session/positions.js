// @ts-check
/**
 * The position in each conversation: drops repeated entries and notices missing ones.
 *
 * @import {Conversation, Entry, ServerEvent} from "./types.js"
 */

/** Bytes of positions in a hello: they leave room for the rest of its line. */
const TOLD_BYTES = 253_952;

/** @param {string} conversation */
export const isRoom = (conversation) => conversation.startsWith("#");

export class Positions {
  /** @type {string | undefined} */
  epoch = undefined;
  /** @type {Map<string, number>} */
  seqs = new Map();
  /** @type {Map<string, Conversation>} */
  heard = new Map();

  /**
   * Apply a welcome; return the changes, and how many entries were missed and skipped.
   * @param {string} epoch
   * @param {Conversation[]} conversations
   */
  login(epoch, conversations) {
    /** @type {ServerEvent[]} */
    const told = [];
    const fits = conversations.every((each) => (this.seqs.get(each.conversation) ?? 0) <= each.head);
    const known = epoch === this.epoch && fits;
    if (!known) {
      if (this.epoch !== undefined) told.push({ type: "reset", epoch });
      this.seqs = new Map();
    }
    const [before, heardBefore] = [this.seqs, this.heard];
    this.epoch = epoch;
    this.seqs = new Map();
    this.heard = new Map(conversations.map((each) => [each.conversation, each]));
    if (known) {
      for (const gone of heardBefore.keys()) {
        if (!this.heard.has(gone)) told.push({ type: "left", conversation: gone });
      }
    }
    let [missed, skipped] = [0, 0];
    for (const { conversation, head, floor = 1, after = 0 } of conversations) {
      let position = before.get(conversation) ?? (known && !isRoom(conversation) ? floor - 1 : head);
      if (position < floor - 1) {
        told.push({ type: "gap", conversation, first: position + 1, last: floor - 1, reason: "shortened" });
        position = floor - 1;
      }
      missed += Math.max(head - position, 0);
      if (position < after && after <= head) {
        told.push({ type: "gap", conversation, first: position + 1, last: after, reason: "skipped" });
        skipped += after - position;
        position = after;
      }
      this.seqs.set(conversation, position);
    }
    return { told, missed, skipped };
  }

  /** Return the positions for a hello, as many as fit; the shortest direct messages are left out first. */
  told() {
    let room = TOLD_BYTES;
    /** @type {Record<string, number>} */
    const told = {};
    const sorted = [...this.seqs].sort(([a, x], [b, y]) => Number(isRoom(b)) - Number(isRoom(a)) || y - x);
    for (const [name, seq] of sorted) {
      room -= new TextEncoder().encode(name).length + String(seq).length + 4;
      if (room < 0) break;
      told[name] = seq;
    }
    return told;
  }

  /**
   * Note a new conversation, or new settings of one.
   * @param {ServerEvent} event
   */
  describe(event) {
    const id = event.conversation;
    const known = this.heard.get(id);
    if (event.type === "conversation") {
      this.heard.set(id, /** @type {any} */ (event));
      if (!this.seqs.has(id)) this.seqs.set(id, event.head);
    } else if (known) {
      const { announce = known.announce, slow = known.slow, name = known.name } = event;
      this.heard.set(id, { ...known, announce, slow, name });
    }
  }

  /** @param {string} conversation */
  end(conversation) {
    this.seqs.delete(conversation);
    this.heard.delete(conversation);
  }

  /**
   * Return the entry, behind a gap if entries before it are missing; nothing for a repeat.
   * @param {Entry} entry
   * @returns {ServerEvent[]}
   */
  take(entry) {
    const { conversation, seq } = entry;
    const position = this.seqs.get(conversation);
    const event = /** @type {ServerEvent} */ (/** @type {unknown} */ (entry));
    if (position === undefined) {
      this.describe({ type: "conversation", conversation, head: seq });
      return [event];
    }
    if (seq <= position) return [];
    this.seqs.set(conversation, seq);
    if (seq === position + 1) return [event];
    return [{ type: "gap", conversation, first: position + 1, last: seq - 1, reason: "missing" }, event];
  }
}
