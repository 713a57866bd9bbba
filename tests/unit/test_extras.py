import importlib.metadata
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
import torch
from packaging.requirements import Requirement

import acutance
from acutance.errors import MissingExtraError
from acutance.extras import install_command, require, requirements
from acutance.reports import html
from acutance.weights import store
from tests.raising import raises

ROOT = Path(__file__).parents[2]
EXTRAS: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
FOR_USERS = ("parquet", "data", "plots", "train")
TEXTS = [*ROOT.glob("src/**/*.py"), *ROOT.glob("docs/**/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def packages(texts: list[str]) -> set[tuple[str, str]]:
    """Names and versions, however they are written."""
    parsed = [Requirement(text) for text in texts]
    return {(one.name.lower(), str(one.specifier)) for one in parsed}


def test_a_package_that_is_there_is_imported():
    assert require("json", extra="none") is json


def test_a_package_that_is_not_there_says_how_to_get_it():
    with raises(MissingExtraError, "no_such_package", install_command("parquet")):
        require("no_such_package.inside", extra="parquet")


@pytest.mark.parametrize("extra", FOR_USERS)
def test_the_command_installs_what_the_extra_is_in_pyproject(extra: str):
    assert packages(re.findall('"([^"]+)"', install_command(extra))) == packages(EXTRAS[extra])
    assert packages(requirements(extra)) == packages(EXTRAS[extra])


def test_the_command_is_pip_where_the_pip_of_this_python_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "pip").touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert install_command("plots").startswith("pip install ")


def test_the_command_names_this_python_where_another_pip_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "pip").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/a b/python")
    assert install_command("plots").startswith('"/a b/python" -m pip install ')
    monkeypatch.setattr(sys, "executable", "/a/python")
    assert install_command("plots").startswith("/a/python -m pip install ")


def test_no_text_installs_acutance_by_a_name_that_no_index_has():
    told = [line for path in TEXTS for line in path.read_text().splitlines() if "pip install" in line]
    installed = [line.partition("pip install")[2].partition("&&")[0] for line in told]
    assert [text for text in installed if re.search(r"\bacutance\b", text)] == []
    named = {
        extra for text in installed for group in re.findall(r"\.\[([a-z,]+)\]", text) for extra in group.split(",")
    }
    assert {"plots", "train"} <= named <= set(EXTRAS)


def test_weights_and_pages_are_written_from_a_source_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def not_installed(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", not_installed)
    store.save(tmp_path / "toy.safetensors", {"a": torch.ones(2)}, model="toy", config={}, source_sha256=None)
    assert store.read_header(tmp_path / "toy.safetensors").acutance_version == acutance.__version__
    assert acutance.__version__ in html.render("Title", [], [])
