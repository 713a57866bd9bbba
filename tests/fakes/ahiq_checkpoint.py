"""Files with the layouts of the published AHIQ weights and the numbers of the golden cases."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from acutance.models.ahiq import weights
from tests.golden import recipe

WEIGHT_SETS = ("plain", "sensitive")
"""Without gains, and with gains that make the score depend on everything."""
BACKBONES = {"resnet50": weights.RESNET50, "vit": weights.VIT_B8}
"""Records of the backbones by the names of their state dicts in the golden file."""


@cache
def golden() -> dict[str, Any]:
    """The golden file."""
    return dict(json.loads(Path(recipe.__file__).with_name("ahiq.json").read_text()))


def state_dict(part: str, weight_set: str = "plain") -> dict[str, torch.Tensor]:
    """One of the four state dicts: resnet50, vit, deform_net, regressor."""
    gains = golden()["weight_sets"][weight_set]["gains"]
    shapes = golden()["layouts"][part].items()
    drawn = {name: recipe.tensor(name, tuple(shape)) for name, shape in shapes}
    return {
        name: torch.from_numpy(value * np.float32(gains[f"{part}.{name}"]) if f"{part}.{name}" in gains else value)
        for name, value in drawn.items()
    }


def write_official(path: Path, weight_set: str) -> None:
    """Write the heads, 109 MB, as the authors' training does, with what else it leaves in the file."""
    parts = {f"{part}_model_state_dict": state_dict(part, weight_set) for part in ("regressor", "deform_net")}
    optimizer = {"state": {0: {"step": 7, "exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 1e-4}]}
    scheduler = {"T_max": 50, "base_lrs": [1e-4]}
    torch.save(
        {
            "epoch": 33,
            **parts,
            "optimizer_state_dict": optimizer,
            "scheduler_state_dict": scheduler,
            "loss": 0.01,
        },
        path,
    )


def write_backbones(folder: Path) -> None:
    """Write both backbones, 450 MB, under the names that are looked for in a folder of weights."""
    for part, record in BACKBONES.items():
        save_file(state_dict(part), folder / record.local_filename)
