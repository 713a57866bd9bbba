import io
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from acutance.errors import ImageReadError, ShapeMismatchError
from acutance.scoring.engine import DecodedPair, decode_ahead
from acutance.scoring.options import RunOptions
from acutance.scoring.pairing import NamedImage, Pair, pair_up
from tests.conftest import images_among
from tests.raising import lacking, raises
from tests.unit.scoring.fakes import WatchedFile, noise, pair_of, picture, write_images


def decoded(pairs: Sequence[Pair], start: int = 0, **settings: Any) -> list[DecodedPair]:
    return list(decode_ahead(pairs, start, RunOptions(**settings)))


def watched(count: int, when_read: Callable[[int], object]) -> list[Pair]:
    """Images without a reference, each with 300 bytes of pixels."""
    files = [WatchedFile(noise(index, 10, 10), partial(when_read, index)) for index in range(count)]
    return [Pair(NamedImage(file, str(index), str(index))) for index, file in enumerate(files)]


def test_pairs_come_in_order_whoever_is_faster():
    pairs = watched(20, lambda index: time.sleep(0.02 * (index % 2)))
    results = decoded(pairs, workers=4)
    assert [result.pair for result in results] == pairs
    for index, result in enumerate(results):
        assert result.distorted is not None
        np.testing.assert_array_equal(result.distorted.array, noise(index, 10, 10))


def test_a_start_further_on_leaves_the_pairs_before_it_unread(tmp_path: Path, opened: list[str]):
    write_images(tmp_path, "a.png", "b.png", "c.png")
    opened.clear()
    assert [result.place for result in decoded(pair_up(tmp_path).pairs, 2)] == [2]
    assert images_among(opened) == ["c.png"]


def test_an_unreadable_picture_is_an_error_and_the_rest_goes_on(tmp_path: Path):
    write_images(tmp_path, "a.png", "c.png")
    (tmp_path / "b.png").write_bytes(b"no image")
    good, bad, last = decoded(pair_up(tmp_path).pairs)
    assert isinstance(bad.error, ImageReadError)
    assert bad.distorted is None
    assert good.error is None
    assert last.error is None


def test_an_unreadable_reference_leaves_the_picture(tmp_path: Path):
    (tmp_path / "truth.png").write_bytes(b"")
    write_images(tmp_path, "a.png")
    (result,) = decoded(pair_up(tmp_path / "a.png", tmp_path / "truth.png").pairs)
    assert isinstance(result.reference_error, ImageReadError)
    assert result.error is None
    assert result.distorted is not None


def test_two_sizes_are_an_error_that_names_both():
    (result,) = decoded([Pair(picture("a", noise(0, 8, 9)), picture("b", noise(1, 10, 11)))])
    assert isinstance(result.reference_error, ShapeMismatchError)
    assert not lacking(str(result.reference_error), (8, 9), (10, 11))


def test_a_reference_of_neighbours_is_read_once(tmp_path: Path, opened: list[str]):
    write_images(tmp_path, "truth.png", *(f"out/{index:02}.png" for index in range(30)))
    pairs = pair_up(tmp_path / "out", tmp_path / "truth.png").pairs
    opened.clear()
    decoded(pairs, workers=2)
    assert images_among(opened).count("truth.png") == 1
    assert len(images_among(opened)) == 31


def test_references_can_be_left_unread(tmp_path: Path, opened: list[str]):
    write_images(tmp_path, "a.png", "truth.png")
    pairs = pair_up(tmp_path / "a.png", tmp_path / "truth.png").pairs
    opened.clear()
    (result,) = decode_ahead(pairs, 0, RunOptions(), with_references=False)
    assert result.reference is None
    assert images_among(opened) == ["a.png"]


def test_no_more_is_decoded_ahead_than_fits_the_memory():
    begun: list[int] = []
    largest = 0
    pairs = watched(40, begun.append)
    for done, _ in enumerate(decode_ahead(pairs, 0, RunOptions(workers=4), memory=900)):
        time.sleep(0.001)
        if done > 10:  # the first ones are asked for before any size is known
            largest = max(largest, len(begun) - done - 1)
    assert largest <= 3
    assert len(begun) == 40


def test_a_file_object_named_twice_is_read_by_one_thread_at_a_time(tmp_path: Path):
    write_images(tmp_path, "a.png", size=(200, 200))
    for _ in range(5):
        file = io.BytesIO((tmp_path / "a.png").read_bytes())
        (result,) = decoded(pair_up(file, file).pairs, workers=4)
        assert result.error is None
        assert result.reference_error is None
        assert result.distorted is not None
        assert result.reference is not None
        np.testing.assert_array_equal(result.distorted.array, result.reference.array)


class BugError(Exception):
    """None of what a damaged image raises."""


def test_a_fault_of_the_code_is_raised():
    def broken(_: int) -> None:
        raise BugError("a bug")

    with raises(BugError, "a bug"):
        decoded(watched(1, broken))


def test_leaving_early_ends_the_threads():
    pairs = [pair_of(index) for index in range(50)]
    rows = decode_ahead(pairs, 0, RunOptions(workers=2))
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    for thread in threading.enumerate():
        if thread.name.startswith("acutance-decode"):
            thread.join(timeout=30)
            assert not thread.is_alive()


def test_rows_that_nobody_wants_any_more_wait_for_no_thread():
    """The garbage collector may drop them inside a thread that starts, where waiting for another would never end."""
    slow, go_on, begun = threading.Event(), threading.Event(), []

    def reading(index: int) -> None:
        begun.append(index)
        if slow.is_set():
            go_on.wait(timeout=60)

    rows = decode_ahead(watched(50, reading), 0, RunOptions(workers=1))
    next(rows)
    while 2 not in begun:  # so that the one before it is read
        time.sleep(0.001)
    slow.set()
    next(rows)  # was read ahead; the worker sticks in a later one
    began = time.monotonic()
    rows.close()  # type: ignore[attr-defined]
    waited = time.monotonic() - began
    go_on.set()
    assert waited < 30
