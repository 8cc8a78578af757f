// @ts-check
/** The proof that a page has the key of a user: words in base64url, and the bytes that are signed. */

export const NONCE_BYTES = 16;

const CONTEXT = new TextEncoder().encode("socketchat-web-v1\0");

/**
 * Return bytes in base64url without padding.
 * @param {Uint8Array} bytes
 */
export function toWord(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/**
 * Return the bytes of a word in base64url; throws if it is not one.
 * @param {string} word
 */
export function fromWord(word) {
  return Uint8Array.from(atob(word.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
}

/**
 * Return the bytes to sign: valid for this origin, these nonces and this name only.
 * @param {string} origin
 * @param {Uint8Array} theirs the nonce of the challenge
 * @param {Uint8Array} ours the nonce of the hello
 * @param {string} nameKey
 */
export function signedBytes(origin, theirs, ours, nameKey) {
  const encode = new TextEncoder();
  const parts = [CONTEXT, encode.encode(`${origin}\0`), theirs, ours, encode.encode(nameKey)];
  const signed = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    signed.set(part, at);
    at += part.length;
  }
  return signed;
}
