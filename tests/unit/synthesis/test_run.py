import csv
import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import acutance
from acutance.datasets import check_table, read_table
from acutance.distortions import KINDS, distort
from acutance.errors import AcutanceError, ConfigError, UnknownNameError
from acutance.images import read_image
from acutance.synthesis import distort_pictures, pseudo_mos, synthesize
from acutance.synthesis.plan import derived_seed
from tests.fakes.pictures import write_png
from tests.raising import lacking, raises
from tests.unit.synthesis.conftest import scene, score_rows

USUAL: dict[str, Any] = {"metrics": ("gmsd", "mdsi", "psnr"), "count": 20, "mixture_share": 0.2, "workers": 1}


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_ladder_is_a_sound_table_of_every_kind_and_level(sources: Path, tmp_path: Path):
    made = distort_pictures([sources], tmp_path / "out", levels=[2, 5], mixtures=1, workers=1)
    table = read_table(tmp_path / "out/table.csv")
    assert made.table == tmp_path / "out/table.csv"
    assert made.count == len(table) == 3 * (25 * 2 + 1)
    assert check_table(table) == []
    assert made.failures == ()
    assert {(row.distortion, row.level) for row in table if row.level} == {(k, lv) for k in KINDS for lv in (2, 5)}


def test_pictures_of_a_ladder_are_what_distort_makes(sources: Path, tmp_path: Path):
    distort_pictures([sources], tmp_path / "out", kinds=["white_noise"], levels=[4], seed=3, workers=1)
    expected = distort(scene(1), "noisegauss", 4, seed=derived_seed(3, "b"))
    np.testing.assert_array_equal(read_image(tmp_path / "out/images/b_11_04.png"), expected)
    np.testing.assert_array_equal(read_image(tmp_path / "out/references/b.png"), scene(1))


def test_pictures_may_have_another_format(sources: Path, tmp_path: Path):
    distort_pictures([sources], tmp_path / "out", kinds=["jpeg"], levels=[1], ending=".bmp", workers=1)
    assert next(iter(read_table(tmp_path / "out/table.csv"))).image == "images/a_10_01.bmp"
    with raises(UnknownNameError, ".jpg"):
        distort_pictures([sources], tmp_path / "new", ending=".jpg", workers=1)


def test_weak_labels_are_the_mean_ranks_of_the_scores_of_the_files(sources: Path, tmp_path: Path):
    made = synthesize([sources], tmp_path / "out", **USUAL)
    table = read_table(tmp_path / "out/table.csv")
    assert (made.count, check_table(table)) == (20, [])
    pairs = [(table.path(row.image), table.path(str(row.reference))) for row in table]
    images, references = [list(side) for side in zip(*pairs, strict=True)]
    scores: dict[str, list[float]] = {name: [] for name in USUAL["metrics"]}
    for row in score_rows(images, references, list(scores)):
        scores[row.model].append(row.score or 0.0)
    with (tmp_path / "out/scores.csv").open(newline="") as file:
        written = list(csv.DictReader(file))
    assert {name: [float(row[name]) for row in written] for name in scores} == scores
    infos = {entry.name: entry.info for entry in acutance.list_models()}
    assert [row.mos for row in table] == pseudo_mos(scores, infos).tolist()


def test_stronger_distortions_get_lower_opinions(sources: Path, tmp_path: Path):
    synthesize([sources], tmp_path / "out", count=15, kinds=["gblur"], levels=[2, 5], workers=1)
    opinions: dict[int | None, list[float]] = {}
    for row in read_table(tmp_path / "out/table.csv"):
        opinions.setdefault(row.level, []).append(row.mos or 0)
    assert min(opinions[2]) > max(opinions[5])


def test_without_a_number_every_kind_comes_at_every_level_of_each_source_once(sources: Path, tmp_path: Path):
    synthesize([sources], tmp_path / "out", count=None, kinds=["gblur", "jpeg"], levels=[1, 3, 5], workers=1)
    table = read_table(tmp_path / "out/table.csv")
    steps = [(row.reference, row.distortion, row.level) for row in table]
    scenes = {row.reference for row in table}
    assert len(steps) == len(set(steps)) == len(scenes) * 2 * 3
    assert all(row.mos is not None for row in table)


def test_without_a_number_there_are_no_mixtures(sources: Path, tmp_path: Path):
    with raises(ConfigError, 0.2):
        synthesize([sources], tmp_path / "out", count=None, mixture_share=0.2, workers=1)
    assert not (tmp_path / "out").exists()


