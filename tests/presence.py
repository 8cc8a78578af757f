"""Presence events, written and read by names alone."""

from collections.abc import Iterable, Sequence

from socketchat.protocol.events import Event, Person, Presence


def presence(
    *, appeared: Iterable[str] = (), disappeared: Iterable[str] = (), online: Sequence[str] | None = None, **more
) -> Presence:
    """Return the event that tells who of these users, with ids made from their names, appeared and disappeared."""
    in_room = more.get("room") is not None
    return Presence(
        appeared=[person(name, "joined" if in_room else "online") for name in appeared],
        disappeared=[person(name, "left" if in_room else "offline") for name in disappeared],
        online=None if online is None else [person(name) for name in online],
        **more,
    )


def person(name: str, why: str = "") -> Person:
    return Person(user=f"id of {name}", name=name, why=why)


def presences(told: Iterable[Event]) -> list[str]:
    """Return what presence events say: "+bob" came online, "-bob left #ops", "=alice bob" are all who are online."""
    said: list[str] = []
    for event in told:
        assert isinstance(event, Presence), event
        where = f" {event.room}" if event.room else ""
        said += [f"+{each.name}{_why(each, 'online')}{where}" for each in event.appeared]
        said += [f"-{each.name}{_why(each, 'offline')}{where}" for each in event.disappeared]
        if event.online is not None:
            said.append("=" + " ".join(sorted(each.name for each in event.online)))
    return said


def _why(someone: Person, usual: str) -> str:
    return "" if someone.why == usual else f" {someone.why}"
