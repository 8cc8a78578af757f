"""The rules of the project about its own structure."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import socketchat

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "socketchat"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


def identify(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=identify)
def test_a_module_opens_with_one_sentence_and_is_short(path: Path) -> None:
    text = path.read_text()
    docstring = ast.get_docstring(ast.parse(text)) or ""
    assert re.match(r"(?:[A-Z]|``).{8,116}[.:;]$", docstring.split("\n")[0]), docstring
    assert text.count("\n") <= LONGEST_FILE


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=identify)
def test_no_function_is_long(path: Path) -> None:
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, FUNCTIONS)]
    assert [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= LONGEST_FUNCTION] == []


MODULES = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in SOURCES}


def imported_by(path: Path) -> set[str]:
    """Return the modules of ours that a module imports, for type checking and inside functions too."""
    module = MODULES[path]
    known = {name.removesuffix(".__init__"): name for name in MODULES.values()}
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = module.split(".")[: -node.level]
            target = ".".join([*base, *filter(None, (node.module or "").split("."))])
            found |= {known.get(f"{target}.{alias.name}", known.get(target, module)) for alias in node.names}
    return found - {module}


def test_no_module_imports_another_in_a_circle() -> None:
    left = {MODULES[path]: imported_by(path) for path in SOURCES}
    while free := [module for module, needs in left.items() if not needs & left.keys()]:
        for module in free:
            del left[module]
    assert sorted(left) == []


def test_layers_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"]
    found = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "0 broken" in found.stdout


@pytest.mark.parametrize("path", SOURCES, ids=identify)
def test_no_module_breaks_the_security_rules(path: Path) -> None:
    # CVE-2024-12254; unpickling and evaluating what others wrote; user text as markup; a shell.
    forbidden = (
        r"\.writelines\(|\bpickle\b|\bmarshal\b|\beval\(|\bexec\(|from_markup|markup=True|shell=True|patch_stdout\("
    )
    assert re.findall(forbidden, path.read_text()) == []


def test_no_test_mocks_own_objects_or_sleeps() -> None:
    tests = [path for path in TESTS if path != Path(__file__) and "benchmarks" not in path.parts]
    found = [
        f"{identify(path)}: {match}"
        for path in tests
        for match in re.findall(r"unittest\.mock|MagicMock|AsyncMock|mocker\.|\bsleep\((?!0\))", path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize("path", SOURCES, ids=identify)
def test_only_one_module_puts_files_in_place_and_syncs_them(path: Path) -> None:
    # only exceptions.py turns an errno into words.
    elsewhere = r"os\.(?:fsync|rename|replace|link)\(|FULLFSYNC|\.strerror\b"
    if path not in {PACKAGE / "files.py", PACKAGE / "exceptions.py"}:
        assert re.findall(elsewhere, path.read_text()) == []


def test_the_changelog_has_the_version() -> None:
    assert f"## [{socketchat.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_top_level_has_the_agreed_files() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    drawn = {"socketchat", "tests", "pyproject.toml", "README.md", "CHANGELOG.md", ".gitignore", "LICENSE", ".ci"}
    assert {line.split("/")[0] for line in tracked.stdout.splitlines()} == drawn
