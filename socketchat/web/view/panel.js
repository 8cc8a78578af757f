// @ts-check
/**
 * The panel beside the lines: members, or what a search found.
 *
 * @import {Chat} from "../model/chat.js"
 * @import {Conversation} from "../model/conversation.js"
 * @import {Entry} from "../session/types.js"
 */
import { sentence } from "../session/errors.js";
import { parse } from "../model/slash.js";
import { button, byId, day, el, time } from "./dom.js";
import { hue, rich } from "./line.js";

/** Time after the last change until the members are asked for again. */
const MEMBERS_MS = 500;

export class Panel {
  panel = byId("panel");
  body = byId("panel-body");
  shows = "";
  /** @type {any} */
  timer = undefined;

  /**
   * @param {Chat} chat
   * @param {object} actions
   * @param {(name: string) => void} actions.openUser
   * @param {(place: string) => void} actions.openPlace
   */
  constructor(chat, actions) {
    this.chat = chat;
    this.actions = actions;
    byId("close-panel").addEventListener("click", () => this.close());
  }

  close() {
    if (this.panel.hidden) return false;
    const button = this.shows === "members" ? "members-button" : "search-button";
    this.panel.hidden = true;
    this.shows = "";
    byId(button).focus();
    return true;
  }

  /**
   * @param {string} what
   * @param {string} title
   * @param {Node[]} nodes
   */
  show(what, title, nodes) {
    this.shows = what;
    byId("panel-title").textContent = title;
    this.body.replaceChildren(...nodes);
    this.panel.hidden = false;
  }

  /** Show the members of a room who are online, or hide them. @param {Conversation} conversation */
  async toggleMembers(conversation) {
    if (this.shows === "members") this.close();
    else await this.members(conversation);
  }

  /** Ask for the members again, if they are shown. @param {Conversation} conversation */
  membersChanged(conversation) {
    if (this.shows !== "members") return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.members(conversation).catch(() => undefined), MEMBERS_MS);
  }

  /** @param {Conversation} conversation */
  async members(conversation) {
    const room = conversation.isRoom ? { room: conversation.id } : {};
    const { events } = await this.chat.session.request({ type: "users", ...room });
    /** @type {string[]} */
    const names = [];
    /** @type {Map<string, string>} */
    const away = new Map();
    const guests = new Set();
    for (const each of events) {
      names.push(...(each.users ?? []));
      for (const [name, reason] of Object.entries(each.away ?? {})) away.set(name, String(reason));
      for (const name of each.guests ?? []) guests.add(name);
    }
    const items = names.map((name) => {
      const self = name === this.chat.session.name;
      const told = [self && "you", guests.has(name) && "guest"].filter(Boolean).join(", ");
      const link = button("", () => this.actions.openUser(name), { class: "user" });
      link.append(el("bdi", {}, name), el("small", {}, told && ` ${told}`));
      if (away.has(name)) link.append(el("small", { class: "away", dir: "auto" }, away.get(name) || "away"));
      return el("li", {}, link);
    });
    const title = conversation.isRoom ? `Online in ${conversation.name}` : "Online";
    this.show("members", `${title}: ${names.length}`, [el("ul", { class: "users" }, ...items)]);
  }

  /** Ask what to search. @param {string} [words] */
  search(words = "") {
    const input = el("input", {
      type: "search",
      id: "search",
      value: words,
      placeholder: "words from:bob in:#ops after:2d",
    });
    const results = el("div", { id: "results", role: "status" });
    const form = el(
      "form",
      { role: "search" },
      el("label", { for: "search", class: "hidden" }, "Search"),
      input,
      el("button", {}, "Find"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#find(input.value.trim(), results);
    });
    this.show("search", "Search", [form, results]);
    input.focus();
    if (words) void this.#find(words, results);
  }

  /** @param {string} words @param {HTMLElement} results */
  async #find(words, results) {
    try {
      const command = parse(`/search ${words}`, "#lobby");
      const { events, ok } = await this.chat.session.request(command);
      const past = /** @type {any[]} */ (events).filter((each) => each.type === "past");
      const older = past.length ? "; before:DATE finds older ones" : "; the search is incomplete, try again";
      const many = past.length ? `${past.length} found` : "Nothing found";
      results.replaceChildren(
        el("p", {}, `${many}${ok.more ? older : ""}.`),
        ...past.reverse().map((each) => this.found(each)),
      );
    } catch (error) {
      results.replaceChildren(el("p", { class: "problem" }, sentence(error)));
    }
  }

  /** Return a line that was found, as a link to its place. @param {Entry} entry */
  found(entry) {
    const { place = "", name, ts, body } = entry;
    const link = button("", () => this.actions.openPlace(place), { class: "found" });
    link.append(
      el("small", {}, el("bdi", {}, place), " · ", day(ts), " ", time(ts)),
      el("span", {}, el("bdi", { class: `author ${hue(entry.author)}` }, name), " "),
      el("span", { dir: "auto" }, body.deleted ? "deleted" : (body.text ?? "")),
    );
    return link;
  }

  /** Show a text that a command was answered with. @param {string} title @param {string} text */
  text(title, text) {
    this.show("text", title, [el("div", { class: "answer", dir: "auto" }, ...rich(text))]);
  }
}
