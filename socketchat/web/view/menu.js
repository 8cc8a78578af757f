// @ts-check
/**
 * The menu: what is not needed every minute.
 *
 * @import {App} from "./app.js"
 */
import { sentence } from "../session/errors.js";
import { askPassword, execute } from "./commands.js";
import { ask, closeDialog, show } from "./dialogs.js";
import { button, el } from "./dom.js";
import { showKeys } from "./keyboard.js";
import { askToNotify, canAsk } from "./notifications.js";

/** @param {App} app */
export function openMenu(app) {
  const conversation = app.current;
  if (!conversation) return;
  const run = (/** @type {string} */ line) => () =>
    execute(app, line, conversation).catch((error) => app.notify(sentence(error), true));
  /** @type {[string, () => unknown][]} */
  const items = [
    ...(conversation.isRoom ? roomItems(app, run) : []),
    ["Mark everything as read", run("/read")],
    ["Rooms", run("/rooms")],
    ["Commands", run("/help")],
    ["Keys", showKeys],
    ["Set a password", () => askPassword(app)],
    ["Devices", run("/devices")],
    ["People you ignore", run("/ignore")],
    [
      "Away",
      () =>
        ask("Say that you are away", [{ label: "Reason, if any", name: "reason" }], "Away", ({ reason }) =>
          execute(app, `/away ${reason}`, conversation),
        ),
    ],
    ["Leave the chat", () => app.leave()],
  ];
  if (canAsk()) items.unshift(["Turn on notifications", () => turnOn(app)]);
  const buttons = items.map(([text, action]) =>
    button(text, () => {
      closeDialog();
      action();
    }),
  );
  show("Menu", [el("div", { class: "menu" }, ...buttons)]);
}

/**
 * @param {App} app
 * @param {(line: string) => () => unknown} run
 * @returns {[string, () => unknown][]}
 */
function roomItems(app, run) {
  const conversation = /** @type {NonNullable<App["current"]>} */ (app.current);
  const topic = { label: "Topic", name: "topic", value: conversation.topic };
  return [
    [
      "Change the topic",
      () =>
        ask(`Topic of ${conversation.name}`, [topic], "Set", ({ topic: text }) =>
          execute(app, `/topic ${text.trim() || '""'}`, conversation),
        ),
    ],
    ["Settings of the room", run("/room")],
    ["Leave the room", run("/leave")],
  ];
}

/** @param {App} app */
async function turnOn(app) {
  const isOn = await askToNotify();
  app.notify(
    isOn
      ? "You are notified of messages to you while this page is open."
      : "The browser does not permit notifications.",
  );
}
