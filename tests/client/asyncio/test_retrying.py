import asyncio

import pytest

from socketchat.client.asyncio.retrying import LASTING, Retrying
from socketchat.client.session.client_events import NotStored, StoredAgain
from socketchat.client.timeouts import Timeouts
from socketchat.exceptions import StorageProblem

FULL = StorageProblem("The server's disk is full; try again later.")


def test_a_retry_can_be_sent_immediately() -> None:
    tries, told = [], []

    async def test() -> None:
        retrying = Retrying(
            Timeouts(first_delay=1000), lambda: 1.0, retry=lambda: tries.append(retrying), tell=told.append
        )
        retrying.try_now()
        assert not tries
        for count in range(1, LASTING + 3):
            retrying.refused(FULL)
            retrying.refused(FULL)
            retrying.try_now()
            assert len(tries) == count
        retrying.stored()
        retrying.stored()
        retrying.close()

    asyncio.run(test())
    assert told == [NotStored(FULL), StoredAgain()]


@pytest.mark.parametrize(
    ("why", "sentence"),
    [
        (str(FULL), "The server's disk is full; what you send waits until the server stores it."),
        ("Something else.", "Something else; what you send waits until the server stores it."),
    ],
)
def test_the_outcome_of_a_retry_is_reported(why: str, sentence: str) -> None:
    assert NotStored(StorageProblem(why)).sentence == sentence
