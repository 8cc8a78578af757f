// @ts-check
/**
 * What can be done with a line: the toolbar of the line that has the focus or the pointer.
 *
 * @import {App} from "./app.js"
 * @import {Line} from "../model/timeline.js"
 */
import { sentence } from "../session/errors.js";
import { ask, show } from "./dialogs.js";
import { button, byId, el } from "./dom.js";
import { addressOf } from "./sidebar.js";

const QUICK = ["👍", "❤️", "😄", "🎉", "👀", "✅"];
const SAID = new Set(["message", "action", "reply"]);

export class LineActions {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.bar = el("div", { class: "actions", role: "toolbar", "aria-label": "Actions for this line" });
    this.list = byId("log");
    for (const event of ["pointerover", "focusin"]) {
      this.list.addEventListener(event, (/** @type {Event} */ { target }) =>
        this.#attach(/** @type {Element} */ (target)),
      );
    }
    this.list.addEventListener("click", (/** @type {Event} */ { target }) =>
      this.#clicked(/** @type {Element} */ (target)),
    );
    byId("scroller").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#pressed(event));
  }

  /** @param {Element | null} element */
  #lineOf(element) {
    const article = /** @type {HTMLElement | null} */ (element?.closest("article[data-seq]") ?? null);
    const line = this.app.current?.timeline.line(Number(article?.dataset.seq));
    return article && line ? { article, line } : undefined;
  }

  /** @param {Element} target */
  #attach(target) {
    const found = this.#lineOf(target);
    if (!found || this.bar.parentElement === found.article) return;
    const { article, line } = found;
    this.bar.replaceChildren(...this.#buttons(line));
    article.append(this.bar);
  }

  /** @param {Line} line */
  #buttons(line) {
    const { app } = this;
    const isMine = line.author === app.chat.session.user;
    const isSaid = SAID.has(line.kind) && !line.deleted;
    const named = (/** @type {string} */ name) => ({ class: "icon", "aria-label": name, title: name });
    return [
      isSaid && button("☺", () => this.react(line), named("React (+)")),
      isSaid && button("↩", () => app.composer.reply(line), named("Reply (r)")),
      isSaid && isMine && button("✎", () => app.composer.edit(line), named("Edit (e)")),
      isSaid && button("✕", () => this.remove(line), named("Delete (d)")),
      button("⚓", () => this.copyLink(line), named("Copy a link to this line (c)")),
    ].filter((each) => each !== false);
  }

  /** @param {Element} target */
  #clicked(target) {
    const found = this.#lineOf(target);
    const pressed = /** @type {HTMLElement | null} */ (target.closest("button"));
    const shown = Number(pressed?.dataset.show);
    if (shown && this.app.current) this.app.go(this.app.current, shown);
    const reaction = pressed?.dataset.react;
    if (reaction && found) {
      void this.#toggle(found.line, reaction, pressed?.getAttribute("aria-pressed") === "true");
    }
  }

  /** @param {Line} line */
  react(line) {
    const quick = QUICK.map((each) =>
      button(
        each,
        () => {
          byId("dialog").close();
          void this.#toggle(line, each, false);
        },
        { class: "reaction", "aria-label": `React with ${each}` },
      ),
    );
    ask("React", [{ label: "Another emoji or word", name: "reaction" }], "React", ({ reaction }) =>
      this.#send(line, reaction.trim(), false),
    );
    byId("dialog-body").prepend(el("div", { class: "quick" }, ...quick));
  }

  /** @param {Line} line */
  remove(line) {
    const { app } = this;
    const conversation = app.current;
    if (!conversation) return;
    const text = "The line keeps its place but loses its text, for everyone.";
    show("Delete this line?", [el("blockquote", { dir: "auto" }, line.text), el("p", {}, text)], "Delete", () =>
      app.chat.keep({ type: "delete", conversation: conversation.stored ?? "", seq: line.seq }, conversation),
    );
  }

  /** @param {Line} line */
  async copyLink(line) {
    const conversation = this.app.current;
    if (!conversation) return;
    const address = location.origin + location.pathname + addressOf(conversation, line.seq);
    try {
      await navigator.clipboard.writeText(address);
      this.app.notify(`Copied the link to ${conversation.name}/${line.seq}.`);
    } catch {
      show("Link", [el("input", { value: address, readonly: true, "aria-label": "Link" })]);
    }
  }

  /** @param {Line} line @param {string} text @param {boolean} remove */
  async #toggle(line, text, remove) {
    await this.#send(line, text, remove).catch((error) => this.app.notify(sentence(error), true));
  }

  /** @param {Line} line @param {string} text @param {boolean} remove */
  async #send(line, text, remove) {
    const conversation = this.app.current?.stored;
    const command = { type: "react", conversation, seq: line.seq, text, ...(remove ? { remove } : {}) };
    await this.app.chat.session.request(command);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea")) return;
    const found = this.#lineOf(target);
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      if (this.#move(found?.line, event.key === "ArrowUp" ? -1 : 1)) event.preventDefault();
    } else if (found && !target.closest("button, a")) {
      const { line } = found;
      const isMine = line.author === this.app.chat.session.user;
      /** @type {Record<string, () => unknown>} */
      const actions = {
        r: () => this.app.composer.reply(line),
        "+": () => this.react(line),
        c: () => this.copyLink(line),
      };
      if (isMine) actions.e = () => this.app.composer.edit(line);
      actions.d = () => this.remove(line);
      if (!line.deleted && Object.hasOwn(actions, event.key)) {
        event.preventDefault();
        actions[event.key]();
      }
    }
  }

  /** @param {Line | undefined} line @param {number} step */
  #move(line, step) {
    const lines = this.app.log.lines;
    const at = line ? lines.indexOf(line) : lines.length;
    const next = lines[at + step];
    return next ? this.app.log.focus(next.seq) : false;
  }
}
