"""The files of the page: small, complete in the wheel, and correct as the tools of the language see them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from socketchat.server.pages import WEB, pages

ROOT = Path(__file__).parents[2]

MOST_BYTES = 150_000
"""Bytes of the whole page before compression: it opens at once, also over a slow link."""

MODULES = sorted(WEB.rglob("*.js"))

NODE_MODULES = os.environ.get("SOCKETCHAT_NODE_MODULES", "")
"""A folder with the packages of npm that some tests use: typescript and axe-core."""


def test_the_page_is_small() -> None:
    assert sum(len(page.content) for page in pages().values()) <= MOST_BYTES


def test_every_module_that_is_imported_is_served() -> None:
    for path, page in pages().items():
        folder = WEB / path[1:]
        for name in re.findall(rb'^(?:import|\} from)[^"\n]*"(\.[^"]*)";', page.content, re.MULTILINE):
            found = (folder.parent / name.decode()).resolve()
            assert f"/{found.relative_to(WEB.resolve()).as_posix()}" in pages(), path


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_is_short_typed_and_makes_no_markup(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("// @ts-check\n/**")
    assert len(text.splitlines()) <= 500
    assert max(map(len, text.splitlines())) <= 160 or path.name == "slash_table.js"
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|srcdoc|\.cookie\b"
    )
    assert re.findall(forbidden, text) == []


def test_no_file_asks_another_site() -> None:
    for path, page in pages().items():
        found = re.findall(rb"https?://[\w.]+", page.content)
        assert set(found) <= {b"http://www.w3.org"}, path


def test_the_wheel_has_the_files(tmp_path: Path) -> None:
    if shutil.which("git") is None or not (ROOT / "pyproject.toml").exists():
        pytest.skip("not a checkout")
    build = pytest.importorskip("hatchling.build", reason="hatchling is missing")
    script = (
        f"import os; os.chdir({str(ROOT)!r}); from hatchling.build import build_wheel; build_wheel({str(tmp_path)!r})"
    )
    assert build
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=50)
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    assert {f"socketchat/web/{path.relative_to(WEB).as_posix()}" for path in WEB.rglob("*.*")} <= names


@pytest.mark.system
def test_the_types_are_right() -> None:
    compiler = Path(NODE_MODULES, ".bin", "tsc")
    if not NODE_MODULES or not compiler.exists():
        pytest.skip("typescript is missing: SOCKETCHAT_NODE_MODULES names the folder that has it")
    options = ["--checkJs", "--allowJs", "--noEmit", "--strict", "--noUnusedLocals", "--target", "es2024"]
    options += [
        "--module",
        "esnext",
        "--moduleResolution",
        "bundler",
        "--lib",
        "es2024,dom,dom.iterable",
        "--types",
        "",
    ]
    done = subprocess.run([compiler, *options, *MODULES], capture_output=True, text=True, timeout=55, check=False)
    assert done.stdout == ""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is missing")
def test_a_served_module_is_its_source_without_comments(tmp_path: Path) -> None:
    script = "for (const each of process.argv.slice(1)) await import(each);"
    for path, page in pages().items():
        if path.endswith(".js"):
            (tmp_path / path[1:]).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path[1:]).write_bytes(page.content)
            code = [line.strip() for line in (WEB / path[1:]).read_text().splitlines()]
            served = [line.strip() for line in page.content.decode().splitlines()]
            dropped = [line for line in code if line not in served]
            assert all(line.startswith(("/**", "*", "//", "@")) for line in dropped), path
    parts = [str(tmp_path / name) for name in ("model/chat.js", "session/link.js", "model/text.js")]
    command = ["node", "--input-type=module", "--eval", script, *parts]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
