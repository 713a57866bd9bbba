import gc
import math
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from acutance.catalog import load
from acutance.errors import ImageReadError, InputError, ShapeMismatchError
from acutance.models.quality_model import QualityModel
from acutance.models.scorer import Job
from acutance.models.torch_scorer import torch_scorers
from acutance.scoring.engine import CPU_PIXELS, score_pairs
from acutance.scoring.options import RunOptions
from acutance.scoring.pairing import NamedImage, Pair, pair_up
from acutance.scoring.rows import ScoreRow
from acutance.shapes import ImageBatch, ScoreBatch
from tests.conftest import images_among
from tests.raising import lacking, raises
from tests.unit.scoring.fakes import (
    ONE_WORKER,
    Brightness,
    Distance,
    SharedDistance,
    WatchedFile,
    black,
    noise,
    pair_of,
    picture,
    write_images,
)

SIZES = [(16, 16), (18, 16), (16, 16), (20, 24), (18, 16)]


def mixed(count: int) -> list[Pair]:
    """Pairs of three sizes in turn."""
    sizes = [SIZES[index % len(SIZES)] for index in range(count)]
    return [pair_of(index, height=height, width=width) for index, (height, width) in enumerate(sizes)]


def rows_of(pairs: Sequence[Pair], *models: QualityModel, start: int = 0, **settings: Any) -> list[ScoreRow]:
    chosen = RunOptions(**{"workers": 2, **settings})
    return [row for rows in score_pairs(pairs, torch_scorers(models), chosen, start=start) for row in rows]


def test_rows_keep_the_order_of_pairs_and_models_though_sizes_are_batched():
    pairs = mixed(150)
    one, other = Distance("one"), Distance("other")
    rows = rows_of(pairs, one, other)
    assert [(row.image, row.model) for row in rows] == [
        (pair.image.name, name) for pair in pairs for name in ("one", "other")
    ]
    assert sum(one.batches) == 150
    assert len(one.batches) < 150 / 2


def test_every_row_has_the_score_of_its_own_pair():
    pairs = mixed(70)
    for row, pair in zip(rows_of(pairs, Distance()), pairs, strict=True):
        assert pair.reference is not None
        wanted = np.abs(pair.image.source / 255.0 - pair.reference.source / 255.0).mean()
        assert row.score == pytest.approx(wanted, abs=1e-6)
        assert row.terms["brightness"] == pytest.approx(pair.image.source.mean() / 255, abs=1e-6)


def test_neither_order_nor_batch_size_changes_a_score():
    pairs = mixed(70)
    wanted = {row.image: row.score or 0 for row in rows_of(pairs, load("ssim"), batch_size=1)}
    shuffled = pairs[::3] + pairs[2::3] + pairs[1::3]
    for batch_size in (7, "auto"):
        got = {row.image: row.score or 0 for row in rows_of(shuffled, load("ssim"), batch_size=batch_size)}
        assert got == pytest.approx(wanted, abs=1e-6)


def test_the_same_run_gives_the_same_digits_twice():
    pairs = mixed(70)
    assert rows_of(pairs, load("ssim")) == rows_of(pairs, load("ssim"), workers=1)


@pytest.mark.parametrize("start", [1, 63, 64, 65, 100])
def test_a_run_that_starts_further_on_gives_the_digits_of_a_whole_one(start: int):
    pairs = mixed(110)
    assert rows_of(pairs, load("ssim"), start=start) == rows_of(pairs, load("ssim"))[start:]


def test_several_models_share_one_decode(tmp_path, opened: list[str]):
    write_images(tmp_path, "truth/a.png", "truth/b.png", "out/a.png", "out/b.png")
    pairs = pair_up(tmp_path / "out", tmp_path / "truth").pairs
    opened.clear()
    assert len(rows_of(pairs, Distance("one"), Distance("two"), Brightness("three"))) == 6
    assert len(images_among(opened)) == 4


def test_a_shared_reference_is_encoded_once_per_model():
    references = [picture(f"truth {index}", noise(500 + index)) for index in range(3)]
    pairs = [pair_of(index, references[index % 3]) for index in range(200)]
    one, other = SharedDistance("one"), SharedDistance("other")
    rows_of(pairs, one, other)
    assert len(one.encoded) == len(other.encoded) == 3


