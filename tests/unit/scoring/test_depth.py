"""What scoring does with images of several depths, and with bits that were lost on the way."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import acutance
from acutance.catalog import load
from acutance.errors import InputError
from acutance.models.torch_scorer import torch_scorers
from acutance.scoring.engine import score_pairs
from acutance.scoring.options import RunOptions
from acutance.scoring.pairing import NamedImage, Pair
from acutance.scoring.provenance import provenance_path
from acutance.scoring.rows import EARLIER_ROW_FIELDS, ScoreFile, ScoreRow
from acutance.scoring.run import open_score_file
from tests.fakes import pictures, saved
from tests.raising import lacking, raises
from tests.unit.cli.conftest import Run, run  # noqa: F401 (a fixture)
from tests.unit.scoring.fakes import Brightness, Distance, noise, picture, plan_of, rows_into, write_images


def rows_of(pairs: Sequence[Pair], *models: Any, **settings: Any) -> list[ScoreRow]:
    return [
        row for rows in score_pairs(pairs, torch_scorers(models), RunOptions(workers=1, **settings)) for row in rows
    ]


def pairs_of_all_kinds() -> list[Pair]:
    """8-bit and 16-bit images, floats, one channel and three, in turn."""
    pairs = []
    for index in range(12):
        pixels = [noise(seed, 32, 32) for seed in (index, 100 + index)]
        deep = [one.astype(np.uint16) * 251 for one in pixels]
        kinds: list[Sequence[Any]] = [
            pixels,
            deep,
            [one[..., 0] for one in deep],
            [one / 255 for one in pixels],
            [pixels[0], deep[1]],
            [one[..., 0] for one in pixels],
        ]
        one, other = kinds[index % len(kinds)]
        pairs.append(Pair(picture(f"image {index}", one), picture(f"reference {index}", other)))
    return pairs


@pytest.mark.parametrize("name", ["ssim", "psnr", "mdsi"])
def test_pairs_of_several_depths_score_in_one_batch_as_alone(name: str):
    pairs, model = pairs_of_all_kinds(), load(name)
    alone = [rows_of([pair], model)[0].score for pair in pairs]
    together = rows_of(pairs, model, batch_size=len(pairs))
    assert [row.image for row in together] == [pair.image.name for pair in pairs]
    assert [row.score for row in together] == pytest.approx(alone, rel=1e-13)


def test_other_models_keep_their_batches_whatever_the_depths():
    model = Distance()
    rows_of(pairs_of_all_kinds(), model, batch_size=12)
    assert sum(model.batches) == 12
    assert len(model.batches) <= 2  # a share of each thread


def test_every_type_reaches_a_model_of_float64_with_all_its_bits():
    reference = np.zeros((16, 16, 3), np.uint8)
    for pixels, peak in (
        (np.full((16, 16, 3), 3, np.uint16), 65535),
        (np.full((16, 16, 3), 1 / 3), 1),
        (np.full((16, 16, 3), 1 / 3, np.float32), 1),
    ):
        score = acutance.score(pixels, reference=reference, model="psnr")
        assert isinstance(score, acutance.Score)
        assert score.value == pytest.approx(-20 * np.log10(float(pixels[0, 0, 0]) / peak), rel=1e-14)


def test_a_row_says_how_many_bits_of_its_picture_or_reference_were_kept(tmp_path: Path):
    names = write(tmp_path, "a.png", "b.png", "deep.png", "truth.png")
    pairs = [Pair(names["a.png"], names["truth.png"]), Pair(names["deep.png"], names["truth.png"])]
    pairs.append(Pair(names["b.png"], names["deep.png"]))
    rows = rows_of(pairs, Distance("one"), Brightness("two"))
    assert [row.depth for row in rows] == [None, None, "8 of 16", "8 of 16", "8 of 16", None]
    assert all(row.score is not None for row in rows)


def test_strict_makes_lost_bits_an_error_that_names_the_file(tmp_path: Path):
    names = write(tmp_path, "a.png", "deep.png", "truth.png")
    pairs = [Pair(names["a.png"], names["truth.png"]), Pair(names["a.png"], names["deep.png"])]
    good, alone, bad, seen_alone = rows_of(pairs, Distance("one"), Brightness("two"), strict=True)
    assert None not in (good.score, alone.score, seen_alone.score)
    assert isinstance(bad.exception, InputError)
    assert bad.score is None
    assert bad.depth == "8 of 16"
    assert "deep.png" in str(bad.error)


def test_strict_leaves_pictures_of_which_all_bits_are_kept(tmp_path: Path):
    a, truth = write(tmp_path, "a.png", "truth.png").values()
    assert rows_of([Pair(a, truth)], Distance(), strict=True) == rows_of([Pair(a, truth)], Distance())


def test_one_strict_score_raises_what_is_wrong(tmp_path: Path):
    write(tmp_path, "deep.png", "truth.png")
    with raises(InputError, "deep.png", 8, 16):
        acutance.score(tmp_path / "deep.png", reference=tmp_path / "truth.png", model="psnr", strict=True)


def test_provenance_counts_the_scores_from_fewer_bits(tmp_path: Path):
    write(tmp_path, "out/a.png", "out/deep.png", "truth.png")
    rows = acutance.score(tmp_path / "out", reference=tmp_path / "truth.png", model=["psnr", "mdsi"])
    assert not isinstance(rows, acutance.Score)
    assert "depth" not in rows.provenance
    assert len(list(rows)) == 4
    assert rows.provenance["depth"] == {"8 of 16": 2}
    one = acutance.score(tmp_path / "out/deep.png", reference=tmp_path / "truth.png", model="psnr")
    assert isinstance(one, acutance.Score)
    assert one.provenance["depth"] == {"8 of 16": 1}


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_file_of_scores_keeps_depths_and_counts_them_over_a_break(tmp_path: Path, ending: str):
    names = write(tmp_path, "a.png", "deep.png", "truth.png")
    pairs = [Pair(names[name], names["truth.png"]) for name in ("deep.png", "a.png", "deep.png", "a.png")]
    path, whole = tmp_path / f"scores.{ending}", tmp_path / f"whole.{ending}"
    expected = list(rows_into(ScoreFile(whole, ["brightness"]), pairs, Distance()))
    begun = rows_into(ScoreFile(path, ["brightness"]), pairs, Distance())
    next(begun)
    begun.close()  # type: ignore[attr-defined]
    file = open_score_file(plan_of(pairs, Distance()), path, term_names=["brightness"], resume=True)
    assert list(rows_into(file, pairs, Distance())) == expected
    assert path.read_bytes() == whole.read_bytes()
    for one in (path, whole):
        described = json.loads(provenance_path(one).read_text())
        assert described["depth"] == {"8 of 16": 2}
        began = provenance_path(one).stat().st_mtime_ns
        assert began <= one.stat().st_mtime_ns  # the run's begin, so that later changes of images are seen


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_file_without_the_column_of_depths_is_read_and_continued_as_it_is(tmp_path: Path, ending: str):
    names = write(tmp_path, "a.png", "deep.png", "truth.png")
    pairs = [Pair(names["a.png"], names["truth.png"]), Pair(names["deep.png"], names["truth.png"])]
    path = tmp_path / f"scores.{ending}"
    (old,) = EARLIER_ROW_FIELDS
    first = ScoreFile(path)
    first.columns = old
    begun = rows_into(first, pairs, Distance())
    next(begun)
    begun.close()  # type: ignore[attr-defined]
    file = ScoreFile(path, resume=True)
    assert (file.columns, file.count) == (old, 1)
    rows = list(rows_into(file, pairs, Distance()))
    assert [row.depth for row in rows] == [None, "8 of 16"]
    again = ScoreFile(path, resume=True)
    assert (again.columns, again.count) == (old, 2)
    assert [row["image"] for row in again.rows()] == [row.image for row in rows]


def test_the_command_says_how_many_scores_come_from_fewer_bits(run: Run, tmp_path: Path):  # noqa: F811
    write_deep(tmp_path / "out/a.png")
    result = run("score", "out", "-r", "truth", "-m", "psnr", "-m", "mdsi", "--format", "json")
    assert result.exit_code == 0
    assert [row["depth"] for row in json.loads(result.stdout)] == ["8 of 16", "8 of 16", None, None]
    (line,) = [line for line in result.stderr.splitlines() if not lacking(line, 8, 16)]
    assert not lacking(line, 2)
    strict = run("score", "out", "-r", "truth", "-m", "psnr", "--strict", "--format", "json")
    assert strict.exit_code == 1
    assert [row["score"] is None for row in json.loads(strict.stdout)] == [True, False]


def write(folder: Path, *names: str) -> dict[str, Any]:
    """Images in a folder, by their names; of those called deep.png 8 of 16 bits are read."""
    write_images(folder, *names, size=(24, 24))
    for name in names:
        if Path(name).name == "deep.png":
            write_deep(folder / name)
    return {name: NamedImage(folder / name, (folder / name).as_posix(), name) for name in names}


def write_deep(path: Path) -> None:
    """CMYK of 16 bits in the place of the image that is there, whatever its name ends in, and of its size."""
    with Image.open(path) as shown:
        width, height = shown.size
    path.write_bytes(saved.by_tifffile(pictures.noise((height, width, 4), np.uint16), photometric="separated"))
