"""Models of a user: of an installed package by entry points, and by ``package.module:Name``."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import acutance
from acutance.catalog import CATALOG, find_model, list_models
from acutance.cli.app import app
from acutance.errors import ConfigError, UnknownNameError
from acutance.scoring.api import ScoreRows
from tests.raising import raises

CODE = '''
"""Models of nobody."""

from pydantic import BaseModel, Field
from torch import Tensor

from acutance.models.entry import ModelEntry
from acutance.models.quality_model import QualityModel
from acutance.types import ScoreInfo


class Brightness(QualityModel):
    """How bright an image is."""

    info = ScoreInfo(better="higher", low=0.0, high=1.0)
    needs_reference = False

    def terms(self, distorted, reference=None) -> dict[str, Tensor]:
        return {"score": distorted.mean(dim=(1, 2, 3))}


class Options(BaseModel):
    gain: int = Field(default=1, ge=1, le=9)


class Difference(QualityModel):
    info = ScoreInfo(better="lower", low=0.0, high=9.0)

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.gain = options.gain

    def terms(self, distorted, reference=None) -> dict[str, Tensor]:
        distorted, reference = self.checked_pair(distorted, reference)
        return {"score": self.gain * (distorted - reference).abs().mean(dim=(1, 2, 3))}


DIFFERENCE = ModelEntry(
    name="any", title="Difference", info=Difference.info, needs_reference=True, paper="none", note="Small.",
    build="nobody.metrics:Difference", options=Options,
)


def make_brightness():
    return Brightness()


NUMBER = 7


def fails():
    raise RuntimeError("no licence found")
'''
POINTS = """[acutance.models]
brightness = nobody.metrics:Brightness
difference = nobody.metrics:DIFFERENCE
broken = nobody.absent:Model
psnr = nobody.metrics:Brightness
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package as pip would install it, and a catalogue that has not looked at packages yet."""
    for path, text in {
        "nobody/__init__.py": "",
        "nobody/metrics.py": CODE,
        "nobody-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: nobody\nVersion: 1.0\n",
        "nobody-1.0.dist-info/entry_points.txt": POINTS,
    }.items():
        file = tmp_path / "site" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "site")
    vars(CATALOG).pop("_installed", None)
    yield tmp_path / "site"
    vars(CATALOG).pop("_installed", None)
    CATALOG._imported.clear()
    for name in ("nobody", "nobody.metrics"):
        sys.modules.pop(name, None)


def rows(*given: object, **named: object) -> ScoreRows:
    found = acutance.score(*given, **named)  # type: ignore[arg-type]
    assert isinstance(found, ScoreRows)
    return found


@pytest.mark.usefixtures("package")
def test_an_installed_model_is_listed_found_and_described():
    entry = find_model("Brightness")
    assert entry in list_models()
    assert (entry.name, entry.needs_reference, entry.note) == ("brightness", False, "How bright an image is.")
    shown = CliRunner().invoke(app, ["models"])
    assert shown.exit_code == 0
    assert "brightness" in shown.stdout
    assert "difference" in shown.stdout
    one = CliRunner().invoke(app, ["models", "difference"])
    assert one.exit_code == 0, one.output
    assert "gain: 1 (a whole number, 1 to 9)" in one.stdout


def test_an_installed_model_scores_batches_with_provenance(package: Path):
    images = [np.full((8, 8, 3), value, dtype=np.uint8) for value in (0, 51, 255)]
    assert [row.score for row in rows(images, model="brightness")] == pytest.approx([0.0, 0.2, 1.0])
    model = acutance.load("brightness")
    assert model.provenance is not None
    assert model.provenance.model == "brightness"
    assert model.provenance.preprocessing["code"] == "nobody.metrics:Brightness"
    digest = model.provenance.preprocessing["code_sha256"]
    (package / "nobody/metrics.py").write_text("# changed")
    assert acutance.load("brightness").provenance.preprocessing["code_sha256"] != digest  # type: ignore[union-attr]


@pytest.mark.usefixtures("package")
def test_options_of_an_installed_model_are_checked_and_used():
    black, white = (np.full((8, 8, 3), value, dtype=np.uint8) for value in (0, 255))
    (row,) = rows([black], reference=[white], model="difference", options={"difference": {"gain": "3"}})
    assert row.score == 3.0
    with raises(ConfigError, "gain", "difference", 1, 9, 10):
        acutance.load("difference", gain=10)


@pytest.mark.usefixtures("package")
def test_a_broken_package_is_one_line_each_and_hides_no_other_model(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        names = [entry.name for entry in list_models()]
    assert {"brightness", "difference", "psnr"} <= set(names)
    assert "broken" not in names
    assert find_model("psnr").title == "PSNR"
    lines = [record.getMessage() for record in caplog.records]
    assert sorted(("nobody.absent" in line, "nobody.metrics:Brightness" in line) for line in lines) == [
        (False, True),
        (True, False),
    ]
    assert all("\n" not in line for line in lines)


@pytest.mark.parametrize("name", ["Brightness", "make_brightness", "DIFFERENCE"])
def test_a_model_is_scored_by_where_its_code_is(package: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.chdir(package)
    black, white = (np.full((8, 8, 3), value, dtype=np.uint8) for value in (0, 255))
    (row,) = rows([white], reference=[black], model=f"nobody.metrics:{name}")
    assert (row.score, row.model) == (1.0, f"nobody.metrics:{name}")


def test_the_command_line_finds_a_module_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "mine_alone.py").write_text(CODE.replace("nobody.metrics", "mine_alone"))
    Image.fromarray(np.full((8, 8, 3), 255, dtype=np.uint8)).save(tmp_path / "white.png")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["score", "white.png", "-m", "mine_alone:Brightness,psnr", "-r", "white.png"])
    assert result.exit_code == 0, result.output
    assert "mine_alone:Brightness" in result.stdout
    with_option = ["-m", "mine_alone:DIFFERENCE", "-r", "white.png", "--set", "mine_alone:DIFFERENCE.gain=2"]
    assert CliRunner().invoke(app, ["score", "white.png", *with_option]).exit_code == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nobody.absent:Model", ("nobody.absent",)),
        ("nobody.metrics:Absent", ("Absent",)),
        ("nobody.metrics:NUMBER", ("int",)),
        ("nobody.metrics:fails", ("RuntimeError", "no licence found")),
        ("nobody.metrics:Options", ("Options",)),
    ],
)
@pytest.mark.usefixtures("package")
def test_what_is_no_model_is_an_error_that_names_it(name: str, words: tuple[str, ...]):
    with raises(ConfigError, name, *words) as caught:
        acutance.load(name)
    assert not isinstance(caught.value, UnknownNameError)
