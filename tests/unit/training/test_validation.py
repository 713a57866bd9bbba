"""Scores of a validation part beside its opinions."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr, spearmanr
from torch import Tensor, nn

from acutance.datasets.table import OpinionTable, RatedImage
from acutance.training.images import Pixels, as_images, correlations, scores_of
from acutance.types import OnProgress

CPU = torch.device("cpu")


def table(opinions: list[float], *, with_references: bool = False) -> OpinionTable:
    rows = [
        RatedImage(image=f"{index}.png", reference="r.png" if with_references else None, mos=mos)
        for index, mos in enumerate(opinions)
    ]
    return OpinionTable(rows, Path(), "made")


def read(path: Path) -> Pixels:
    level = 200 if path.stem == "r" else int(path.stem)
    return np.full((2, 2, 3), level, dtype=np.uint8)


class MeanLevel(nn.Module):
    def __init__(self, *, needs_reference: bool) -> None:
        super().__init__()
        self.needs_reference = needs_reference
        self.zero = nn.Parameter(torch.zeros(()))

    def forward(self, distorted: Tensor, reference: Tensor | None = None) -> Tensor:
        beside = 0 if reference is None else reference.mean()
        return (distorted.mean() - beside + self.zero).reshape(1)


def scores(rated: OpinionTable, *, with_references: bool, on_progress: OnProgress | None = None) -> np.ndarray:
    model: Any = MeanLevel(needs_reference=with_references)
    with torch.inference_mode():
        return scores_of(rated, model, read, on_progress)


@pytest.mark.usefixtures("as_users_run_it")
def test_scores_come_in_the_order_of_the_rows_whatever_is_read_first():
    told: list[tuple[int, int]] = []
    found = scores(table([1.0] * 9), with_references=False, on_progress=lambda *done: told.append(done))
    np.testing.assert_allclose(found * 255, range(9), atol=1e-5)
    assert told == [(done, 9) for done in range(1, 10)]


@pytest.mark.usefixtures("as_users_run_it")
def test_references_are_read_where_the_model_compares():
    pairs = table([1.0, 2.0], with_references=True)
    np.testing.assert_allclose(scores(pairs, with_references=True) * 255, [-200, -199], atol=1e-4)
    np.testing.assert_allclose(scores(pairs, with_references=False) * 255, [0, 1], atol=1e-5)


def test_correlations_are_spearman_s_and_pearson_s():
    random = np.random.default_rng(0)
    ours, opinions = random.normal(size=(2, 30))
    found = correlations(ours, table(opinions.tolist()))
    assert found["srcc"] == pytest.approx(spearmanr(ours, opinions).statistic)
    assert found["plcc"] == pytest.approx(pearsonr(ours, opinions).statistic)


@pytest.mark.parametrize("opinions", [[], [1.0], [2.0, 2.0, 2.0]])
def test_where_there_is_no_correlation_it_is_nan(opinions: list[float]):
    found = correlations(np.arange(len(opinions), dtype=np.float64), table(opinions))
    assert set(found) == {"srcc", "plcc"}
    assert all(math.isnan(value) for value in found.values())


@pytest.mark.usefixtures("as_users_run_it")
def test_no_picture_has_no_score():
    assert scores(table([]), with_references=False).shape == (0,)


def test_pixels_become_a_batch_of_one_that_shares_nothing_with_them():
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    pixels.flags.writeable = False
    images = as_images(pixels, CPU)
    assert images.shape == (1, 3, 2, 4)
    assert torch.equal(images[0, 1] * 255, torch.from_numpy(pixels[..., 1].copy()).float())
