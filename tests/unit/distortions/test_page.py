"""docs/distortions.md says what the package does; its lists drive these tests."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import acutance
from acutance.distortions import KINDS, LEVELS, distort
from acutance.layers.images import to_batch

PAGE = (Path(__file__).parents[3] / "docs" / "distortions.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    lines = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0].splitlines()
    table = [line for line in lines if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def psnr(distorted: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    """In decibel; infinite for the same image."""
    error = ((distorted.astype(float) - reference) ** 2).mean()
    return float(np.inf) if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(distorted: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    return float(acutance.load("ssim", levels=256)(to_batch([distorted]), to_batch([reference])))


def falls(scores: list[float]) -> bool:
    """Whether no level is better than the one before, and the last is worse than the first."""
    return all(one >= other for one, other in pairwise(scores)) and scores[0] > scores[-1]


EXCEPTIONS = {row[0].strip("`") for row in rows("Ladders that are not monotone")}


def test_the_table_of_kinds_is_that_of_the_package():
    wanted = [
        [str(kind.number), f"`{kind.name}`", kind.title, kind.family, kind.parameter, *(f"{v:g}" for v in kind.values)]
        for kind in KINDS.values()
    ]
    assert [row[:10] for row in rows("The 25 kinds")] == wanted


def test_the_page_says_which_kinds_are_random():
    assert [row[10] for row in rows("The 25 kinds")] == ["yes" if kind.is_random else "" for kind in KINDS.values()]


def test_every_kind_says_how_near_it_is():
    assert [row[0] for row in rows("Beside KADID's MATLAB")] == [f"`{name}`" for name in KINDS]


@pytest.mark.parametrize("kind", sorted(set(KINDS) - EXCEPTIONS))
def test_a_ladder_falls_in_psnr_or_ssim_on_each_example_picture(kind: str, examples: dict[str, NDArray[np.uint8]]):
    for image in examples.values():
        assert is_monotone(kind, image)


@pytest.mark.parametrize("kind", sorted(EXCEPTIONS))
def test_an_exception_is_one_on_some_example_picture(kind: str, examples: dict[str, NDArray[np.uint8]]):
    assert not all(is_monotone(kind, image) for image in examples.values())


def is_monotone(kind: str, picture: NDArray[np.uint8]) -> bool:
    """Whether the ladder falls in PSNR, or if not, in SSIM."""
    levels = [distort(picture, kind, level) for level in range(1, LEVELS + 1)]
    return falls([psnr(level, picture) for level in levels]) or falls([ssim(level, picture) for level in levels])
