// @ts-check
/**
 * Invites: the token in the link that lets a newcomer in, or gives a name back to its owner.
 *
 * @import {Credentials} from "../session/types.js"
 */

/** The length of the fingerprint of a server's key in base64url, which an invite may begin with. */
const FINGERPRINT_CHARACTERS = 43;

const INVITE = /#(?:invite=)?([\w.%-]{1,400})$/;

/**
 * Return what is in the link of an invite, or in the part after its "#"; nothing if it is none.
 * @param {string} text
 */
export function parseInvite(text) {
  const parts = INVITE.exec(text.trim())?.[1].split(".");
  if (!parts) return undefined;
  if (parts[0].length === FINGERPRINT_CHARACTERS) parts.shift();
  const [token = "", ...rest] = parts;
  let name = "";
  try {
    name = decodeURIComponent(rest.join("."));
  } catch {
    return undefined;
  }
  /** @type {Credentials} */
  const credentials = name ? { reset: token } : { invite: token };
  return { credentials, name };
}
