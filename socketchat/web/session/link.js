// @ts-check
/**
 * The WebSocket below the session: connects, notices a dead connection, and reconnects with a growing delay.
 *
 * @import {Session} from "./session.js"
 */

export const SUBPROTOCOL = "socketchat.1";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

/** Silence after which the page asks whether the server is there, and the time that it has to answer. */
const IDLE_MS = 25_000;
const ANSWER_MS = 15_000;

/** Longest time to connect: behind a firewall that drops packets, a browser would wait for minutes. */
const CONNECT_MS = 15_000;

/** @typedef {{state: "connecting" | "online" | "offline", delay?: number}} LinkState */

export class Link {
  /**
   * @param {string} url
   * @param {Session} session
   * @param {(state: LinkState) => void} tell
   */
  constructor(url, session, tell) {
    this.url = url;
    this.session = session;
    this.tell = tell;
    /** @type {WebSocket | undefined} */
    this.socket = undefined;
    this.attempt = 0;
    this.isEnded = false;
    /** @type {any} */
    this.timer = undefined;
  }

  /** Connect, also after the end of an earlier visit. */
  begin() {
    this.isEnded = false;
    this.attempt = 0;
    this.connect();
  }

  /** Connect now, unless there is a connection or one is being made. */
  connect() {
    if (this.socket || this.isEnded) return;
    clearTimeout(this.timer);
    this.tell({ state: "connecting" });
    const socket = (this.socket = new WebSocket(this.url, SUBPROTOCOL));
    this.#await(CONNECT_MS);
    socket.addEventListener("open", () => {
      if (socket !== this.socket) return;
      this.#idle();
      this.session.connectionMade((line) => socket.send(line));
    });
    socket.addEventListener("message", ({ data }) => {
      if (socket !== this.socket) return;
      this.#idle();
      try {
        this.session.receive(data);
      } catch (error) {
        console.warn("The server broke the protocol:", error);
        this.drop();
      }
    });
    socket.addEventListener("close", () => this.#lost(socket));
  }

  /** Note that the login succeeded: the next delay is short again. */
  loggedIn() {
    this.attempt = 0;
    this.tell({ state: "online" });
  }

  /** Close the connection and stay offline. */
  end() {
    this.isEnded = true;
    this.drop();
    this.tell({ state: "offline" });
  }

  /** Give up the connection, as after an error in what the server sent, and make another later. */
  drop() {
    const { socket } = this;
    socket?.close();
    if (socket) this.#lost(socket);
  }

  #idle() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.session.loggedIn) this.session.request({ type: "ping" }).catch(() => undefined);
      this.#await(ANSWER_MS);
    }, IDLE_MS);
  }

  /** @param {number} ms */
  #await(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.drop(), ms);
  }

  /** @param {WebSocket} socket */
  #lost(socket) {
    if (socket !== this.socket) return;
    this.socket = undefined;
    clearTimeout(this.timer);
    this.session.connectionLost();
    if (this.isEnded) return;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** this.attempt, LONGEST_DELAY_MS) * (0.5 + Math.random() / 2);
    this.attempt += 1;
    this.timer = setTimeout(() => this.connect(), delay);
    this.tell({ state: "offline", delay });
  }
}
