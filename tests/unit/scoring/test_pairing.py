import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from acutance.errors import ConfigError, ImageReadError, InputError, PairingError
from acutance.scoring.pairing import Pairing, pair_up
from tests.raising import raises
from tests.unit.scoring.fakes import noise, write_images


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(pairing: Pairing) -> list[tuple[str, str | None]]:
    return [(pair.image.name, pair.reference.name if pair.reference else None) for pair in pairing.pairs]


def test_one_file_meets_one_file(here: Path):
    write_images(here, "out.png", "truth.png")
    pairing = pair_up("out.png", Path("truth.png"))
    assert names(pairing) == [("out.png", "truth.png")]
    assert pairing.is_single


def test_many_files_meet_one_reference(here: Path):
    write_images(here, "b.png", "a.png", "truth.png")
    assert names(pair_up(["b.png", "a.png"], "truth.png")) == [("b.png", "truth.png"), ("a.png", "truth.png")]


def test_a_folder_meets_one_reference(here: Path):
    write_images(here, "out/b.png", "out/a.png", "truth.png")
    assert names(pair_up("out", "truth.png")) == [("out/a.png", "truth.png"), ("out/b.png", "truth.png")]


def test_pictures_without_references_stay_alone(here: Path):
    write_images(here, "out/a.png", "out/b.png")
    assert names(pair_up("out")) == [("out/a.png", None), ("out/b.png", None)]


def test_folders_pair_by_the_path_below_them(here: Path):
    write_images(here, "out/day/a.png", "out/night/a.png", "truth/day/a.png", "truth/night/a.png")
    assert names(pair_up("out", "truth")) == [
        ("out/day/a.png", "truth/day/a.png"),
        ("out/night/a.png", "truth/night/a.png"),
    ]


def test_folders_pair_by_stem(here: Path):
    write_images(here, "out/deep/a.png", "out/b.png", "truth/a.bmp.png", "truth/b.png")
    (here / "truth/a.bmp.png").rename(here / "truth/a.webp")
    assert names(pair_up("out", "truth", pair_by="stem")) == [
        ("out/b.png", "truth/b.png"),
        ("out/deep/a.png", "truth/a.webp"),
    ]


def test_folders_pair_by_the_group_of_an_expression(here: Path):
    write_images(here, "out/cat_x4.png", "out/cat_x2.png", "out/dog_x4.png", "truth/cat.png", "truth/dog.png")
    assert names(pair_up("out", "truth", pair_by=r"^([a-z]+)")) == [
        ("out/cat_x2.png", "truth/cat.png"),
        ("out/cat_x4.png", "truth/cat.png"),
        ("out/dog_x4.png", "truth/dog.png"),
    ]


def test_several_folders_of_methods_share_the_references(here: Path):
    write_images(here, "m1/a.png", "m2/a.png", "truth/a.png")
    assert names(pair_up(["m1", "m2"], "truth")) == [("m1/a.png", "truth/a.png"), ("m2/a.png", "truth/a.png")]


def test_a_name_the_expression_does_not_match_never_meets_an_empty_group(here: Path):
    write_images(here, "out/nothing.png", "out/x.png", "truth/x.png")
    pairing = pair_up("out", "truth", pair_by="x([0-9]*)")
    assert names(pairing) == [("out/x.png", "truth/x.png")]
    assert pairing.unmatched_images == ["out/nothing.png"]


def test_files_left_over_on_both_sides_are_named_with_the_cure(here: Path):
    write_images(here, "out/a.png", "out/c.png", "truth/a.png", "truth/b.png")
    pairing = pair_up("out", "truth")
    assert names(pairing) == [("out/a.png", "truth/a.png")]
    with raises(PairingError, "out/c.png", "truth/b.png", "--pair-by", "--allow-unmatched") as caught:
        pairing.require_complete()
    assert caught.value.pair_by is None


def test_the_stem_is_the_cure_where_it_would_match(here: Path):
    write_images(here, "out/a.png", "truth/deep/a.png")
    with raises(PairingError, 1, 1, "stem") as caught:
        pair_up("out", "truth").require_complete()
    assert caught.value.pair_by == "stem"


def test_an_expression_is_the_cure_where_neither_path_nor_stem_would_match(here: Path):
    write_images(here, "out/cat_x4.png", "out/dog_x4.png", "truth/cat.png", "truth/dog.png")
    for rule in ("path", "stem", "^(nothing)"):
        with raises(PairingError, 2, 2) as caught:
            pair_up("out", "truth", pair_by=rule).require_pairs()
        assert caught.value.pair_by is not None
        assert names(pair_up("out", "truth", pair_by=caught.value.pair_by)) == [
            ("out/cat_x4.png", "truth/cat.png"),
            ("out/dog_x4.png", "truth/dog.png"),
        ]


