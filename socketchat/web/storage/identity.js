// @ts-check
/**
 * Who the user is in this browser: the name, and a key whose private half no script can read.
 *
 * @import {Signer} from "../session/types.js"
 */
import { toWord } from "../session/proofs.js";
import { transact } from "./database.js";

const ALGORITHM = "Ed25519";

/** @typedef {{keys: CryptoKeyPair, publicKey: string, name?: string}} Identity */

/**
 * Return the identity of this browser; make its key on the first visit.
 * @param {IDBDatabase} database
 * @returns {Promise<Identity>}
 */
export async function identity(database) {
  return navigator.locks.request("identity", async () => {
    const known = await transact(database, "identity", "readonly", (store) => store.get("self"));
    if (known) return known;
    const keys = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]));
    const publicKey = toWord(new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey)));
    const made = { keys, publicKey };
    await save(database, made);
    return made;
  });
}

/**
 * Keep the identity, as with a new name.
 * @param {IDBDatabase} database
 * @param {Identity} self
 */
export async function save(database, self) {
  await transact(database, "identity", "readwrite", (store) => store.put(self, "self"));
}

/**
 * Return what signs for an identity.
 * @param {Identity} self
 * @returns {Signer}
 */
export function signer({ keys, publicKey }) {
  const sign = async (/** @type {any} */ message) =>
    new Uint8Array(await crypto.subtle.sign(ALGORITHM, keys.privateKey, message));
  return { publicKey, sign };
}
