"""Scene statistics of pictures, which depend on no weights: computed once before the training, and kept on disk."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from acutance.models.afine_tiny.model import AFINETinyNaturalness
from acutance.scoring.crew import Crew
from acutance.training.feature_file import FeatureFile, Rows, file_mark
from acutance.training.pictures import PictureStore
from acutance.training.task import OnProgress
from acutance.training.validation import as_images

VERSION = 1
"""Of what rows mean; another number makes all of them anew."""
CHUNK = 64
"""Pictures whose rows are written together."""


class SceneStatistics:
    """``scene_moments`` of pictures.

    Args:
        paths: Of the pictures.
        store: Reads them.
        folder: Where rows are kept.
        model: With the settings of the fixed maps.
    """

    def __init__(self, paths: Iterable[Path], store: PictureStore, folder: Path, model: AFINETinyNaturalness) -> None:
        self._places = {path: place for place, path in enumerate(dict.fromkeys(paths))}
        self._store = store
        self._folder = folder
        self._settings = model.preprocessing()
        self._shape = tuple(model.scene_moments(torch.zeros(1, 3, 64, 64)).shape[1:])
        self._file: FeatureFile | None = None

    def fill(self, model: AFINETinyNaturalness, device: torch.device, on_progress: OnProgress | None = None) -> None:
        """Compute what is missing.

        Args:
            model: Of the same settings.
            device: Where to compute.
            on_progress: Called with pictures done and in all.

        Raises:
            AcutanceError: A picture that cannot be read.
            OSError: No room on the disk.
        """
        marks = hashlib.sha256(json.dumps([file_mark(path) for path in self._places]).encode()).hexdigest()
        made_from: dict[str, object] = {"version": VERSION, "views": self._settings, "pictures": marks}
        self._file = FeatureFile(self._folder, (len(self._places), *self._shape), made_from)
        paths, missing = list(self._places), self._file.missing()
        with Crew(on_cpu=device.type == "cpu") as crew:
            for start in range(0, len(missing), CHUNK):
                places = missing[start : start + CHUNK]
                rows = crew.run(lambda place: self._row(paths[place], model, device), places)
                self._file.write(places, np.stack(rows))
                if on_progress is not None:
                    on_progress(len(paths) - len(missing) + start + len(places), len(paths))

    def of(self, path: Path) -> Rows:
        """The row of a picture, mapped into memory."""
        if self._file is None:
            raise ValueError("scene statistics are filled before they are read")
        return self._file.read(self._places[path])

    def _row(self, path: Path, model: AFINETinyNaturalness, device: torch.device) -> Rows:
        row: Rows = model.scene_moments(as_images(self._store.read(path), device))[0].cpu().numpy()
        return row
