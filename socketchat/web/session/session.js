// @ts-check
/**
 * The page's side of the native protocol without a socket: lines in, events and lines out.
 *
 * The shell calls `connectionMade` with a function that writes, `receive` with each frame, and `connectionLost`.
 * Messages outlive connections: each is kept until the server has stored it, and sent again under the same key.
 * Requests end with their connection.
 *
 * @import {Command, Conversation, Credentials, Message, ServerEvent, Signer} from "./types.js"
 */
import { ChatError } from "./errors.js";
import { Outbox } from "./outbox.js";
import { Positions } from "./positions.js";
import { fromWord, NONCE_BYTES, signedBytes, toWord } from "./proofs.js";

/** Events that carry the data of an answer. */
const PARTS = new Set([
  "past",
  "found",
  "unread",
  "users",
  "rooms",
  "topic",
  "settings",
  "ignored",
  "devices",
  "help",
]);

const ENTRY = {
  conversation: "string",
  seq: "number",
  ts: "number",
  author: "string",
  name: "string",
  kind: "string",
};

/** The fields without which an event means nothing, with their types. @type {Record<string, Record<string, string>>} */
const NEEDED = {
  entry: { ...ENTRY, body: "object" },
  past: { ...ENTRY, body: "object" },
  conversation: { conversation: "string" },
  changed: { conversation: "string" },
  left: { conversation: "string" },
  challenge: { nonce: "string" },
  welcome: { epoch: "string", user: "string", name: "string", token: "string" },
};

/** The longest text, in bytes of UTF-8; `welcome` tells the server's. */
const TEXT_BYTES = 32_768;

const LOST = "The connection broke before the answer arrived. Try again.";

/** @typedef {{events: ServerEvent[], resolve: (answer: Answer) => void, reject: (error: ChatError) => void}} Pending */
/** @typedef {{events: ServerEvent[], ok: ServerEvent}} Answer */

export class Session {
  /**
   * @param {object} options
   * @param {string} options.name
   * @param {string} options.origin that of the page
   * @param {Signer} options.signer
   * @param {(event: ServerEvent) => void} options.tell takes each event, in order
   * @param {Credentials} [options.credentials] of a newcomer
   * @param {string} [options.label] of this device
   * @param {(count: number) => Uint8Array} [options.random]
   */
  constructor({ name, origin, signer, tell, credentials = {}, label = "", random = randomBytes }) {
    this.name = name;
    this.user = "";
    /** Whether the browser could not verify who made the page, so that no secret may be typed into it. */
    this.isUnsafe = false;
    this.textBytes = TEXT_BYTES;
    this.loggedIn = false;
    this.positions = new Positions();
    this.outbox = new Outbox();
    this.credentials = credentials;
    this.#origin = origin;
    this.#signer = signer;
    this.#tell = tell;
    this.#label = label;
    this.#random = random;
  }

  #origin;
  #signer;
  #tell;
  #label;
  #random;
  #last = 0;
  #connection = 0;
  /** @type {((line: string) => void) | undefined} */
  #write;
  /** @type {string | undefined} */
  #token;
  /** @type {number | undefined} */
  #hello;
  /** @type {Uint8Array | undefined} */
  #nonce;
  /** @type {ServerEvent | undefined} */
  #welcome;
  /** @type {Conversation[]} */
  #conversations = [];
  /** @type {Map<number, Pending>} */
  #pending = new Map();

  /**
   * Log in as this user on the next connection.
   * @param {string} name
   * @param {Credentials} credentials
   */
  introduce(name, credentials) {
    this.name = name;
    this.credentials = credentials;
  }

  /**
   * Log in on a new connection.
   * @param {(line: string) => void} write
   */
  connectionMade(write) {
    this.#connection += 1;
    this.#write = write;
    this.#sayHello();
  }

