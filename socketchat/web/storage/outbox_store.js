// @ts-check
/**
 * Keeps the messages of this tab on disk until the server has stored them, and adopts those of tabs that are closed.
 *
 * Each tab has an outbox of its own and holds the lock with its name while it lives. A tab that gets the lock of
 * another outbox knows that its tab is gone, and that no other tab adopts it.
 *
 * @import {Message} from "../session/types.js"
 */
import { transact } from "./database.js";

/** @param {string} outbox */
const lockOf = (outbox) => `outbox:${outbox}`;

export class OutboxStore {
  /** @param {IDBDatabase} database */
  constructor(database) {
    this.database = database;
    this.name = [...crypto.getRandomValues(new Uint8Array(8))]
      .map((each) => each.toString(16).padStart(2, "0"))
      .join("");
    this.last = 0;
    this.lasts = true;
    /** @type {Promise<unknown>} */
    this.queue = Promise.resolve();
    /** @type {Set<string>} */
    this.seen = new Set([this.name]);
    void navigator.locks.request(lockOf(this.name), () => new Promise(() => undefined));
  }

  /**
   * Give a message its key and put it on disk. The promises resolve in order, even if the disk fails.
   * @param {Message} message
   */
  add(message) {
    this.last += 1;
    const keyed = { ...message, outbox: this.name, n: this.last };
    const kept = this.queue.then(async () => {
      try {
        await transact(this.database, "outbox", "readwrite", (store) => store.add(keyed));
      } catch {
        this.lasts = false;
      }
    });
    this.queue = kept;
    return { keyed, kept };
  }

  /**
   * Drop a message that is settled.
   * @param {Message} message
   */
  async settled({ outbox, n }) {
    const key = /** @type {IDBValidKey} */ ([outbox, n]);
    await transact(this.database, "outbox", "readwrite", (store) => store.delete(key)).catch(() => undefined);
  }

  /**
   * Pass on the messages of each closed tab, in order, as soon as it is known to be closed.
   * @param {(messages: Message[]) => void} take
   */
  async adopt(take) {
    const keys = await transact(this.database, "outbox", "readonly", (store) => store.getAllKeys());
    for (const outbox of new Set(keys.map((key) => String(/** @type {IDBValidKey[]} */ (key)[0])))) {
      if (this.seen.has(outbox)) continue;
      this.seen.add(outbox);
      void navigator.locks.request(lockOf(outbox), async () => {
        const range = IDBKeyRange.bound([outbox, 0], [outbox, Infinity]);
        take(await transact(this.database, "outbox", "readonly", (store) => store.getAll(range)));
        await new Promise(() => undefined); // held while this tab lives
      });
    }
  }
}

/** Return a name for this device in the user's list of devices. */
export function deviceLabel() {
  const agent = navigator.userAgent;
  const browser = [/Edg\//, /Firefox\//, /Chrome\//, /Safari\//].findIndex((each) => each.test(agent));
  const system = [/Android/, /iPhone|iPad/, /Windows/, /Mac OS/, /Linux/].findIndex((each) => each.test(agent));
  const named = ["Edge", "Firefox", "Chrome", "Safari"][browser] ?? "Browser";
  const on = ["Android", "iOS", "Windows", "macOS", "Linux"][system];
  return on ? `${named} on ${on}` : named;
}
