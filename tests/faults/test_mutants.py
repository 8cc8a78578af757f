"""The checker finds deliberate bugs in the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from itertools import chain
from pathlib import Path

import pytest

from tests.client.serving import serving
from tests.faults import mutants
from tests.faults.kills import rounds
from tests.faults.load import Load, check
from tests.faults.proxy import Proxy
from tests.faults.test_links import HASTE

pytestmark = [pytest.mark.faults, pytest.mark.timeout(60)]


async def kill(directory: Path, program: Sequence[str]) -> None:
    await rounds(4, directory, seed=7, program=program)


async def talk(directory: Path, program: Sequence[str]) -> None:
    await rounds(0, directory, seed=7, most=4000, program=program)


async def lose_answers(directory: Path, program: Sequence[str]) -> None:
    with serving(directory, "--no-limits", program=program) as server:
        async with Proxy(server.port, directory / "data") as proxy, Load(proxy.port, directory, HASTE) as load:
            proxy.loss = 0.3
            proxy.cut()
            await load.acknowledge(500)
            proxy.loss = 0.0
            proxy.cut()
            await load.finish()
        await asyncio.to_thread(server.end)
        await check(load, directory / "data")


def leaves(error: BaseException) -> list[BaseException]:
    """Return the errors that a group consists of."""
    return [*chain.from_iterable(map(leaves, error.exceptions))] if isinstance(error, BaseExceptionGroup) else [error]


@pytest.mark.parametrize(
    ("mutant", "scene"),
    [
        (mutants.acknowledges_before_it_commits, kill),
        (mutants.looks_no_key_up, lose_answers),
        (mutants.keeps_the_heads_of_what_it_undoes, talk),
        (mutants.mixes_up_what_one_says, talk),
        (mutants.forgets_to_write_one, talk),
        (mutants.skips_one_for_who_comes_back, kill),
    ],
    ids=lambda value: value.__name__,
)
def test_the_checker_detects_a_seeded_bug(
    tmp_path: Path, mutant: Callable[[], None], scene: Callable[[Path, Sequence[str]], Coroutine[None, None, None]]
) -> None:
    with pytest.raises(BaseException) as raised:  # noqa: PT011  a group or not
        asyncio.run(scene(tmp_path, (mutants.__file__, mutant.__name__)))
    found = leaves(raised.value)
    assert any(isinstance(error, AssertionError) for error in found), found