  /** Note that the connection is gone; its requests fail, and messages are kept. */
  connectionLost() {
    this.#connection += 1;
    this.loggedIn = false;
    this.#write = this.#hello = this.#nonce = this.#welcome = undefined;
    this.outbox.connectionLost();
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    for (const each of lost) each.reject(new ChatError("unreachable", LOST));
  }

  /**
   * Keep a message, which has its key and is on disk, until it is stored; return the id of its request.
   * @param {Message} message
   */
  keep(message) {
    this.#last += 1;
    this.outbox.add(this.#last, message);
    this.#writeDue();
    return this.#last;
  }

  /**
   * Send a request; the promise fails with a ChatError.
   * @param {Command} command
   * @returns {Promise<Answer>}
   */
  request(command) {
    if (!this.loggedIn) {
      const text = "Not connected to the server. Try again once the connection is back.";
      return Promise.reject(new ChatError("unreachable", text));
    }
    const id = this.#ask(command);
    return new Promise((resolve, reject) => this.#pending.set(id, { events: [], resolve, reject }));
  }

  /** Send the messages again that the server could not store. */
  retry() {
    this.outbox.release();
    this.#writeDue();
  }

  /**
   * Take a frame: one or more lines; throws if a line is not JSON.
   * @param {string} frame
   */
  receive(frame) {
    for (const line of frame.split("\n")) {
      if (line) this.#receive(checked(JSON.parse(line)));
    }
  }

  /** @param {ServerEvent} event */
  #receive(event) {
    const { type, id } = event;
    if (type === "entry") {
      for (const each of this.positions.take(/** @type {any} */ (event))) this.#tell(each);
    } else if (PARTS.has(type)) {
      if (id !== undefined) this.#pending.get(id)?.events.push(event);
    } else if (type === "ok") {
      this.#receiveOk(event);
    } else if (type === "error" && (id !== undefined || this.#hello !== undefined)) {
      this.#receiveError(event);
    } else if (type === "challenge") {
      void this.#prove(event);
    } else if (type === "welcome") {
      if (this.#hello === undefined) throw new TypeError("an unexpected welcome");
      this.#welcome = event;
      this.#conversations = [];
      for (const each of event.conversations ?? []) this.#conversations.push(whole(each));
      this.#arrive();
    } else if (type === "conversation" && this.#welcome) {
      this.#conversations.push(whole(event));
      this.#arrive();
    } else {
      if (type === "conversation" || type === "changed") this.positions.describe(whole(event));
      if (type === "left") this.positions.end(event.conversation);
      this.#tell(event);
    }
  }

  /** @param {ServerEvent} challenge */
  async #prove(challenge) {
    const connection = this.#connection;
    const { entry = "none", unsafe = false } = challenge;
    const nonce = this.#nonce;
    this.isUnsafe = unsafe;
    if (!nonce) return;
    const { code, invite, reset, password } = this.credentials;
    /** @type {Credentials} */
    let shown = {};
    if (entry !== "none") {
      if (entry === "password" && reset) shown = { invite: reset };
      else if (entry === "code" && invite) shown = { invite };
      else if (entry === "code" && code && !unsafe) shown = { code };
      else if (entry === "password" && password && !unsafe) shown = { password };
      else {
        this.#hello = undefined;
        this.#tell({ type: "login_refused", code: entry === "code" ? "code_needed" : "name_taken", entry, unsafe });
        return;
      }
    }
    const key = challenge.name_key ?? this.name.toLowerCase();
    const signed = signedBytes(this.#origin, fromWord(challenge.nonce), nonce, key);
    const signature = await this.#signer.sign(signed);
    if (connection === this.#connection) {
      this.#hello = this.#ask({ type: "prove", signature: toWord(signature), ...shown });
    }
  }

  #arrive() {
    const welcome = /** @type {ServerEvent} */ (this.#welcome);
    if (this.#conversations.length < (welcome.conversations ?? []).length + (welcome.following ?? 0)) return;
    this.#welcome = this.#hello = undefined;
    this.loggedIn = true;
    this.credentials = {};
    this.name = welcome.name;
    this.user = welcome.user;
    this.#token = welcome.token;
    this.textBytes = welcome.limits?.text ?? TEXT_BYTES;
    this.outbox.most = Math.max(1, Math.min(welcome.limits?.unacknowledged ?? 64, 64));
    const { told, missed, skipped } = this.positions.login(welcome.epoch, this.#conversations);
    this.#tell({ type: "logged_in", welcome, missed, skipped, sent: this.outbox.size });
    for (const each of told) this.#tell(each);
    this.#writeDue();
  }

  /** @param {ServerEvent} ok */
  #receiveOk(ok) {
    const id = /** @type {number} */ (ok.id);
    const pending = this.#pending.get(id);
    if (this.outbox.has(id)) {
      const message = this.outbox.settle(id);
      this.#tell({ type: "stored", message, conversation: ok.conversation, seq: ok.seq });
      this.#writeDue();
    } else if (pending) {
      this.#pending.delete(id);
      pending.resolve({ events: pending.events, ok });
    }
  }

  /** @param {ServerEvent} event */
  #receiveError(event) {
    const error = new ChatError(event.code, event.text);
    const id = event.id ?? this.#hello;
    if (id === undefined || id === this.#hello) {
      this.#refuseLogin(error, event.retry ?? false);
    } else if (this.outbox.has(id)) {
      if (event.retry) {
        this.outbox.hold(id);
        this.#tell({ type: "retry_later", error });
      } else {
        this.#tell({ type: "not_stored", message: this.outbox.settle(id), error });
      }
      this.#writeDue();
    } else {
      this.#pending.get(id)?.reject(error);
      this.#pending.delete(id);
    }
  }

  /**
   * @param {ChatError} error
   * @param {boolean} retry
   */
  #refuseLogin(error, retry) {
    this.#hello = undefined;
    if (this.#token !== undefined && !retry) {
      this.#token = undefined; // the session cannot be resumed any more, but the key can log in as at first
      this.#sayHello();
    } else {
      this.#tell({ type: "login_refused", code: error.code, text: error.message, retry });
    }
  }

  #sayHello() {
    const { epoch } = this.positions;
    /** @type {Command} */
    const hello = { type: "hello", label: this.#label };
    if (epoch !== undefined) Object.assign(hello, { epoch, positions: this.positions.told() });
    if (this.#token !== undefined) {
      hello.token = this.#token;
    } else {
      this.#nonce = this.#random(NONCE_BYTES);
      Object.assign(hello, { name: this.name, key: this.#signer.publicKey, nonce: toWord(this.#nonce) });
    }
    this.#hello = this.#ask(hello);
  }

  /** @param {Command} command */
  #ask(command) {
    this.#last += 1;
    this.#write?.(JSON.stringify({ ...command, id: this.#last }) + "\n");
    return this.#last;
  }

  #writeDue() {
    if (!this.loggedIn) return;
    for (const { user: _user, ...message } of this.outbox.due()) this.#write?.(JSON.stringify(message) + "\n");
  }
}

/** @param {number} count */
function randomBytes(count) {
  return crypto.getRandomValues(new Uint8Array(count));
}

/**
 * Return an event; throws if a field that it needs is missing or of another type.
 * @param {any} event
 */
function checked(event) {
  for (const [field, type] of Object.entries(Object.hasOwn(NEEDED, event.type) ? NEEDED[event.type] : {})) {
    if (typeof event[field] !== type || event[field] === null) throw new TypeError(`no ${field} in ${event.type}`);
  }
  return event;
}

/**
 * Return a conversation with the fields that are left out if they have their default.
 * @param {any} event
 */
function whole(event) {
  return event.type === "changed" ? event : { head: 0, floor: 1, after: 0, read: 0, topic: "", ...event };
}