def test_what_was_made_may_be_moved(sources: Path, tmp_path: Path):
    synthesize([sources], tmp_path / "out", **USUAL)
    shutil.move(tmp_path / "out", tmp_path / "elsewhere")
    shutil.rmtree(sources)
    assert check_table(read_table(tmp_path / "elsewhere/table.csv")) == []


def test_larger_sources_are_cut(sources: Path, tmp_path: Path):
    synthesize([sources], tmp_path / "out", **{**USUAL, "count": 4, "size": 32})
    for path in [*(tmp_path / "out/references").iterdir(), *(tmp_path / "out/images").iterdir()]:
        assert read_image(path).shape == (32, 32, 3)


def test_an_unreadable_source_is_counted_and_the_rest_is_made(sources: Path, tmp_path: Path):
    (sources / "b.png").write_bytes(b"no image")
    made = synthesize([sources], tmp_path / "out", **USUAL)
    (failure,) = made.failures
    assert failure.source == sources / "b.png"
    assert "b.png" in failure.error
    assert made.count + failure.count == 20
    table = read_table(tmp_path / "out/table.csv")
    assert len(table) == made.count
    assert {row.scene for row in table} == {"a", "c"}


def test_a_source_too_small_for_a_metric_is_counted(sources: Path, tmp_path: Path):
    write_png(sources / "d.png", scene(9, 2, 60))
    made = synthesize([sources], tmp_path / "out", **USUAL)
    assert [(failure.source.name, failure.count) for failure in made.failures] == [("d.png", 5)]
    assert not lacking(made.failures[0].error, 3)


def test_the_provenance_says_what_the_pictures_depend_on(sources: Path, tmp_path: Path):
    synthesize([sources], tmp_path / "out", **{**USUAL, "seed": 4, "levels": [1, 5]})
    described = json.loads((tmp_path / "out/provenance.json").read_text())
    assert (described["made_as"], described["seed"], described["levels"]) == ("synthesize", 4, [1, 5])
    assert described["kinds"] == list(KINDS)
    assert [metric["model"] for metric in described["metrics"]] == ["gmsd", "mdsi", "psnr"]
    assert [described["pictures"]["count"], described["sources"]["count"]] == [20, 3]
    assert described["versions"]["scipy"]


def test_progress_goes_from_none_to_all(sources: Path, tmp_path: Path):
    references: list[tuple[int, int]] = []
    images: list[tuple[int, int]] = []
    synthesize(
        [sources],
        tmp_path / "out",
        **USUAL,
        on_references=lambda done, total: references.append((done, total)),
        on_progress=lambda done, total: images.append((done, total)),
    )
    assert references == [(3, 3)]
    assert images == [(0, 20), (8, 20), (16, 20), (20, 20)]


class EndedError(Exception):
    """What ends a run in a test."""


def test_a_run_that_was_ended_continues_to_the_same_files(sources: Path, tmp_path: Path):
    (sources / "b.png").write_bytes(b"no image")
    whole = synthesize([sources], tmp_path / "whole", **USUAL)

    def end(done: int, _: int) -> None:
        if done == 16:
            raise EndedError

    with pytest.raises(EndedError):
        synthesize([sources], tmp_path / "broken", **USUAL, on_progress=end)
    assert not (tmp_path / "broken/table.csv").exists()
    counts: list[int] = []
    again = synthesize(
        [sources], tmp_path / "broken", **USUAL, resume=True, on_progress=lambda done, _: counts.append(done)
    )
    assert min(counts) >= 16
    assert (again.count, again.failures) == (whole.count, whole.failures)
    assert files(tmp_path / "broken") == files(tmp_path / "whole")


def test_a_finished_run_resumes_to_itself(sources: Path, tmp_path: Path):
    made = synthesize([sources], tmp_path / "out", **USUAL)
    before = files(tmp_path / "out")
    dates = {path: path.stat().st_mtime_ns for path in (tmp_path / "out/images").iterdir()}
    assert synthesize([sources], tmp_path / "out", **USUAL, resume=True) == made
    assert files(tmp_path / "out") == before
    assert {path: path.stat().st_mtime_ns for path in dates} == dates


@pytest.mark.parametrize(
    ("change", "named"),
    [({"seed": 1}, "seed"), ({"count": 21}, "pictures"), ({"metrics": ("gmsd",)}, "metrics"), ({"size": 40}, "size")],
)
def test_another_run_is_not_continued(sources: Path, tmp_path: Path, change: dict[str, Any], named: str):
    synthesize([sources], tmp_path / "out", **USUAL)
    with raises(ConfigError, "out", named):
        synthesize([sources], tmp_path / "out", **{**USUAL, **change}, resume=True)


