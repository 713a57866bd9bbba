"""Files of HyperIQA and MS-HyperIQA in the layouts their codes write, with the numbers of the golden cases."""

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from tests.golden import recipe

Model = Literal["hyperiqa", "ms_hyperiqa"]
WEIGHT_SETS = ("plain", "sensitive")
"""Without gains, and with gains that make the score depend on everything."""


def golden(model: Model) -> dict[str, Any]:
    """The golden file of a model."""
    return dict(json.loads(Path(recipe.__file__).with_name(f"{model}.json").read_text()))


def official_tensors(model: Model, weight_set: str) -> dict[str, torch.Tensor]:
    """Every tensor of the reference code's state dict, by its name there."""
    content = golden(model)
    gains = content["weight_sets"][weight_set]["gains"]
    return {
        name: torch.from_numpy(recipe.tensor(name, tuple(shape)) * np.float32(gains[name]))
        if name in gains
        else torch.from_numpy(recipe.tensor(name, tuple(shape)))
        for name, shape in content["layout"].items()
    }


def write_official(path: Path, model: Model, weight_set: str, *, with_counts: bool = True) -> None:
    """Write a bare state dict, 110 MB, as the authors' ``koniq_pretrained.pkl`` and ``best_model.pkl`` are.

    Args:
        path: Where to.
        model: Whose.
        weight_set: Of the golden file.
        with_counts: Whether batch norms tell how many batches they have seen; old files do not.
    """
    tensors = official_tensors(model, weight_set)
    kept = {name: value for name, value in tensors.items() if with_counts or not name.endswith("num_batches_tracked")}
    torch.save(kept, path)


def write_pyiqa(path: Path, weight_set: str) -> None:
    """Write HyperIQA's weights as PyIQA files them: other names, below ``params``."""
    names = golden("hyperiqa")["pyiqa"]["name_map"]
    tensors = official_tensors("hyperiqa", weight_set)
    torch.save({"params": {foreign: tensors[official] for foreign, official in names.items()}}, path)
