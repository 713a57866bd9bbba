"""Published trunks that a training may start from; scoring needs none of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from acutance.catalog.entries import find_record
from acutance.layers.imagenet import COUNTER, resnet50_names
from acutance.models.afine import published as afine
from acutance.models.hyperiqa import published as hyperiqa
from acutance.models.vtamiq import published as vtamiq
from acutance.weights.key_table import KeyTable, TensorOrShape
from acutance.weights.layout import STATE_DICTS

if TYPE_CHECKING:  # importing acutance must not load torch
    from torch import Tensor

    from acutance.models.vtamiq.model import VTAMIQ

CLASSIFIER = ("fc.weight", "fc.bias")
"""What a file of ResNet-50 holds besides the trunk."""


def start_vtamiq(model: "VTAMIQ", name: str, path: Path | None = None, *, offline: bool = False) -> None:
    """Load a published ViT-B/16 over VTAMIQ; registers, gains, decoder and predictor keep their values.

    Args:
        model: What to load it over.
        name: Of the file: ``"vit-b16-384.google"`` or ``"vit-b16-384.timm"``, which hold the same weights.
        path: The file; by default the one on this machine, or the published one.
        offline: Never touch the network.

    Raises:
        UnknownNameError: No file of weights of that name.
        MissingWeightsError: It is neither here nor to be had.
        CheckpointError: Another file, or a damaged one.
    """
    from acutance.models.vtamiq.pretrained import start_from_vit
    from acutance.weights.download import fetch
    from acutance.weights.foreign import read_foreign

    record = find_record(name)
    path = path or fetch(record, offline=offline)
    start_from_vit(model, read_foreign(path), "npz" if record == vtamiq.VIT_NPZ else "timm", path)


def resnet50_tensors(path: Path, expected: Mapping[str, TensorOrShape]) -> "dict[str, Tensor]":
    """The tensors of a ResNet-50's trunk as torchvision or timm file it; classifier and counters are left out.

    Args:
        path: The file.
        expected: Every tensor of the trunk, or its shape, by name.

    Raises:
        CheckpointError: Another network, or a damaged file.
    """
    from acutance.weights.foreign import read_foreign

    names: dict[str, str | None] = {name: None if name.endswith(COUNTER) else name for name in resnet50_names()}
    foreign = read_foreign(path, wrappers=STATE_DICTS)
    keys = KeyTable({**names, **{name: None for name in CLASSIFIER if name in foreign}})
    return keys.apply(foreign, {name: expected[name] for name in keys.own_names}, path)


def read_start(name: str, path: Path) -> None:
    """Raise ``CheckpointError`` unless a file holds every tensor of the trunk of that name."""
    if name in (afine.CLIP_ARCHIVE.name, afine.CLIP_TIMM.name):
        from acutance.layers.clip import ClipImageEncoder
        from acutance.models.afine.clip_start import start_clip

        start_clip(ClipImageEncoder(), path)
        return
    from acutance.models.vtamiq.model import VTAMIQ

    if name in [record.name for record in hyperiqa.STARTS]:
        import torch

        from acutance.layers.resnet import ResNet50

        with torch.device("meta"):
            resnet50_tensors(path, ResNet50().trunk.state_dict())
        return

    start_vtamiq(VTAMIQ(), name, path)
