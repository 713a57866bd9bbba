"""The rows of "A-FINE: PyIQA and Burn": each call as it stands there gives the numbers of PyIQA and Burn."""

import csv
import shlex
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from typer.testing import CliRunner, Result

import acutance
from acutance.cli.app import app
from acutance.layers.clip import CLIP_MEAN, CLIP_STD
from tests.golden.conftest import EXAMPLES, golden, picture  # noqa: F401 (a fixture)
from tests.integration.authors.table import code, commands, rows

SECTION = "A-FINE: PyIQA and Burn"
PAIR = (EXAMPLES / "distorted/astronaut_jpeg10.png", EXAMPLES / "reference/astronaut.png")
"""The first golden case."""
Golden = dict[str, Any]


class Place:
    """A folder with ``dis.png``, ``ref.png`` and ``afine.pth``, and what a row finds there."""

    def __init__(self, golden: Golden, load: Callable[..., object]) -> None:  # noqa: F811
        self.golden = golden
        self.case = golden["cases"][0]
        self.names: dict[str, Any] = {
            "acutance": SimpleNamespace(load=load, score=acutance.score),
            "torch": torch,
            "dis": picture(self.case["dis"]),
            "ref": picture(self.case["ref"]),
            "mean": torch.tensor(CLIP_MEAN).view(1, 3, 1, 1),
            "std": torch.tensor(CLIP_STD).view(1, 3, 1, 1),
        }

    def value(self, ours: str) -> Any:
        """What the last line of Python of a cell gives, after the lines before it."""
        *before, last = code(ours)
        for line in before:
            exec(line, self.names)  # noqa: S102 (the guide's own lines)
        return eval(last, self.names)  # noqa: S307 (the same)

    def run(self, ours: str) -> Result:
        (command,) = commands(ours)
        return CliRunner().invoke(app, shlex.split(command)[1:])

    def near(self, key: str) -> Any:
        suggested = self.golden["tolerance"]["suggested_absolute"]
        return pytest.approx(self.case[key], abs=suggested[key.replace("_dis", "")])


def number(key: str) -> Callable[[Place, str], None]:
    def check(place: Place, ours: str) -> None:
        assert float(place.value(ours)) == place.near(key)

    return check


def scored(place: Place, ours: str) -> None:
    result = place.run(f"`{commands(ours)[0]} -f csv`")
    assert result.exit_code == 0, result.stderr
    (row,) = csv.DictReader(result.stdout.splitlines())
    assert float(row["score"]) == place.near("score")


def meaning(place: Place, ours: str) -> None:
    assert place.value(ours) == (True, 0.0, 100.0)


def has_gradient(place: Place, ours: str) -> None:
    place.value(ours)
    assert float(place.names["dis"].grad.abs().max()) > 0


def any_size(place: Place, ours: str) -> None:
    assert place.value(ours).shape == (2,)


def another_size(place: Place, ours: str) -> None:
    small = place.value(ours)
    whole = place.names["acutance"].load("afine")(place.names["dis"], place.names["ref"])
    assert small.shape == (1,)
    assert float(small) != float(whole)


def class_token(place: Place, ours: str) -> None:
    cls, features = place.value(ours)
    assert cls.shape == (1, 768)
    assert [tuple(level.shape) for level in features] == [(1, 64, 768)] * 12
    means = place.golden["intermediates"]["astronaut_ref_256x256"]["block_mean"]
    assert [float(level.mean()) for level in features] == pytest.approx(means, abs=1e-4)
    unscaled = (cls - load_norm("bias")) / load_norm("weight")  # what the LayerNorm made: mean 0, deviation 1
    assert float(unscaled.mean()) == pytest.approx(0, abs=1e-4)
    assert float(unscaled.std(correction=0)) == pytest.approx(1, abs=1e-3)


def load_norm(part: str) -> torch.Tensor:
    from tests.fakes.afine_checkpoint import published_tensor

    return published_tensor(f"finetuned_clip.visual.ln_post.{part}")


def anchor(place: Place, ours: str) -> None:
    result = place.run(ours)
    ramps = place.golden["synthetic"]["cases"][0]["score"]
    *_, line = result.stdout.splitlines()
    got, wanted = line.removeprefix("anchor pair: got ").split(" +- ")[0].split(", wanted ")
    assert float(got) == pytest.approx(ramps, abs=1e-3)
    assert float(wanted) == place.golden["published_anchor"]["score"]
    assert result.exit_code == 1  # the file is laid out as the published one, its numbers are others


def found(place: Place, ours: str) -> None:
    assert Path(place.run(ours).stdout.strip()).name == "afine.pth"


ROWS: dict[str, Callable[[Place, str], None]] = {
    "`pyiqa.create_metric('afine_all_scale')`, `metric(dis, ref)`": number("score"),
    "`'afine_all'`": number("D"),
    "`'afine_fr'`": number("fidelity_scale"),
    "`'afine_nr'`, `metric(dis)`": number("natural_dis_scale"),
    "`metric('dis.png', 'ref.png')`": number("score"),
    "`pyiqa afine_all_scale -t dis.png -r ref.png`": scored,
    "`metric.lower_better`, `metric.score_range`": meaning,
    "`as_loss=True`": has_gradient,
    "`pretrained_model_path='afine.pth'` (CLIP's own file is not needed)": number("score"),
    "sides that are multiples of 32, one pair a call": any_size,
    "the covariance of the authors' and PyIQA's fidelity, `mean(xy) - mean(x) mean(y)`": number("fidelity"),
    "the same on the command line": scored,
    "Burn: `AfineConfig::new().init_pretrained(&device)`, `metric.forward(distorted, reference)`": number("score"),
    "Burn: `with_normalize_input(false)`": number("score"),
    "Burn: `with_image_size(64)`": another_size,
    "Burn: `forward_with_features(image, true)`; the authors' `clip_model.encode_image(image)`": class_token,
    "Burn: the parity test's 43.15711594; the first download of `afine.pth`": anchor,
    "Burn: `~/.cache/burn-dataset/afine/afine.pth`": found,
}


@pytest.fixture(scope="module")
def cached_load() -> Callable[..., object]:
    """``acutance.load``, which reads the 610 MB once for all rows that ask for the same."""
    return cache(acutance.load)


@pytest.fixture
def place(
    golden: Golden,  # noqa: F811
    afine_pth: Path,
    cached_load: Callable[..., object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Place:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path))
    for name, source in {"dis.png": PAIR[0], "ref.png": PAIR[1], "afine.pth": afine_pth}.items():
        (tmp_path / name).symlink_to(source)
    return Place(golden, cached_load)


@pytest.mark.parametrize("theirs", ROWS)
def test_a_row_gives_what_the_other_library_gives(place: Place, theirs: str):
    ROWS[theirs](place, rows(SECTION)[theirs])


def test_every_row_has_its_test():
    assert set(rows(SECTION)) == set(ROWS)
