// @ts-check
/**
 * The shapes that cross the modules: what the server sends, and what the page says of it.
 *
 * @typedef {{type: string, id?: number, [field: string]: any}} Command
 * @typedef {{type: string, id?: number, [field: string]: any}} ServerEvent
 * @typedef {{conversation: string, head: number, floor?: number, after?: number, read?: number, topic?: string,
 *   name?: string, peer?: string, announce?: boolean, slow?: number}} Conversation
 * @typedef {{text?: string, of?: number, of_author?: string, of_name?: string, to?: string, edited?: number,
 *   deleted?: boolean}} Body
 * @typedef {{type?: string, conversation: string, seq: number, ts: number, author: string, name: string, kind: string,
 *   body: Body, place?: string, deleted?: number, last?: number}} Entry
 * @typedef {{type: "send"|"edit"|"delete", to?: string, conversation?: string, text?: string, kind?: string,
 *   of?: number, seq?: number, outbox?: string, n?: number, id?: number, user?: string}} Message
 *   a message, or a change of one; `user` is the key of the name that wrote it
 * @typedef {{code?: string, invite?: string, password?: string, reset?: string}} Credentials
 * @typedef {{publicKey: string, sign: (message: Uint8Array) => Promise<Uint8Array>}} Signer
 */
export {};
