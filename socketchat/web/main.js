// @ts-check
/**
 * Starts the page: finds or asks who the user is, and opens the chat.
 *
 * @import {Credentials} from "./session/types.js"
 * @import {Identity} from "./storage/identity.js"
 */
import { openDatabase } from "./storage/database.js";
import { identity, save, signer } from "./storage/identity.js";
import { deviceLabel, OutboxStore } from "./storage/outbox_store.js";
import { App } from "./view/app.js";
import { askPassword } from "./view/commands.js";
import { parseInvite } from "./model/invite.js";
import { button } from "./view/dom.js";
import { askName, block, explain, obstacle } from "./view/entrance.js";
import { notice } from "./view/notices.js";

/** Take the invite out of the address, so that it is neither bookmarked nor read over a shoulder. */
function takeInvite() {
  const invited = location.hash.startsWith("#invite=") ? parseInvite(location.hash) : undefined;
  if (location.hash.startsWith("#invite=")) history.replaceState(null, "", location.pathname);
  return invited ?? { credentials: {}, name: "" };
}

async function start() {
  const invited = takeInvite();
  const problem = obstacle();
  if (problem) {
    block(problem);
    return;
  }
  const database = await openDatabase();
  const self = await identity(database);
  openChat(database, self, invited);
}

/**
 * @param {IDBDatabase} database
 * @param {Identity} self
 * @param {{name: string, credentials: Credentials}} invited
 */
function openChat(database, self, invited) {
  let { credentials } = invited;
  const isNew = !self.name;
  let isIn = false;
  const askForName = () =>
    askName(invited.name || self.name || app.chat.session.name, Boolean(credentials.invite), (name, typed) =>
      app.enter(name, { ...credentials, ...typed }),
    );
  const options = { name: "", origin: location.origin, signer: signer(self), label: deviceLabel() };
  const app = new App(options, new OutboxStore(database), {
    loginRefused: (refused) => {
      if (refused.code === "bad_invite") credentials = {};
      askForName();
      explain(refused);
    },
    loggedIn: ({ welcome }) => {
      credentials = {};
      self.name = welcome.name;
      if (isIn) return;
      isIn = true;
      void save(database, self);
      void navigator.storage?.persist?.();
      if (isNew && !app.isUnsafe) offerPassword(app);
    },
    leave: askForName,
  });
  const name = invited.name || self.name;
  if (name) app.enter(name, credentials);
  else askForName();
}

/** @param {App} opened */
function offerPassword(opened) {
  const text = "A browser can lose its keys. With a password, you can log in again, and on other devices.";
  const made = notice(text, false, [
    button("Set a password", () => {
      made.remove();
      askPassword(opened);
    }),
  ]);
}

start().catch((/** @type {unknown} */ error) => {
  block(
    `This page cannot keep your key here: ${error}. Allow the browser to keep data for this site, or leave the private window.`,
  );
});
