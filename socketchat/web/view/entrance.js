// @ts-check
/**
 * The first view: asks for the name, and what else a newcomer needs; or says why the page cannot work here.
 *
 * @import {Credentials, ServerEvent} from "../session/types.js"
 */
import { parseInvite } from "../model/invite.js";
import { byId } from "./dom.js";

const HERE = `${location.hostname}${location.port && location.port !== "5000" ? ` --port ${location.port}` : ""}`;

/** How one joins without the page. */
const TERMINAL = `In a terminal, use: socketchat join NAME --host ${HERE}`;

export const INSECURE =
  "Your browser allows this page to keep a key only over https, or on the computer that runs the server. Open the " +
  `address with https:// instead. ${TERMINAL}`;

const UNSAFE =
  "This server's certificate is self-signed, so your browser cannot tell who made this page. Do not type a join code " +
  `or a password here. Ask for an invite, and open its link or paste it here. ${TERMINAL}`;

const PLAIN =
  "You are new here. Without https, this page takes invites only: run `socketchat invite` on this computer, and paste " +
  `what it prints. Or open https://${location.host}/ and type the join code.`;

/** Return why the page cannot work here, if it cannot. */
export function obstacle() {
  if (!window.isSecureContext) return INSECURE;
  if (!crypto.subtle || !("indexedDB" in window) || !navigator.locks || !("canParse" in URL)) {
    return `This browser is too old for this page. ${TERMINAL}`;
  }
  return undefined;
}

/**
 * Say why the page cannot work.
 * @param {string} text
 */
export function block(text) {
  openEntrance();
  byId("entrance-text").textContent = text;
  byId("entrance-form").hidden = true;
}

export function openEntrance() {
  byId("entrance").hidden = false;
  byId("chat").hidden = true;
}

export function closeEntrance() {
  byId("entrance").hidden = true;
  byId("chat").hidden = false;
}

/**
 * Ask for the name.
 * @param {string} name
 * @param {boolean} isInvited
 * @param {(name: string, credentials: Credentials) => void} submit
 */
export function askName(name, isInvited, submit) {
  openEntrance();
  const invited = "You are invited. Choose a name and join.";
  byId("entrance-text").textContent = isInvited ? invited : `Join the chat on ${location.host}.`;
  byId("entrance-form").hidden = false;
  byId("name").value = name;
  byId("entrance-form").onsubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    problem("");
    const [code, password] = [byId("code").value.trim(), byId("password").value];
    const shown = byId("code-field").hidden || !code ? {} : (parseInvite(code)?.credentials ?? { code });
    submit(byId("name").value.trim(), byId("password-field").hidden || !password ? shown : { ...shown, password });
  };
  byId("name").oninput = () => {
    byId("password-field").hidden = true;
  };
  byId("name").focus();
}

/**
 * Say why the login was refused, and ask for what is missing.
 * @param {ServerEvent} refused
 */
export function explain({ code, text, entry, unsafe }) {
  openEntrance();
  byId("entrance-form").hidden = false;
  const takesCode = !unsafe && location.protocol === "https:";
  byId("code-label").textContent = takesCode ? "Join code or invite" : "Invite";
  if (unsafe && code === "name_taken") {
    problem(`This name has an owner; choose another one. ${UNSAFE}`);
  } else if (entry === "code" && !takesCode) {
    reveal("code", unsafe ? UNSAFE : PLAIN);
  } else if (entry === "code") {
    reveal("code", "You are new here: type the join code.");
  } else if (entry === "password") {
    reveal("password", "This name has an owner. Choose another name; or, if it is yours, type its password.");
  } else if (code === "bad_code" || code === "wrong_password") {
    reveal(code === "bad_code" ? "code" : "password", text);
  } else {
    problem(text || "The server refused the login.");
  }
}

/** @param {string} what @param {string} text */
function reveal(what, text) {
  byId(`${what}-field`).hidden = false;
  problem(text);
  byId(what).focus();
}

/** @param {string} text */
function problem(text) {
  byId("entrance-problem").textContent = text;
}
