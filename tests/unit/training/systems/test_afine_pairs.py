"""What frozen networks say of pairs: the model's own numbers for every flip, kept through a kill, anew when due."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from acutance.errors import InputError, TrainingError
from acutance.models.afine.model import AFINE
from acutance.training.images import ImageStore, as_images
from acutance.training.systems import afine_pairs
from acutance.training.systems.afine import VARIANTS, validation_pairs, varied
from acutance.training.systems.afine_frozen import FROZEN_IN_STAGE_3, distances, raw_numbers
from acutance.training.systems.afine_pairs import FrozenNetworks, PairFeatures
from acutance.training.triplets import TripletLists, triplet_lists
from tests.conftest import images_among
from tests.fakes.afine_training import tiny_afine, triplet_data, write_triplet_set
from tests.raising import raises

CPU = torch.device("cpu")
CHANNELS = 3 + 2 * 48


@pytest.fixture
def lists(tmp_path: Path) -> TripletLists:
    return triplet_lists(triplet_data(write_triplet_set(tmp_path / "set")))


def networks(stage: int, model: AFINE | None = None) -> FrozenNetworks:
    frozen = (model or tiny_afine()).eval().requires_grad_(requires_grad=False)
    if stage == 2:
        return FrozenNetworks(frozen, distances, ("encoder",), (2, CHANNELS))
    return FrozenNetworks(frozen, raw_numbers, FROZEN_IN_STAGE_3, (2,))


def features(lists: TripletLists, folder: Path, chosen: FrozenNetworks, *, augment: bool = True) -> PairFeatures:
    return PairFeatures(
        lists.train,
        validation_pairs(lists.validation),
        augment=augment,
        store=ImageStore(),
        folder=folder,
        networks=chosen,
    )


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images went through the encoder, call by call."""
    seen: list[int] = []
    levels = AFINE.levels

    def counted(model: AFINE, images: Tensor):
        seen.append(len(images))
        return levels(model, images)

    monkeypatch.setattr(AFINE, "levels", counted)
    return seen


def assert_encoded_once(encoded: list[int]) -> None:
    """Every image in every variant; where threads share the images of one variant, each encodes the reference."""
    assert 0 <= sum(encoded) - (2 * 9 * 8 + 9) < torch.get_num_threads()


def test_every_variant_has_the_numbers_that_the_model_gives_of_it(lists: TripletLists, tmp_path: Path):
    model, store = tiny_afine(), ImageStore()
    found = features(lists, tmp_path / "features", networks(3, model))
    found.fill(CPU)
    for triplet in (lists.train[0], lists.train[-1]):
        for image, reference in (*triplet.pairs(), (triplet.reference, triplet.reference)):
            for variant in range(VARIANTS):
                images = [as_images(varied(np.asarray(store.read(path)), variant), CPU) for path in (image, reference)]
                terms = model.terms(*images)
                wanted = torch.cat([terms["raw_naturalness"], terms["raw_fidelity"]])
                row = torch.from_numpy(found.row(image, reference, variant).copy())
                torch.testing.assert_close(row, wanted, rtol=1e-5, atol=1e-6)


def test_a_reference_beside_itself_is_no_distance_at_all(lists: TripletLists, tmp_path: Path):
    found = features(lists, tmp_path / "features", networks(2))
    found.fill(CPU)
    reference = lists.train[0].reference
    assert np.abs(found.row(reference, reference, 3)).max() < 1e-5


def test_training_pairs_have_eight_rows_and_validation_pairs_one(lists: TripletLists, tmp_path: Path):
    assert len(features(lists, tmp_path, networks(3))) == 2 * 9 * 8 + 9
    assert len(features(lists, tmp_path, networks(3), augment=False)) == 3 * 9


def test_each_picture_is_encoded_once_for_each_variant(lists: TripletLists, tmp_path: Path, encoded: list[int]):
    features(lists, tmp_path / "features", networks(3)).fill(CPU)
    assert_encoded_once(encoded)
    encoded.clear()
    features(lists, tmp_path / "features", networks(3)).fill(CPU)
    assert encoded == []


