"""Feeds the indexes behind the log: the places (conversation, seq) and the keys (outbox, n).

Kept in the commit of each batch, an index costs more than all the rest: in a hundred rooms each of a hundred entries
lands on a page of its own, and all these pages are written to the log and synced. Fed some thousand entries later, in
the order of the index, the same pages are written once for all of them. Only a bug could give a place twice, since one
thread gives them; the primary key would find it here.

Readers look at the places and, for what is not fed yet, at the end of the entries, in one transaction.
"""

from __future__ import annotations

import apsw

FEED_ENTRIES = 2_048
"""Entries that wait at most, unless batches are larger: a read scans them in a quarter of a millisecond."""


def feed(db: apsw.Connection) -> None:
    """Bring the indexes up to the newest entry, in a transaction of its own.

    Raises apsw.Error, and then nothing is fed.
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
