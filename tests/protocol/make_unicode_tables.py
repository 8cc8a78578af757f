"""Writes the tables of scripts and of confusable characters in socketchat/protocol/text.

The data is Unicode's (Scripts.txt, ScriptExtensions.txt, and confusables.txt of UTS #39), read through ICU. The package
icukit-pyicu holds both ICU and PyICU; its version 78.3.1 has Unicode 17.0. Any other PyICU works as well.

    pip install icukit-pyicu==78.3.1
    python -m tests.protocol.make_unicode_tables
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from typing import Any
from unicodedata import category, combining, decomposition, normalize

from socketchat.protocol import text
from socketchat.protocol.names import fold_digits
from socketchat.protocol.text.confusables import ACCENTS

HEADER = '''"""{title}

Made by tests/protocol/make_unicode_tables.py from Unicode {version}; do not edit. {form}
Copyright © 1991-2025 Unicode, Inc. Distributed under the Unicode Licence, https://www.unicode.org/license.txt.
"""

VERSION = "{version}"

{name} = """
{table}
"""
'''

RECOMMENDED = frozenset(
    re.findall(
        "[A-Z][a-z]+",
        "Arab Armn Beng Bopo Cyrl Deva Ethi Geor Grek Gujr Guru Hang Hani Hebr Hira Kana Khmr Knda Laoo Latn Mlym Mymr "
        "Orya Sinh Taml Telu Thaa Thai Tibt",
    )
)
"""The scripts that UAX #31 recommends for identifiers."""

ANY = "Any"
"""The script of digits and marks that go with every script."""

COMMON_AGE = 14.0
"""The Unicode version of Python 3.11, the oldest that socketchat runs on. All Pythons agree on characters this old."""

_OVERLAY = 1

# Accents do not tell names apart. From Hebrew on, what looks like an accent is a vowel, or makes another letter.
_LETTER_AND_ACCENT = re.compile(rf"(?:[\u0530-\u1cff].*)?{ACCENTS.pattern}").match

# The character names that were allowed before there was a table. They stay allowed, as accounts may have them.
_OLD = re.compile(
    r"(?:FULLWIDTH |HALFWIDTH |EXTENDED )?(ARABIC|ARMENIAN|BENGALI|BOPOMOFO|CJK|COMBINING|CYRILLIC|DEVANAGARI|DIGIT|"
    r"ETHIOPIC|GEORGIAN|GREEK|GUJARATI|GURMUKHI|HANGUL|HEBREW|HIRAGANA|IDEOGRAPHIC|KANNADA|KATAKANA|KHMER|LAO|LATIN|"
    r"MALAYALAM|MYANMAR|ORIYA|SINHALA|TAMIL|TELUGU|THAANA|THAI|TIBETAN)\b"
).match
_OLD_DEVANAGARI = frozenset("\u0953\u0954")  # marks to which Unicode gives no script
_WITH_ANY_SCRIPT = re.compile("COMBINING |(?:FULLWIDTH )?DIGIT ").match

# Invisible letters and marks (joiner, fillers, inherent vowels, tatweel), and phonetic ones like | ! a g.
_REFUSED = frozenset("\u034f\u0640\u115f\u1160\u17b4\u17b5\u3164\uffa0\u01c0\u01c1\u01c2\u01c3\u0251\u0261")
# Compatibility characters are refused, except widths and these vowels of Thai and Lao.
_DISGUISE = re.compile(r"<(?!wide|narrow)").match
_VOWELS = frozenset("\u0e33\u0eb3")


