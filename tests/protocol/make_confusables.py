"""Writes socketchat/protocol/text/confusable_characters.py from the data of the package confusable-homoglyphs 3.3.1.

pip download --no-deps confusable-homoglyphs==3.3.1 && unzip -d DIR confusable_homoglyphs-*.whl
python -m tests.protocol.make_confusables DIR/confusable_homoglyphs/confusables.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from textwrap import wrap
from unicodedata import normalize

from socketchat.exceptions import BadName
from socketchat.protocol import names
from socketchat.protocol.text import confusables

HEADER = '''"""Which characters look alike, by code point, as tests/protocol/make_confusables.py found them.

Of each class, up to a semicolon, the first is what the others look like, with + between the characters where it is
several. From Unicode's confusables.txt (UTS #39) by way of the package confusable-homoglyphs 3.3.1, restricted to what
names may have.
Copyright © 1991-2024 Unicode, Inc. Distributed under the Unicode Licence, https://www.unicode.org/license.txt.
"""

CLASSES = """
'''


DIRECTION = "\u200e"
"""The data wraps characters that are written from the right in this mark."""


def may_be_in_a_name(character: str) -> bool:
    """Tell whether a name may have this character, as it is after the normalisation that comes before the table."""
    try:
        names._script(character, "")
    except BadName:
        return False
    return normalize("NFD", normalize("NFKC", character)) == character


def classes(pairs: dict[str, list[dict[str, str]]]) -> list[list[str]]:
    """Return the classes of strings that look alike, what the others look like first."""
    found: dict[str, set[str]] = {}
    for key, others in pairs.items():
        for other in others:
            one, two = (each.replace(DIRECTION, "") for each in (key, other["c"]))
            joined = found.get(one, {one}) | found.get(two, {two})
            for each in joined:
                found[each] = joined
    distinct = {id(each): each for each in found.values()}.values()
    return [sorted(each, key=rank) for each in distinct]


def rank(look: str) -> tuple[bool, bool, bool, bool, str]:
    """Sort what the others look like first: several characters, as those have no others; then letters of ASCII."""
    return (len(look) == 1, not look.isascii(), not look.isalpha(), not look.islower(), look)


def lines(pairs: dict[str, list[dict[str, str]]]) -> list[str]:
    made = []
    for look, *others in classes(pairs):
        members = [each for each in others if len(each) == 1 and may_be_in_a_name(each)]
        if members and (len(look) > 1 or len(members) > 1 or may_be_in_a_name(look)):
            points = "+".join(f"{ord(character):x}" for character in look)
            made.append(" ".join([points, *(f"{ord(member):x}" for member in members)]))
    return sorted(made)


def main() -> None:
    pairs = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    target = Path(confusables.__file__).with_name("confusable_characters.py")
    target.write_text(HEADER + "\n".join(wrap("; ".join(lines(pairs)), 120)) + '\n"""\n', "utf-8")


if __name__ == "__main__":
    main()
