"""The weights in the package score the example images as they did when they were made."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import acutance
from acutance.catalog import CATALOG
from acutance.images import read_image
from acutance.weights.download import PACKAGED

EXAMPLES = Path(__file__).parents[2] / "examples"
WEIGHTS = PACKAGED / "afine-tiny.safetensors"
KNOWN: dict[str, Any] = json.loads((Path(__file__).parent / "afine_tiny.json").read_text())
"""Scores in float32, made with the weights when they came into the package."""
TOLERANCE = 1e-3
"""Of 100."""


def test_the_weights_take_at_most_ten_megabytes():
    assert WEIGHTS.stat().st_size <= 10_000_000


@pytest.mark.parametrize("distorted", sorted(KNOWN["pairs"]))
def test_a_pair_has_its_score(distorted: str):
    reference = EXAMPLES / "reference" / f"{distorted.partition('_')[0]}.png"
    score = acutance.score(EXAMPLES / "distorted" / f"{distorted}.png", reference=reference, device="cpu")
    assert isinstance(score, acutance.Score)
    assert score.provenance["models"][0]["model"] == "afine-tiny"
    assert score.value == pytest.approx(KNOWN["pairs"][distorted], abs=TOLERANCE)


@pytest.mark.parametrize("name", sorted(KNOWN["alone"]))
def test_a_picture_alone_has_its_score(name: str):
    score = acutance.score(EXAMPLES / f"{name}.png", device="cpu")
    assert isinstance(score, acutance.Score)
    assert score.value == pytest.approx(KNOWN["alone"][name], abs=TOLERANCE)


@pytest.mark.parametrize("name", sorted(KNOWN["alone"]))
def test_single_precision_scores_as_double_does(name: str):
    model = acutance.load("afine-tiny-naturalness", device="cpu")
    image = torch.tensor(read_image(EXAMPLES / f"{name}.png")).movedim(-1, 0)[None].float() / 255
    single = model(image).item()
    assert single == pytest.approx(model.double()(image.double()).item(), abs=TOLERANCE)


@pytest.mark.parametrize("name", ["afine-tiny", "afine-tiny-naturalness"])
def test_the_catalog_names_every_term(name: str):
    images = [torch.rand(1, 3, 64, 64)] * (2 if CATALOG[name].needs_reference else 1)
    found = acutance.load(name, device="cpu").terms(*images)
    assert {*CATALOG[name].term_names, "score"} == found.keys()


def test_every_example_is_better_undamaged():
    for distorted in KNOWN["pairs"]:
        assert KNOWN["alone"][f"reference/{distorted.partition('_')[0]}"] > KNOWN["alone"][f"distorted/{distorted}"]


def test_a_clean_picture_beats_its_copy_beside_the_clean_one():
    for distorted, score in KNOWN["pairs"].items():
        reference = EXAMPLES / "reference" / f"{distorted.partition('_')[0]}.png"
        own = acutance.score(reference, reference=reference, device="cpu")
        assert isinstance(own, acutance.Score)
        assert own.value > score