def test_each_picture_is_decoded_once(lists: TripletLists, tmp_path: Path, opened: list[str]):
    opened.clear()
    features(lists, tmp_path / "features", networks(3)).fill(CPU)
    names = images_among(opened)
    assert len(names) == len(set(names)) == 27


@pytest.mark.parametrize("images_in_memory", [32, 4])
def test_a_preparation_broken_off_goes_on_where_it_was(
    lists: TripletLists,
    tmp_path: Path,
    encoded: list[int],
    monkeypatch: pytest.MonkeyPatch,
    images_in_memory: int,
):
    monkeypatch.setattr(afine_pairs, "IMAGES_IN_MEMORY", images_in_memory)
    whole = features(lists, tmp_path / "whole", networks(3))
    whole.fill(CPU)
    rows = len(whole)

    def stop(done: int, total: int) -> None:
        assert total == rows
        if done > 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        features(lists, tmp_path / "broken", networks(3)).fill(CPU, stop)
    encoded.clear()
    told: list[tuple[int, int]] = []
    again = features(lists, tmp_path / "broken", networks(3))
    again.fill(CPU, lambda done, total: told.append((done, total)))
    assert 50 < told[0][0] < rows
    assert told[-1] == (rows, rows)
    assert sum(encoded) < rows - 50 + 8 * 9
    for pair in {pair for triplet in lists.train for pair in triplet.pairs()}:
        for variant in range(VARIANTS):
            assert np.array_equal(again.row(*pair, variant), whole.row(*pair, variant))


def test_other_encoder_weights_make_all_rows_anew(lists: TripletLists, tmp_path: Path, encoded: list[int]):
    features(lists, tmp_path / "features", networks(2)).fill(CPU)
    encoded.clear()
    features(lists, tmp_path / "features", networks(2, tiny_afine(seed=6))).fill(CPU)
    assert_encoded_once(encoded)


@pytest.mark.parametrize(("stage", "part"), [(2, "fidelity_head.alpha"), (3, "adapter.k")])
def test_weights_that_rows_do_not_depend_on_change_nothing(
    lists: TripletLists, tmp_path: Path, encoded: list[int], stage: int, part: str
):
    features(lists, tmp_path / "features", networks(stage)).fill(CPU)
    encoded.clear()
    other = tiny_afine()
    with torch.no_grad():
        other.get_parameter(part).add_(1)
    features(lists, tmp_path / "features", networks(stage, other)).fill(CPU)
    assert encoded == []


def test_a_picture_that_was_replaced_makes_all_rows_anew(lists: TripletLists, tmp_path: Path, encoded: list[int]):
    features(lists, tmp_path / "features", networks(3)).fill(CPU)
    encoded.clear()
    os.utime(lists.train[0].first, ns=(1, 1))
    features(lists, tmp_path / "features", networks(3)).fill(CPU)
    assert_encoded_once(encoded)


def test_a_picture_that_is_gone_is_one_clear_line(lists: TripletLists, tmp_path: Path):
    lists.train[0].first.unlink()
    with raises(InputError, "a_blur1.png"):
        features(lists, tmp_path / "features", networks(3)).fill(CPU)


def test_a_picture_of_another_size_than_its_reference_is_named(lists: TripletLists, tmp_path: Path):
    Image.new("RGB", (40, 50)).save(lists.train[0].first)
    with raises(TrainingError, "a_blur1.png", "64 x 96", "50 x 40"):
        features(lists, tmp_path / "features", networks(3)).fill(CPU)


def test_rows_do_not_depend_on_what_is_encoded_beside_them(lists: TripletLists):
    chosen = networks(3)
    first, second, reference = (
        torch.from_numpy(varied(np.asarray(ImageStore().read(path)), 0)).permute(2, 0, 1)
        for path in (lists.train[0].first, lists.train[1].second, lists.train[0].reference)
    )
    together = chosen.beside([first, second], reference)
    assert torch.equal(together[0], chosen.beside([first], reference)[0])
    assert torch.equal(together[2], chosen.beside([], reference)[0])
