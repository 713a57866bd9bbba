"""Rows of images, computed once."""

from pathlib import Path

import numpy as np
import torch

from acutance.errors import InputError
from acutance.training.images import ImageStore, as_images
from projects.afine_tiny.features import ImageFeatures
from tests.fakes.tiny_afine import tiny_naturalness
from tests.raising import raises
from tests.unit.scoring.fakes import write_images

CPU = torch.device("cpu")


def features(folder: Path, paths: list[Path], store: ImageStore | None = None) -> ImageFeatures:
    return ImageFeatures(paths, store or ImageStore(), folder / "kept", (2, 90), {"version": 1})


def test_a_row_is_what_the_model_finds(tmp_path: Path):
    write_images(tmp_path, "a.png", "b.png", size=(70, 90))
    model, paths = tiny_naturalness(), [tmp_path / "a.png", tmp_path / "b.png"]
    found = features(tmp_path, [*paths, paths[0]])
    seen: list[tuple[int, int]] = []
    found.fill(model.scene_moments, CPU, lambda done, whole: seen.append((done, whole)))
    assert seen == [(2, 2)]
    for path in paths:
        images = as_images(np.asarray(ImageStore().read(path)), CPU)
        np.testing.assert_allclose(found.of(path), model.scene_moments(images)[0].numpy(), rtol=1e-5, atol=1e-6)


def test_rows_are_kept_until_a_picture_changes(tmp_path: Path):
    write_images(tmp_path, "a.png", "b.png", size=(70, 90))
    read: list[Path] = []

    class Watched(ImageStore):
        def read(self, path: Path) -> np.ndarray:
            read.append(path)
            return super().read(path)

    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for _ in range(2):
        features(tmp_path, paths, Watched()).fill(tiny_naturalness().scene_moments, CPU)
    assert sorted(read) == paths
    write_images(tmp_path, "a.png", size=(80, 90))
    features(tmp_path, paths, Watched()).fill(tiny_naturalness().scene_moments, CPU)
    assert len(read) == 4


def test_a_missing_picture_is_told_before_any_is_read(tmp_path: Path):
    with raises(InputError, "gone.png"):
        features(tmp_path, [tmp_path / "gone.png"]).fill(tiny_naturalness().scene_moments, CPU)


def test_nothing_is_read_before_it_is_there(tmp_path: Path):
    with raises(ValueError):
        features(tmp_path, [tmp_path / "a.png"]).of(tmp_path / "a.png")