def test_another_rule_is_the_cure_where_one_cannot_tell_references_apart(here: Path):
    write_images(here, "out/a/1.png", "out/b/1.png", "truth/a/1.png", "truth/b/1.png")
    with raises(PairingError, 2, 2) as caught:
        pair_up("out", "truth", pair_by="stem")
    assert caught.value.pair_by == "path"


def test_many_files_left_over_are_counted(here: Path):
    write_images(here, "truth/x.png", *(f"out/{index}.png" for index in range(8)))
    assert (
        pair_up("out", "truth")
        .left_over()
        .startswith("8 images without a reference (out/0.png, out/1.png, out/2.png, out/3.png, out/4.png and 3 more)")
    )


def test_two_references_of_one_name_are_an_error(here: Path):
    write_images(here, "out/a.png", "truth/a.png", "truth/deep/a.png")
    with raises(PairingError, "stem", "truth/a.png"):
        pair_up("out", "truth", pair_by="stem")


def test_two_lists_pair_by_position(here: Path):
    write_images(here, "b.png", "a.png", "1.png", "2.png")
    assert names(pair_up(["b.png", "a.png"], ["1.png", "2.png"])) == [("b.png", "1.png"), ("a.png", "2.png")]


def test_lists_of_unequal_length_are_an_error(here: Path):
    write_images(here, "b.png", "a.png", "1.png", "2.png")
    with raises(PairingError, "images (1)", "references (2)"):
        pair_up(["b.png"], ["1.png", "2.png"])


def test_a_folder_never_meets_a_list_by_its_sort_order(here: Path):
    write_images(here, "out/a.png", "out/b.png", "1.png", "2.png")
    with raises(PairingError):
        pair_up("out", ["1.png", "2.png"])


def test_a_list_of_folders_is_searched_by_name(here: Path):
    write_images(here, "b.png", "a.png", "truth/a.png", "more/b.png")
    assert names(pair_up(["b.png", "a.png"], ["truth", "more"])) == [("b.png", "more/b.png"), ("a.png", "truth/a.png")]


def test_batches_of_arrays_and_tensors_pair_by_position():
    for images in (np.zeros((2, 4, 4, 3), np.uint8), torch.zeros(2, 3, 4, 4)):
        assert names(pair_up(images, [noise(1), noise(2)]))[1][1] == "array 1"
        assert not pair_up(images, images).is_single


@pytest.mark.parametrize("kind", ["array", "tensor", "Pillow", "file"])
def test_a_picture_in_memory_is_one_picture(kind: str):
    sources: dict[str, Any] = {
        "array": noise(0),
        "tensor": torch.zeros(3, 4, 4),
        "Pillow": Image.fromarray(noise(0)),
        "file": io.BytesIO(b"abc"),
    }
    assert pair_up(sources[kind]).is_single


def test_files_that_are_no_pictures_are_passed_over_and_listed(here: Path):
    write_images(here, "out/a.png")
    (here / "out/notes.txt").touch()
    assert pair_up("out").ignored == ["out/notes.txt"]


def test_a_file_name_that_is_no_utf8_becomes_text(here: Path):
    write_images(here, "out/a.png")
    (here / "out/a.png").rename("out/caf\udce9.png")
    (name, _), *_ = names(pair_up("out"))
    assert name == r"out/caf\udce9.png"


@pytest.mark.parametrize(
    ("images", "error", "words"),
    [
        ("absent.png", ImageReadError, ("absent.png",)),
        ("empty", InputError, ("empty",)),
        ([], InputError, ()),
    ],
)
def test_sources_without_pictures_are_errors(
    here: Path, images: str | list[str], error: type[Exception], words: tuple[object, ...]
):
    (here / "empty").mkdir()
    with raises(error, *words):
        pair_up(images)


@pytest.mark.parametrize(
    ("pair_by", "words"),
    [
        ("([a-z]+", ("([a-z]+",)),
        ("[a-z]+", ("[a-z]+", 0)),
        ("(a)(b)", ("(a)(b)", 2)),
    ],
)
def test_a_rule_that_cannot_pair_is_an_error(here: Path, pair_by: str, words: tuple[object, ...]):
    write_images(here, "out/a.png", "truth/a.png")
    with raises(ConfigError, *words):
        pair_up("out", "truth", pair_by=pair_by)
