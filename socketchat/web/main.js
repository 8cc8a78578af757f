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
import { button } from "./view/dom.js";
import { askName, block, explain, obstacle } from "./view/entrance.js";
import { notice } from "./view/notices.js";

/** The length of the fingerprint of a server's key in base64url, which an invite may begin with. */
const FINGERPRINT_CHARACTERS = 43;

/** Take the invite out of the address, so that it is neither bookmarked nor read over a shoulder. */
function takeInvite() {
  const found = /^#invite=([\w.%-]+)$/.exec(location.hash);
  if (!found) return { credentials: {}, name: "" };
  history.replaceState(null, "", location.pathname);
  const parts = found[1].split(".");
  if (parts[0].length === FINGERPRINT_CHARACTERS) parts.shift();
  const [token, ...rest] = parts;
  const name = rest.length ? decodeURIComponent(rest.join(".")) : "";
  /** @type {Credentials} */
  const credentials = name ? { reset: token } : { invite: token };
  return { credentials, name };
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
