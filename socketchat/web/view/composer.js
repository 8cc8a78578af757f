// @ts-check
/**
 * The field for the message: drafts, replies, edits, and suggestions for commands and names.
 *
 * @import {Chat} from "../model/chat.js"
 * @import {Conversation} from "../model/conversation.js"
 * @import {Line} from "../model/timeline.js"
 */
import { SLASHES } from "../model/slash_table.js";
import { nameKey } from "../model/text.js";
import { byId, el } from "./dom.js";

const MOST_SUGGESTIONS = 8;

/** @typedef {{kind: "reply" | "edit", line: Line}} Composing */

export class Composer {
  field = /** @type {HTMLTextAreaElement} */ (byId("composer-text"));
  list = byId("suggestions");
  /** @type {Conversation | undefined} */
  conversation = undefined;
  /** @type {Composing | undefined} */
  composing = undefined;
  /** @type {{text: string, insert: string}[]} */
  suggestions = [];
  chosen = 0;

  /**
   * @param {Chat} chat
   * @param {object} actions
   * @param {(text: string, composing: Composing | undefined) => void} actions.submit
   * @param {() => void} actions.editLast
   */
  constructor(chat, actions) {
    this.chat = chat;
    this.actions = actions;
    this.field.addEventListener("input", () => this.#changed());
    this.field.addEventListener("keydown", (event) => this.#pressed(event));
    this.field.addEventListener("blur", () => this.#suggest([]));
    byId("composer").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#submit();
    });
    byId("cancel").addEventListener("click", () => this.cancel());
  }

  /** Show the draft of a conversation. @param {Conversation} conversation */
  open(conversation) {
    this.conversation = conversation;
    this.#compose(undefined);
    this.field.placeholder = `Message ${conversation.name}`;
    this.field.setAttribute("aria-label", `Message to ${conversation.name}`);
    this.set(localStorage.getItem(draftOf(conversation)) ?? "");
  }

  /** @param {string} text */
  set(text) {
    this.field.value = text;
    this.#grow();
    this.#suggest([]);
  }

  /** Forget the draft of a conversation, whose text is now kept elsewhere. @param {Conversation} conversation */
  forget(conversation) {
    localStorage.removeItem(draftOf(conversation));
  }

  focus() {
    this.field.focus();
  }

  /** @param {Line} line */
  reply(line) {
    this.#compose({ kind: "reply", line });
    this.focus();
  }

  /** @param {Line} line */
  edit(line) {
    this.#compose({ kind: "edit", line });
    this.set(line.text);
    this.focus();
  }

  /** Stop replying or editing; tells whether there was anything to stop. */
  cancel() {
    if (this.suggestions.length) {
      this.#suggest([]);
      return true;
    }
    if (!this.composing) return false;
    if (this.composing.kind === "edit") this.set("");
    this.#compose(undefined);
    this.focus();
    return true;
  }

  #submit() {
    const text = this.field.value;
    if (!text.trim() || !this.conversation) return;
    const { composing } = this;
    this.#compose(undefined);
    this.set("");
    this.actions.submit(text, composing);
    this.focus();
  }

  /** @param {Composing | undefined} composing */
  #compose(composing) {
    this.composing = composing;
    byId("composing").hidden = !composing;
    if (!composing) return;
    const { kind, line } = composing;
    const what = kind === "reply" ? `Replying to ${line.name}: ` : "Editing: ";
    byId("composing-text").textContent = what + line.text.slice(0, 100);
  }

  #changed() {
    this.#grow();
    const { conversation, field } = this;
    if (conversation && this.composing?.kind !== "edit") {
      if (field.value) localStorage.setItem(draftOf(conversation), field.value);
      else this.forget(conversation);
    }
    this.#suggest(this.#found());
  }

  #grow() {
    this.field.rows = Math.min(8, this.field.value.split("\n").length);
  }

  #found() {
    const { value, selectionStart } = this.field;
    const before = value.slice(0, selectionStart);
    const command = /^\/([a-z]*)$/i.exec(before);
    if (command) {
      return SLASHES.filter((each) => each.name.startsWith(command[1].toLowerCase())).map(
        ({ name, usage, help }) => ({
          text: `${usage} – ${help}`,
          insert: `/${name} `,
        }),
      );
    }
    const word = /(?:^|\s)([@#][^\s@#]*)$/.exec(before)?.[1];
    if (!word) return [];
    const key = nameKey(word.slice(1));
    return this.#names(word[0])
      .filter((name) => nameKey(name.slice(1)).startsWith(key))
      .map((name) => ({ text: name, insert: `${name} ` }));
  }

  /** @param {string} sign */
  #names(sign) {
    if (sign === "#")
      return this.chat
        .sorted()
        .filter((each) => each.isRoom)
        .map((each) => each.name);
    const names = new Set();
    for (const line of this.conversation?.timeline.lines.slice(-300).reverse() ?? []) {
      if (line.author !== this.chat.session.user) names.add(`@${line.name}`);
    }
    for (const each of this.chat.sorted()) if (!each.isRoom) names.add(each.name);
    return [...names];
  }

  /** @param {{text: string, insert: string}[]} found */
  #suggest(found) {
    this.suggestions = found.slice(0, MOST_SUGGESTIONS);
    this.chosen = 0;
    this.list.hidden = !this.suggestions.length;
    this.list.replaceChildren(
      ...this.suggestions.map(({ text }, index) => {
        const option = el("div", { role: "option", id: `suggestion-${index}` }, el("bdi", {}, text));
        option.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          this.#accept(index);
        });
        return option;
      }),
    );
    this.#choose(0);
  }

  /** @param {number} index */
  #choose(index) {
    const many = this.suggestions.length;
    if (!many) {
      this.field.removeAttribute("aria-activedescendant");
      return;
    }
    this.chosen = (index + many) % many;
    [...this.list.children].forEach((each, at) => each.setAttribute("aria-selected", String(at === this.chosen)));
    this.field.setAttribute("aria-activedescendant", `suggestion-${this.chosen}`);
  }

  /** @param {number} index */
  #accept(index) {
    const { value, selectionStart } = this.field;
    const before = value.slice(0, selectionStart).replace(/[/@#][^\s]*$/, this.suggestions[index].insert);
    this.field.value = before + value.slice(selectionStart);
    this.field.selectionStart = this.field.selectionEnd = before.length;
    this.#changed();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing) return;
    const { key } = event;
    if (this.suggestions.length && ["ArrowUp", "ArrowDown", "Tab"].includes(key) && !event.shiftKey) {
      event.preventDefault();
      if (key === "Tab") this.#accept(this.chosen);
      else this.#choose(this.chosen + (key === "ArrowUp" ? -1 : 1));
    } else if (key === "Enter" && !event.shiftKey && !event.altKey && !matchMedia("(pointer: coarse)").matches) {
      event.preventDefault();
      this.#submit();
    } else if (key === "ArrowUp" && !this.field.value) {
      event.preventDefault();
      this.actions.editLast();
    }
  }
}

/** @param {Conversation} conversation */
function draftOf(conversation) {
  return `draft:${conversation.isRoom ? conversation.id : conversation.name}`;
}
