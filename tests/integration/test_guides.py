"""Every command and every program of the guides works as it stands there, one after the other."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
OF_OTHER_TESTS = {"from-the-authors-code.md"}
"""Pages with names of files that only a test of their own has."""
PAGES = [DOCS / "index.md", *sorted(page for page in DOCS.glob("guides/*.md") if page.name not in OF_OTHER_TESTS)]
BLOCK = re.compile(r'^```(sh|python)(?: title="([^"]+)")?\n(.*?)^```', re.DOTALL | re.MULTILINE)
RUNNER = """
import importlib, json, shlex, subprocess, sys
from pathlib import Path
from acutance.cli.app import app

def command(line):
    try:
        app(shlex.split(line)[1:])
    except SystemExit as end:
        if end.code:
            sys.exit(f"{end.code} by {line}")

names = {}
for kind, title, text in json.load(sys.stdin):
    if title:  # a file of the package or of its tests
        path = Path(title)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if path.parts[0] == "src":
            importlib.import_module("acutance.models").__path__.append(str(path.parents[1].absolute()))
        elif path.name.startswith("test_"):
            options = ["-q", "-c", sys.argv[1], "-p", "tests.conftest", "-p", "no:cacheprovider", "--noconftest"]
            if subprocess.run([sys.executable, "-m", "pytest", *options, title]).returncode:
                sys.exit(f"tests of {title} failed")
    elif kind == "python":
        exec(compile(text, "guide", "exec"), names)
    else:
        for line in text.splitlines():
            command(line)
"""
"""Runs the blocks of a page in one process, as a reader would in one folder."""


def blocks(page: Path) -> list[tuple[str, str, str]]:
    return BLOCK.findall(page.read_text())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_of_a_guide_runs(page: Path, tmp_path: Path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    found = blocks(page)
    assert found
    assert {line.split()[0] for kind, _, text in found if kind == "sh" for line in text.splitlines()} <= {"acutance"}
    result = subprocess.run(
        [sys.executable, "-c", RUNNER, str(ROOT / "pyproject.toml")],
        input=json.dumps(found),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout


def test_the_first_page_prints_the_scores_that_stand_on_it():
    page, readme = (DOCS / "index.md").read_text(), (ROOT / "README.md").read_text()
    assert page.split("```")[3] == readme.split("```")[3]
