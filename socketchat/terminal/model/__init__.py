"""The state of a visit at a terminal: places, completion, paging, unread counts."""
