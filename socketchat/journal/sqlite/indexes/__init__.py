"""The indexes that are updated after the commit: words, outbox keys and places."""
