// @ts-check
/**
 * A room or the direct messages with one user: its lines, what is unread in it, and what is being sent.
 *
 * @import {Message} from "../session/types.js"
 */
import { isRoom } from "../session/positions.js";
import { Timeline } from "./timeline.js";

/** @typedef {{key: string, message: Message, state: "sending" | "waiting" | "stored" | "failed", seq?: number,
 *   problem?: string}} Sending */

export class Conversation {
  /**
   * @param {string} id of the server; or "@name" of direct messages that have not begun
   * @param {string} [peer]
   */
  constructor(id, peer) {
    this.id = id;
    this.peer = peer ?? (isRoom(id) ? "" : id.slice(1));
    this.room = "";
    this.topic = "";
    this.announce = false;
    this.slow = 0;
    this.head = 0;
    this.messages = 0;
    this.mentions = 0;
    this.first = 0;
    this.hasMore = false;
    this.read = 0;
    this.timeline = new Timeline();
    /** @type {Sending[]} */
    this.sending = [];
  }

  get isRoom() {
    return isRoom(this.id);
  }

  /** The name that people see: "#ops" or "@bob". */
  get name() {
    return this.isRoom ? this.room || this.id : `@${this.peer}`;
  }

  /** What a command calls it. */
  get target() {
    return this.isRoom ? this.id : `@${this.peer}`;
  }

  /** What `history` calls it, or nothing if it has not begun. */
  get stored() {
    return this.isRoom || this.id.includes(":") ? this.id : undefined;
  }

  /**
   * Take the server's description.
   * @param {any} told
   */
  describe({ topic, name, peer, announce, slow, head, read }) {
    if (topic !== undefined) this.topic = topic;
    if (name !== undefined) this.room = name;
    if (peer !== undefined) this.peer = peer;
    if (announce !== undefined) this.announce = announce;
    if (slow !== undefined) this.slow = slow;
    if (head !== undefined) this.head = Math.max(head, this.head);
    if (read !== undefined) this.read = Math.max(read, this.read);
  }

  /** Note that nothing is unread. */
  clearUnread() {
    this.messages = this.mentions = this.first = 0;
    this.hasMore = false;
  }
}
