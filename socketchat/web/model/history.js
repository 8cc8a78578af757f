// @ts-check
/**
 * Loads pages of history into the lines of a conversation.
 *
 * @import {Entry} from "../session/types.js"
 * @import {Session} from "../session/session.js"
 * @import {Conversation} from "./conversation.js"
 */

/** Lines of a page of history: the most that the server returns. */
export const PAGE_LINES = 200;

/**
 * Load older lines of a conversation; tells whether there were any.
 * @param {Session} session
 * @param {Conversation} conversation
 */
export async function loadOlder(session, conversation) {
  const { timeline, stored } = conversation;
  if (!stored || (timeline.isLoaded && !timeline.hasOlder)) return false;
  const before = timeline.isLoaded ? timeline.from : undefined;
  if (before === undefined) timeline.beginPage();
  const { events, ok } = await session.request({
    type: "history",
    conversation: stored,
    limit: PAGE_LINES,
    ...(before === undefined ? {} : { before }),
  });
  if (before !== undefined && timeline.from !== before) return false;
  const page = /** @type {Entry[]} */ (/** @type {unknown} */ (events));
  const from = ok.more && page.length ? page[0].seq : 1;
  const to = before === undefined ? head(session, stored) : before - 1;
  timeline.addPage(page, { from, to, isLive: before === undefined || timeline.isLive });
  return true;
}

/**
 * Load newer lines of a conversation that was opened at an old line.
 * @param {Session} session
 * @param {Conversation} conversation
 */
export async function loadNewer(session, conversation) {
  const { timeline, stored } = conversation;
  if (!stored || timeline.isLive) return false;
  const after = timeline.to;
  timeline.beginPage();
  const events = await range(session, stored, after, after + PAGE_LINES + 1);
  if (timeline.to !== after || timeline.isLive) return false;
  const to = Math.min(after + PAGE_LINES, head(session, stored));
  timeline.addPage(events, { from: after + 1, to, isLive: to >= head(session, stored) });
  return true;
}

/**
 * Load the lines around one.
 * @param {Session} session
 * @param {Conversation} conversation
 * @param {number} seq
 */
export async function loadAround(session, conversation, seq) {
  const { timeline, stored } = conversation;
  if (!stored || timeline.line(seq)) return;
  const half = PAGE_LINES / 2;
  const [after, before] = [Math.max(0, seq - half), seq + half];
  timeline.clear();
  timeline.beginPage();
  const events = await range(session, stored, after, before);
  const to = Math.min(before - 1, head(session, stored));
  timeline.addPage(events, { from: after + 1, to, isLive: to >= head(session, stored) });
}

/** @param {Session} session @param {string} conversation */
function head(session, conversation) {
  return session.positions.seqs.get(conversation) ?? 0;
}

/** @param {Session} session @param {string} conversation @param {number} after @param {number} before */
async function range(session, conversation, after, before) {
  const range = { after, before, limit: PAGE_LINES };
  const { events } = await session.request({ type: "history", conversation, ...range });
  return /** @type {Entry[]} */ (/** @type {unknown} */ (events));
}
