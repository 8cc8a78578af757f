"""The indexes that are fed behind the log: words, outbox keys and places."""
