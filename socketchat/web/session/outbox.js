// @ts-check
/**
 * Keeps unconfirmed messages in order, each with the key that makes sending it again safe.
 *
 * A message must never overtake an earlier one of its series, so the messages on the wire are always the first of the
 * kept ones. If the server cannot store one, nothing more of its series is sent until everything on the wire is
 * answered; then all are sent again, from the refused one on. Messages adopted from a closed tab keep their own series.
 *
 * @import {Message} from "./types.js"
 */

/** Messages that may wait: more than a person types while offline. */
export const KEPT_MESSAGES = 1024;

/** Bytes of texts on the wire, as the server limits them. */
const WIRE_BYTES = 262_144;

/** Messages of one outbox: those in `waiting` are not on the wire. */
class Series {
  constructor() {
    /** @type {Map<number, Kept>} */
    this.kept = new Map();
    /** @type {Kept[]} */
    this.waiting = [];
    this.onWire = 0;
    this.isHeld = false;
    this.isReleased = false;
  }

  rewind() {
    this.isHeld = this.isReleased = false;
    this.waiting = [...this.kept.values()];
  }

  ready() {
    if (this.isHeld) {
      if (!this.isReleased || this.onWire) return [];
      this.rewind();
    }
    return this.waiting;
  }
}

/** @typedef {{message: Message, series: Series, size: number, onWire: boolean}} Kept */

export class Outbox {
  /** @param {number} most messages that the server allows on the wire */
  constructor(most = 64) {
    this.most = most;
    /** @type {Map<number, Kept>} */
    this.kept = new Map();
    /** @type {Map<string, Series>} */
    this.series = new Map();
    this.onWire = 0;
    this.wireBytes = 0;
  }

  get size() {
    return this.kept.size;
  }

  /** @param {number} request */
  has(request) {
    return this.kept.has(request);
  }

  /** @param {number} request */
  message(request) {
    return this.kept.get(request)?.message;
  }

  /**
   * Keep a message, which has its outbox and n, under the id of its request.
   * @param {number} request
   * @param {Message} message
   */
  add(request, message) {
    const name = message.outbox ?? "";
    let series = this.series.get(name);
    if (!series) this.series.set(name, (series = new Series()));
    const size = new TextEncoder().encode(message.text ?? "").length;
    const kept = { message: { ...message, id: request }, series, size, onWire: false };
    this.kept.set(request, kept);
    series.kept.set(request, kept);
    series.waiting.push(kept);
  }

  /** Return the messages to send now, in order. */
  due() {
    const due = [];
    for (const series of this.series.values()) {
      const waiting = series.ready();
      while (waiting.length && this.#hasRoom(waiting[0].size)) {
        const kept = /** @type {Kept} */ (waiting.shift());
        kept.onWire = true;
        this.#count(kept, 1);
        due.push(kept.message);
      }
    }
    return due;
  }

  /**
   * Forget a message that is stored, or that the server will never accept; return it.
   * @param {number} request
   */
  settle(request) {
    const kept = this.kept.get(request);
    if (!kept) return undefined;
    this.kept.delete(request);
    const { series } = kept;
    series.kept.delete(request);
    if (kept.onWire) this.#takeOff(kept);
    else series.waiting = series.waiting.filter((each) => each !== kept);
    if (!series.kept.size) this.series.delete(kept.message.outbox ?? "");
    return kept.message;
  }

  /**
   * Hold a message that the server cannot store at the moment, and all after it, until `release`.
   * @param {number} request
   */
  hold(request) {
    const kept = this.kept.get(request);
    if (!kept) return;
    this.#takeOff(kept);
    kept.series.isHeld = true;
    kept.series.isReleased = false;
  }

  /** Allow held messages to be sent again. */
  release() {
    for (const series of this.series.values()) series.isReleased = true;
  }

  /** Note that everything on the wire has to be sent again, on the next connection. */
  connectionLost() {
    for (const kept of this.kept.values()) this.#takeOff(kept);
    for (const series of this.series.values()) series.rewind();
  }

  /** @param {number} size */
  #hasRoom(size) {
    return !this.onWire || (this.onWire < this.most && this.wireBytes + size <= WIRE_BYTES);
  }

  /** @param {Kept} kept */
  #takeOff(kept) {
    if (kept.onWire) {
      kept.onWire = false;
      this.#count(kept, -1);
    }
  }

  /**
   * @param {Kept} kept
   * @param {number} step
   */
  #count(kept, step) {
    this.onWire += step;
    this.wireBytes += step * kept.size;
    kept.series.onWire += step;
  }
}
