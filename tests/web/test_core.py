"""The page's session core, without a browser: the same rules as those of ``client/session``."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from socketchat.protocol.text.mentions import mentions
from tests.web.test_files import WEB

CORE = Path(__file__).parent / "core.mjs"

NODE = pytest.mark.skipif(shutil.which("node") is None, reason="node is missing")

TEXTS = (
    "alice",
    "hi @alice!",
    "ALICE: look",
    "alice...",
    "malice",
    "alice's",
    "alice-",
    "alice_2",
    "(alice)",
    "al ice",
    "Ａlice",
    "x,alice,y",
    "https://example.org/alice",
    "…alice…",
    "",
)


@NODE
def test_the_core_keeps_the_rules_of_the_session() -> None:
    done = subprocess.run(["node", "--test", CORE], capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stdout


@NODE
def test_the_page_finds_mentions_as_the_server_does() -> None:
    script = f"""
import {{ mentions }} from "{(WEB / "model/text.js").as_uri()}";
import {{ readFileSync }} from "node:fs";
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map((text) => mentions(text, "alice"))));
"""
    command = ["node", "--input-type=module", "--eval", script]
    done = subprocess.run(command, input=json.dumps(TEXTS), capture_output=True, text=True, timeout=20, check=True)
    assert dict(zip(TEXTS, json.loads(done.stdout), strict=True)) == {text: mentions(text, "alice") for text in TEXTS}
