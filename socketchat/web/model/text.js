// @ts-check
/** What is in a text: code, links, and the reader's name. */

/** @typedef {{kind: "text" | "code" | "block" | "link", text: string}} Token */

const CODE = /```(?:[\w+#.-]*\n)?([^]*?)```|`([^`\n]+)`/g;
const LINK = /\bhttps?:\/\/[^\s<>"`\p{Cc}\p{Cf}]+/giu;

/**
 * Return the parts of a text: code in fences and backticks, and links by http and https. Nothing else is special.
 * @param {string} text
 * @returns {Token[]}
 */
export function tokens(text) {
  /** @type {Token[]} */
  const found = [];
  let at = 0;
  for (const match of text.matchAll(CODE)) {
    const [block, inline] = [match[1], match[2]];
    if (block !== undefined && !block.trim()) continue;
    links(text.slice(at, match.index), found);
    found.push(
      block === undefined ? { kind: "code", text: inline } : { kind: "block", text: block.replace(/\n$/, "") },
    );
    at = match.index + match[0].length;
  }
  links(text.slice(at), found);
  return found;
}

/**
 * @param {string} text
 * @param {Token[]} found
 */
function links(text, found) {
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const link = trimmed(match[0]);
    if (!URL.canParse(link)) continue;
    if (match.index > at) found.push({ kind: "text", text: text.slice(at, match.index) });
    found.push({ kind: "link", text: link });
    at = match.index + link.length;
  }
  if (at < text.length) found.push({ kind: "text", text: text.slice(at) });
}

/**
 * Return a link without the punctuation of the sentence around it.
 * @param {string} link
 */
function trimmed(link) {
  /** @type {Record<string, number>} */
  const count = {};
  for (const each of link) if ("()[]{}".includes(each)) count[each] = (count[each] ?? 0) + 1;
  let end = link.length;
  while (end) {
    const last = link[end - 1];
    const open = { ")": "(", "]": "[", "}": "{" }[last];
    if (open ? count[last] <= (count[open] ?? 0) : !/[.,:;!?'"*_~]/.test(last)) break;
    if (open) count[last] -= 1;
    end -= 1;
  }
  return link.slice(0, end);
}

// Spaces and punctuation separate words, except the punctuation of names.
const WORD =
  /[^\s!-,/:-@[-^`{-~\u00a1-\u00bf\u2010-\u2027\u2030-\u205e\u3001-\u3004\u3008-\u3020\uff01-\uff0f\uff1a-\uff20]+/g;

/** The longest name before NFC. */
const LONGEST_NAME = 80;

/**
 * Return the key by which names are compared, as far as a browser can compute it.
 * @param {string} name
 */
export function nameKey(name) {
  return name.replace(/^#/, "").normalize("NFKC").toLowerCase().normalize("NFKC");
}

/**
 * Tell whether a text has a name, given by its key, as a word of its own.
 * @param {string} text
 * @param {string} key
 */
export function mentions(text, key) {
  if (!key) return false;
  for (const [word] of text.matchAll(WORD)) {
    if (word.length > LONGEST_NAME) continue;
    const folded = nameKey(word);
    if (folded.startsWith(key) && /^[.\-_]*$/.test(folded.slice(key.length))) return true;
  }
  return false;
}