def test_a_changed_source_is_not_continued_with(sources: Path, tmp_path: Path):
    synthesize([sources], tmp_path / "out", **USUAL)
    write_png(sources / "a.png", scene(7))
    with raises(ConfigError, "a.png"):
        synthesize([sources], tmp_path / "out", **USUAL, resume=True)


def test_overwriting_starts_anew(sources: Path, tmp_path: Path):
    distort_pictures([sources], tmp_path / "out", kinds=["jpeg"], workers=1)
    with raises(ConfigError, "out", "--resume"):
        synthesize([sources], tmp_path / "out", **USUAL)
    synthesize([sources], tmp_path / "out", **USUAL, overwrite=True)
    synthesize([sources], tmp_path / "new", **USUAL)
    assert files(tmp_path / "out") == files(tmp_path / "new")


def test_a_full_disk_leaves_whole_files_and_a_run_to_continue(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    synthesize([sources], tmp_path / "whole", **USUAL)
    write, calls = Path.write_bytes, iter(range(100))

    def until_full(self: Path, content: bytes) -> int:
        if next(calls) <= 12:
            return write(self, content)
        write(self, content[:50])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", until_full)
    with raises(ConfigError, "images", "No space left on device"):
        synthesize([sources], tmp_path / "full", **USUAL)
    monkeypatch.undo()
    whole, full = files(tmp_path / "whole"), files(tmp_path / "full")
    assert "table.csv" not in full
    assert {name: content for name, content in full.items() if name.endswith(".png")}.items() <= whole.items()
    synthesize([sources], tmp_path / "full", **USUAL, resume=True)
    assert files(tmp_path / "full") == whole


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"count": 0}, ("count", 1, 0)),
        ({"seed": -1}, ("seed", 0, -1)),
        ({"workers": 0}, ("workers", 1, 0)),
        ({"size": 2}, (3, "gmsd", 2)),
        ({"kinds": ["blur"]}, ("blur",)),
        ({"levels": [9]}, (1, 5, 9)),
        ({"metrics": ["afine"]}, ("afine",)),
        ({"mixture_share": -0.1}, (0, 1, -0.1)),
    ],
)
def test_a_wrong_choice_is_refused_before_anything_is_written(
    sources: Path, tmp_path: Path, change: dict[str, Any], words: tuple[object, ...]
):
    with raises(AcutanceError, *words):
        synthesize([sources], tmp_path / "out", **{**USUAL, **change})
    assert not (tmp_path / "out").exists()


def test_references_that_are_gone_are_written_again(sources: Path, tmp_path: Path):
    synthesize([sources], tmp_path / "out", **USUAL)
    before = files(tmp_path / "out")
    (tmp_path / "out/references/a.png").unlink()
    (tmp_path / "out/references/b.png").write_bytes(b"")
    synthesize([sources], tmp_path / "out", **USUAL, resume=True)
    assert files(tmp_path / "out") == before


def test_references_that_are_gone_with_their_source_are_named(sources: Path, tmp_path: Path):
    synthesize([sources], tmp_path / "out", **USUAL)
    (tmp_path / "out/references/a.png").unlink()
    (sources / "a.png").write_bytes(b"no image")
    provenance = tmp_path / "out/provenance.json"
    os.utime(provenance, ns=(2**62, 2**62))  # as if the source had been so before the run
    with raises(ConfigError, "a.png"):
        synthesize([sources], tmp_path / "out", **USUAL, resume=True)


def test_a_run_killed_after_its_first_file_continues(sources: Path, tmp_path: Path):
    synthesize([sources], tmp_path / "whole", **USUAL)
    (tmp_path / "broken").mkdir()
    shutil.copy(tmp_path / "whole/provenance.json", tmp_path / "broken")
    synthesize([sources], tmp_path / "broken", **USUAL, resume=True)
    assert files(tmp_path / "broken") == files(tmp_path / "whole")


def test_a_run_inside_its_sources_continues(sources: Path, tmp_path: Path):
    made = synthesize([sources], sources / "out", **USUAL)
    assert synthesize([sources], sources / "out", **USUAL, resume=True) == made


def test_sources_are_never_read_from_the_output(sources: Path, tmp_path: Path):
    synthesize([sources], tmp_path / "out", **USUAL)
    with raises(ConfigError, "out", "a.png"):
        distort_pictures([tmp_path / "out/references"], tmp_path / "out", overwrite=True, workers=1)
    assert (tmp_path / "out/references/a.png").exists()
