"""Several journals over one log in memory, as several nodes have them."""

from socketchat.journal import Conflict, Proposal, Stored
from socketchat.journal.memory import MemoryJournal, MemoryStore
from tests.hub.stage import Turns, finished


def test_each_journal_reports_all_entries_in_the_order_of_the_log_and_only_its_own_with_proposals() -> None:
    turns, log = Turns(), MemoryStore()
    journals = [MemoryJournal(turns, store=log) for _ in range(2)]
    told: list[list[tuple[str, bool]]] = [[], []]
    for journal, heard in zip(journals, told, strict=True):
        finished(journal.open())
        journal.committed = lambda outcomes, heard=heard: heard.extend(
            (bytes(each.entry.body).decode(), each.proposal is not None) for each in outcomes
        )
    for number in range(6):
        journals[number % 2].submit(Proposal("#ops", "u1", "ann", "message", b"%d" % number))
        if number == 3:
            turns.turn()
    turns.settle()
    first, second = told
    assert [text for text, _ in first] == [text for text, _ in second] == ["0", "2", "1", "3", "4", "5"]
    assert [text for text, is_own in first if is_own] == ["0", "2", "4"]
    assert [text for text, is_own in second if is_own] == ["1", "3", "5"]


def test_a_claim_that_another_journal_has_is_a_conflict_and_is_reported_after_it() -> None:
    turns, log = Turns(), MemoryStore()
    one, other = (MemoryJournal(turns, store=log) for _ in range(2))
    told: list[type] = []
    for journal in (one, other):
        finished(journal.open())
        journal.committed = lambda _: None
    other.committed = lambda outcomes: told.extend(map(type, outcomes))
    for journal in (one, other):
        journal.submit(Proposal("*", "u1", "ann", "user", b"{}", claims=("name:ann",)))
    turns.settle()
    assert told == [Stored, Conflict]
