"""The line below the messages: reading keys, editing, and drawing it."""