def test_a_shared_reference_is_encoded_once_though_sizes_are_mixed():
    references = {size: picture(f"truth {size}", noise(500, *size)) for size in SIZES}
    sizes = [SIZES[index % len(SIZES)] for index in range(200)]
    pairs = [
        pair_of(index, references[height, width], height=height, width=width)
        for index, (height, width) in enumerate(sizes)
    ]
    model = SharedDistance()
    rows_of(pairs, model)
    assert len(model.encoded) == 3


def test_a_reference_of_one_pair_is_not_kept():
    model = SharedDistance()
    model.terms_against = lambda distorted, features: pytest.fail("nothing is shared")  # type: ignore[method-assign]
    rows_of([pair_of(0), pair_of(1)], model)
    assert model.encoded == []


def test_without_memory_for_references_the_scores_are_the_same():
    shared = picture("truth", noise(500))
    pairs = [pair_of(index, shared) for index in range(20)]

    class Both(SharedDistance):
        def terms(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> dict[str, ScoreBatch]:
            assert reference is not None
            return self.terms_against(distorted, [image.mean(dim=(1, 2))[None] for image in reference])

    kept = rows_of(pairs, Both("m"))
    scorers = torch_scorers([Both("m")], reference_memory=50)
    none = [row for rows in score_pairs(pairs, scorers, ONE_WORKER) for row in rows]
    assert [row.score for row in kept] == pytest.approx([row.score for row in none], abs=1e-6)


def test_a_corrupt_file_gives_an_error_row_for_each_model_and_the_rest_goes_on(tmp_path):
    write_images(tmp_path, "out/a.png", "out/c.png", "truth.png")
    (tmp_path / "out/b.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    rows = rows_of(pair_up(tmp_path / "out", tmp_path / "truth.png").pairs, Distance("one"), Brightness("two"))
    assert [row.error is None for row in rows] == [True, True, False, False, True, True]
    assert [row.model for row in rows] == ["one", "two"] * 3
    assert isinstance(rows[2].exception, ImageReadError)
    assert rows[2].score is None
    assert "b.png" in str(rows[2].error)


def test_a_corrupt_reference_fails_only_models_that_compare(tmp_path):
    write_images(tmp_path, "a.png")
    (tmp_path / "truth.png").touch()
    comparing, alone = rows_of(
        pair_up(tmp_path / "a.png", tmp_path / "truth.png").pairs, Distance("comparing"), Brightness("alone")
    )
    assert "truth.png" in str(comparing.error)
    assert comparing.reference is not None
    assert alone.score is not None
    assert alone.reference is None


def test_two_sizes_give_an_error_row_that_names_both():
    pairs = [pair_of(0), Pair(picture("a", noise(0, 8, 8)), picture("b", noise(1, 8, 9))), pair_of(2)]
    good, bad, last = rows_of(pairs, Distance())
    assert isinstance(bad.exception, ShapeMismatchError)
    assert not lacking(str(bad.error), (8, 8), (8, 9))
    assert good.score is not None
    assert last.score is not None


def test_a_picture_too_small_for_one_model_fails_that_model_alone():
    one, other = rows_of([pair_of(0)], load("psnr"), load("ms_ssim"))
    assert one.score is not None
    assert not lacking(str(other.error), 161)


@pytest.mark.parametrize("batch_size", [1, 3, "auto"])
def test_a_picture_that_a_model_refuses_fails_none_of_its_batch_mates(batch_size: Any):
    pairs = [pair_of(0), Pair(picture("dark", black()), picture("truth", noise(9))), pair_of(2)]
    rows = rows_of(pairs, Distance(), batch_size=batch_size)
    assert [row.error for row in rows] == [None, "Expected light, got a black image.", None]
    assert [row.score is None for row in rows] == [False, True, False]


@pytest.mark.parametrize(("room", "threads", "wanted"), [(3, 2, [1] * 8), (4, 2, [2] * 4), (3, 4, [1] * 8)])
def test_threads_have_as_many_pictures_each(room: int, threads: int, wanted: list[int]):
    before = torch.get_num_threads()
    side = math.isqrt(CPU_PIXELS // room)
    torch.set_num_threads(threads)
    try:
        one = Distance()
        rows_of([pair_of(index, height=side, width=side) for index in range(8)], one)
    finally:
        torch.set_num_threads(before)
    assert one.batches == wanted


class Wayward(Distance):
    """Gives what it is told to, or raises it."""

    def __init__(self, answer: float | Exception) -> None:
        super().__init__("wayward")
        self.answer = answer

    def terms(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> dict[str, ScoreBatch]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"score": torch.full((len(distorted),), self.answer)}


def test_a_score_that_is_no_number_is_an_error():
    (row,) = rows_of([pair_of(0)], Wayward(float("nan")))
    assert row.score is None
    assert isinstance(row.exception, InputError)
    assert not lacking(str(row.error), "NaN")


def test_an_infinite_score_is_a_score():
    shared = picture("same", noise(0))
    (row,) = rows_of([Pair(shared, shared)], load("psnr"))
    assert row.score == float("inf")
    assert row.error is None


def test_too_little_memory_is_an_error_row():
    (row,) = rows_of([pair_of(0, height=8, width=12)], Wayward(RuntimeError("CUDA out of memory. Tried\n100 GiB")))
    assert not lacking(str(row.error), "12 x 8", "CUDA out of memory. Tried 100 GiB")


def test_a_fault_of_a_model_is_raised():
    with raises(RuntimeError, "a bug"):
        rows_of([pair_of(0)], Wayward(RuntimeError("a bug")))


def test_an_error_row_does_not_hold_on_to_pixels():
    pairs = [
        Pair(picture("a", noise(0)), picture("b", noise(1, 9, 9))),
        Pair(picture("c", black()), picture("d", noise(1))),
    ]
    rows = rows_of(pairs, Distance())
    assert all(row.exception is not None for row in rows)
    pixels = [weakref.ref(pair.image.source) for pair in pairs]
    del pairs
    gc.collect()
    assert [reference() for reference in pixels] == [None, None]


def test_a_model_without_need_of_references_leaves_them_unread():
    lost = NamedImage("absent.png", "absent.png", "absent.png")
    (row,) = rows_of([Pair(picture("a", noise(0)), lost)], Brightness())
    assert row.error is None


def test_pictures_of_many_sizes_do_not_pile_up():
    begun: list[int] = []
    pairs = []
    for index in range(30):  # 5 to 22 kB a pair
        file = WatchedFile(noise(index, 8 + index, 100), lambda: begun.append(1))
        own = picture(f"reference {index}", noise(1000 + index, 8 + index, 100))
        pairs.append(Pair(NamedImage(file, f"image {index}", f"image {index}"), own))
    most = 0
    for scored, _ in enumerate(score_pairs(pairs, torch_scorers([Distance()]), ONE_WORKER, decode_memory=40_000)):
        most = max(most, len(begun) - scored)
    assert most <= 8 + 3  # three more are read ahead by one worker


def test_sixteen_bit_and_eight_bit_pictures_meet():
    deep = noise(0).astype(np.uint16) * 257
    (row,) = rows_of([Pair(picture("deep", deep), picture("flat", noise(0)))], Distance())
    assert row.score == pytest.approx(0, abs=1e-7)


def test_progress_counts_pairs():
    seen: list[tuple[int, int]] = []
    rows = score_pairs(
        [pair_of(0), pair_of(1)],
        torch_scorers([Distance()]),
        ONE_WORKER,
        on_progress=lambda *counts: seen.append(counts),
    )
    assert len(list(rows)) == 2
    assert seen == [(1, 2), (2, 2)]


def test_a_model_that_was_not_loaded_is_an_error():
    model = Distance()
    model.provenance = None
    with raises(TypeError, "acutance.load"):
        rows_of([pair_of(0)], model)


def test_a_scorer_is_told_when_a_reference_is_needed_again():
    shared = picture("truth", noise(500))
    pairs = [pair_of(0, shared), pair_of(1), pair_of(2, shared), pair_of(3, shared)]
    seen: dict[int, tuple[bool, int | None]] = {}

    class Watching:
        """Scores without PyTorch, from the arrays alone."""

        name, info, needs_reference, on_cpu, parallel = "watching", Distance.info, True, True, 1

        def parts(self, batch: list[Job]) -> list[list[Job]]:
            return [batch]

        def score(self, batch: list[Job]) -> list[dict[str, float]]:
            seen.update({job.place: (job.is_shared, job.next_use) for job in batch})
            return [{"score": float(job.distorted.array.max())} for job in batch]

    rows = [row for rows in score_pairs(pairs, [Watching()], ONE_WORKER) for row in rows]
    assert [row.score for row in rows] == [pair.image.source.max() for pair in pairs]
    assert seen == {0: (True, 2), 1: (False, None), 2: (True, 3), 3: (True, None)}
