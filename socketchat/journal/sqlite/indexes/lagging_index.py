"""Updates two indexes after the commit, in larger steps: the places (conversation, seq) and the keys (outbox, n).

Updating them in each commit would cost more than the rest: in a hundred rooms, each of a hundred entries changes a
different page, and all these pages are written to the log and synced. Updated several thousand entries later, in index
order, each page is written once. Since one thread assigns the places, only a bug could assign one twice; the primary
key would detect it here.

Readers use the index and, for newer entries, scan the end of the table, in one transaction.
"""

from __future__ import annotations

import apsw

FEED_ENTRIES = 2_048
"""Most entries missing from the index, unless a batch is larger: a read scans them in a quarter of a millisecond."""


def feed(db: apsw.Connection) -> None:
    """Update the indexes to the newest entry, in a separate transaction.

    Raises apsw.Error, and then changes nothing.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        db.execute(_FEED)
        db.execute("COMMIT")
    except apsw.Error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


_FEED = """
    INSERT INTO place
        SELECT conversation, seq, id FROM entry WHERE id > (SELECT fed FROM meta) ORDER BY conversation, seq;
    UPDATE meta SET placed = placed + changes();
    INSERT INTO sent
        SELECT outbox, n, id FROM entry WHERE id > (SELECT fed FROM meta) AND outbox IS NOT NULL ORDER BY outbox, n;
    UPDATE meta SET fed = (SELECT ifnull(max(id), 0) FROM entry);
"""