class Tables:
    """The characters of names and their looks, from ICU."""

    def __init__(self, icu: Any) -> None:
        self._icu = icu
        self._checker = icu.SpoofChecker()
        self._recommended = self._checker.getRecommendedUnicodeSet()
        self.version: str = icu.UNICODE_VERSION
        self.scripts = {
            character: scripts
            for point in range(0x110000)
            if not 0xD800 <= point < 0xE000 and (scripts := self._scripts(character := chr(point)))
        }

    def script_lines(self) -> list[str]:
        """Return a line for each set of scripts: the scripts, and the ranges of their characters."""
        by_scripts: dict[str, list[int]] = defaultdict(list)
        for character, scripts in self.scripts.items():
            by_scripts["+".join(sorted(scripts))].append(ord(character))
        return [f"{scripts} {' '.join(_ranges(points))}" for scripts, points in sorted(by_scripts.items())]

    def classes(self) -> list[str]:
        """Return the classes of characters that look alike: the look, then the characters that have it."""
        members: dict[str, list[str]] = defaultdict(list)
        parts = {part for character in self.scripts for part in normalize("NFD", normalize("NFKC", character))}
        for part in sorted(parts):
            if category(part) == "Nd" and not part.isascii():
                continue  # names are compared with ASCII digits
            look, small = self._look(part), _folded(part)
            # The look of a capital letter is that of the small one, unless only the capital is confusable.
            if look != small and (part == small or look != self._look(small)) and not _LETTER_AND_ACCENT(look):
                members[look].append(part)
        return sorted(" ".join([_points(look), *map(_points, found)]) for look, found in members.items())

    def _look(self, character: str) -> str:
        """Return the look of a character, in small letters that have no further look."""
        look = _folded(str(self._checker.getSkeleton(0, character)))
        for _ in range(8):
            further = _folded(str(self._checker.getSkeleton(0, look)))
            if further == look:
                return look
            look = further
        raise AssertionError(character)

    def _scripts(self, character: str) -> frozenset[str]:
        if not self._is_allowed(character):
            return frozenset()
        if _WITH_ANY_SCRIPT(self._name(character)):
            return frozenset({ANY})
        if character in _OLD_DEVANAGARI:
            return frozenset({"Deva"})
        script = self._icu.Script.getScript(character).getShortName()
        if script in {"Zyyy", "Zinh"}:
            found = self._icu.Script.getScriptExtensions(character)
            return RECOMMENDED.intersection(
                each if isinstance(each, str) else self._icu.Script(each).getShortName() for each in found
            )
        return RECOMMENDED & {script}

    def _is_allowed(self, character: str) -> bool:
        if character in _REFUSED or not (_OLD(self._name(character)) or self._recommended.contains(character)):
            return False
        if float(self._icu.Char.charAge(character)) > COMMON_AGE:
            return self._is_inert(character)
        return (
            (category(character)[0] == "L" or category(character) in {"Nd", "Mn", "Mc"})
            and (not _DISGUISE(decomposition(character)) or character in _VOWELS)
            and combining(character) != _OVERLAY
            and not self._name(character).startswith("MODIFIER LETTER")
        )

    def _is_inert(self, character: str) -> bool:
        """Tell whether a character is the same to a Python that does not know it: a letter without case or parts."""
        of = self._icu.Char.getIntPropertyValue
        return (
            self._icu.Char.charType(character) == self._icu.UCharCategory.OTHER_LETTER
            and not of(character, self._icu.UProperty.DECOMPOSITION_TYPE)
            and not of(character, self._icu.UProperty.CANONICAL_COMBINING_CLASS)
        )

    def _name(self, character: str) -> str:
        return str(self._icu.Char.charName(character))


def _folded(text: str) -> str:
    return fold_digits(normalize("NFD", text.casefold()))


def _points(text: str) -> str:
    return "+".join(f"{ord(character):x}" for character in text)


def _ranges(points: list[int]) -> list[str]:
    ranges = []
    for _, group in groupby(enumerate(points), lambda each: each[1] - each[0]):
        run = [point for _, point in group]
        ranges.append(f"{run[0]:x}" if len(run) == 1 else f"{run[0]:x}-{run[-1]:x}")
    return ranges


def main() -> None:
    """Write both tables."""
    import icu

    tables = Tables(icu)
    scripts = {
        "title": "Which scripts the characters of names belong to.",
        "form": 'Each entry,\nup to a semicolon, has scripts and their code points; "Any" goes with every script.',
        "name": "SCRIPTS",
        "table": "; ".join(tables.script_lines()),
    }
    confusables = {
        "title": "Which characters look alike.",
        "form": "Each class,\nup to a semicolon, begins with a look in small letters; the others look like it.",
        "name": "CLASSES",
        "table": "; ".join(tables.classes()),
    }
    for module, made in (("scripts_table.py", scripts), ("confusables_table.py", confusables)):
        made["table"] = "\n".join(wrap(made["table"], 120))
        Path(text.__file__).with_name(module).write_text(HEADER.format(version=tables.version, **made), "utf-8")


if __name__ == "__main__":
    main()
