// @ts-check
/** Errors that people read, with the server's code word for programs. */
export class ChatError extends Error {
  /**
   * @param {string} code
   * @param {string} text
   */
  constructor(code, text) {
    super(text);
    this.code = code;
  }
}

/** @param {unknown} error */
export function sentence(error) {
  return error instanceof ChatError ? error.message : `Something failed in the page: ${error}`;
}
