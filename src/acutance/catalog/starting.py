"""Published trunks that a training may start from; scoring needs none of them."""

from pathlib import Path
from typing import TYPE_CHECKING

from acutance.catalog.entries import find_record
from acutance.models.afine import published as afine
from acutance.models.vtamiq import published as vtamiq

if TYPE_CHECKING:  # importing acutance must not load torch
    from acutance.models.vtamiq.model import VTAMIQ


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
    from acutance.checkpoints.download import fetch
    from acutance.checkpoints.foreign import read_foreign
    from acutance.models.vtamiq.pretrained import start_from_vit

    record = find_record(name)
    path = path or fetch(record, offline=offline)
    start_from_vit(model, read_foreign(path), "npz" if record == vtamiq.VIT_NPZ else "timm", path)


def read_start(name: str, path: Path) -> None:
    """Raise ``CheckpointError`` unless a file holds every tensor of the ViT of that name."""
    if name in (afine.CLIP_ARCHIVE.name, afine.CLIP_TIMM.name):
        from acutance.backbones.clip import ClipImageEncoder
        from acutance.models.afine.clip_start import start_clip

        start_clip(ClipImageEncoder(), path)
        return
    from acutance.models.vtamiq.model import VTAMIQ

    start_vtamiq(VTAMIQ(), name, path)
