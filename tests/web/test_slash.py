"""The page knows the slash commands of the shared table, and parses them in the same way."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from socketchat.exceptions import ChatError
from socketchat.protocol.codec import encode
from socketchat.protocol.slash.parsing import parse
from socketchat.protocol.slash.table import SLASHES
from tests.web.slash_table import MODULE, slash_table

ARGUMENTS = (
    "",
    "bob",
    "@bob",
    "@",
    "bob hello  there",
    "bob 10m",
    "bob 2h too loud",
    "bob 99999w",
    "bob 0s x",
    "bob 2hours x",
    "bob -5m",
    "#ops",
    "#ops/42",
    "#ops/42 a new text",
    "@bob/7 a new text",
    "42 text",
    "42 👍",
    "٤٢ text",
    "#ops/42 👍 twice",
    "before #ops/42",
    "before #ops/42 10",
    "before nothing",
    "20",
    "50",
    "0",
    "#ops 20",
    "@bob 20",
    "#ops/42 20",
    '""',
    "a topic  with spaces",
    "words from:@bob in:#ops after:2d before:2026-11-25",
    'deploy* "link down" other:word',
    "from:",
    "after:2d",
    "private",
    "PUBLIC",
    "announce on",
    "announce perhaps",
    "slow 30s",
    "slow off",
    "slow 0s",
    "rename #new",
    "rename a b",
    "revoke 3f2a",
    "revoke",
    "keep",
    "keep 3f2a",
    "constructor x",
    "__proto__",
    "two words",
    "line one\nline two",
    " \t spaced \t",
)
LINES = (
    *(f"/{name} {words}" for name in SLASHES for words in ARGUMENTS),
    *(f"/{name}" for name in SLASHES),
    "text",
    "//text",
    "/",
    "/ ",
    "/nope",
    "/constructor",
    "/__proto__ x",
    "/HELP dm",
    " /dm bob x",
    "\uff0fdm bob x",
    " / dm",
    "a /dm b",
)

SCRIPT = """
import { parse } from "MODULE";
import { readFileSync } from "node:fs";
const parsed = JSON.parse(readFileSync(0, "utf8")).map((line) => {
  try { return parse(line, "#lobby"); } catch (error) { return error.code ?? String(error); }
});
console.log(JSON.stringify(parsed));
"""


def parsed(line: str) -> object:
    try:
        return json.loads(encode(parse(line, "#lobby")))
    except ChatError as error:
        return error.code


def test_the_table_in_the_page_is_the_shared_one() -> None:
    if os.environ.get("UPDATE_SLASH"):
        MODULE.write_text(slash_table())
    assert MODULE.read_text() == slash_table(), "run: UPDATE_SLASH=1 python -m pytest tests/web/test_slash.py"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is missing")
def test_the_page_parses_every_line_as_the_server_does() -> None:
    script = SCRIPT.replace("MODULE", (MODULE.parent / "slash.js").as_uri())
    command = ["node", "--input-type=module", "--eval", script]
    done = subprocess.run(command, input=json.dumps(LINES), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    theirs = dict(zip(LINES, json.loads(done.stdout), strict=True))
    assert theirs == {line: parsed(line) for line in LINES}
