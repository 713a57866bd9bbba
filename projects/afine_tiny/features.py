"""Rows that something fixed makes of images: computed once before the training, and kept on disk."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from acutance.models.torch_scorer import ComputeThreads
from acutance.training.features import FeatureFile, Rows, file_mark
from acutance.training.images import ImageStore, as_images
from acutance.types import OnProgress

CHUNK = 64
"""Images whose rows are written together."""


class ImageFeatures:
    """A row of each image.

    Args:
        paths: Of the images.
        store: Reads them.
        folder: Where rows are kept.
        shape: Of a row.
        made_from: All that rows depend on besides the images, plain JSON values.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        store: ImageStore,
        folder: Path,
        shape: tuple[int, ...],
        made_from: Mapping[str, object],
    ) -> None:
        self._places = {path: place for place, path in enumerate(dict.fromkeys(paths))}
        self._store = store
        self._folder = folder
        self._shape = shape
        self._made_from = made_from
        self._file: FeatureFile | None = None

    def fill(
        self, describe: Callable[[Tensor], Tensor], device: torch.device, on_progress: OnProgress | None = None
    ) -> None:
        """Compute what is missing.

        Args:
            describe: Makes rows (1, ...) of an image (1, 3, H, W) in [0, 1].
            device: Where to compute.
            on_progress: Called with images done and in all.

        Raises:
            AcutanceError: An image that cannot be read.
            OSError: No room on the disk.
        """
        marks = hashlib.sha256(json.dumps([file_mark(path) for path in self._places]).encode()).hexdigest()
        made_from = {**self._made_from, "pictures": marks}
        self._file = FeatureFile(self._folder, (len(self._places), *self._shape), made_from)
        paths, missing = list(self._places), self._file.missing()

        def row(place: int) -> Rows:
            found: Rows = describe(as_images(self._store.read(paths[place]), device))[0].float().cpu().numpy()
            return found

        with ComputeThreads(on_cpu=device.type == "cpu") as threads:
            for start in range(0, len(missing), CHUNK):
                places = missing[start : start + CHUNK]
                self._file.write(places, np.stack(threads.run(row, places)))
                if on_progress is not None:
                    on_progress(len(paths) - len(missing) + start + len(places), len(paths))

    def of(self, path: Path) -> Rows:
        """The row of an image, mapped into memory."""
        if self._file is None:
            raise ValueError("features are filled before they are read")
        return self._file.read(self._places[path])

    def stacked(self, paths: Iterable[Path]) -> Tensor:
        """The rows of some images, (images, ...)."""
        return torch.from_numpy(np.stack([self.of(path) for path in paths]))
