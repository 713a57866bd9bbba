"""What the trainings of VTAMIQ share: the network over patches, where it starts, what is frozen, what is written."""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from acutance.catalog.starting import start_vtamiq
from acutance.models.vtamiq.model import VTAMIQ
from acutance.models.vtamiq.preprocess import VTAMIQViews
from acutance.models.vtamiq.published import (
    HEAD_WEIGHTS,
    KADIS700K_WEIGHTS,
    PAPER_WEIGHTS,
    SCORE,
    STATE_DICT,
    VIT_NPZ,
    VIT_TIMM,
)
from acutance.models.vtamiq.weights import PRESENT, UNTIL_2022, VTAMIQConfig, names_of
from acutance.tables.atomic import atomic_write
from acutance.training.config import Settings
from acutance.training.earlier import RANDOM, begins_random, published_file, start_from_earlier
from acutance.training.pictures import PictureStore
from acutance.training.task import Inputs, Outputs, ParameterGroup, Task, TrainedModel
from acutance.training.tasks.vtamiq_patches import PatchDraws
from acutance.weights.store import is_own_format

STATES = (HEAD_WEIGHTS.name, PAPER_WEIGHTS.name, KADIS700K_WEIGHTS.name)
"""Names in the catalogue."""
NO_WEIGHTS = ("start", "group_drop", "embedding_dropout", "mlp_dropout", "predictor_dropout")
"""Settings of the network that no weight depends on."""
NEVER_FROZEN = ("_gain", "_adapters.", "embedding.scales")
"""What marks the encoder's parameters that ViT has not: they train from the first epoch on."""
DECODERS = ("quality_decoder.", "diff_net.", "diff_embedding.")
"""What the authors built of convolutions over one place, each state with dimensions of its own."""


class VTAMIQSettings(Settings):
    """What the stages share."""

    model: VTAMIQConfig = VTAMIQConfig()
    """The network; by default the present state of the authors' repository."""
    start: str | None = None
    """Where it starts: a ViT-B/16, by its name ``vit-b16-384.timm`` or ``vit-b16-384.google`` or by the path of its
    ``.safetensors`` or ``.npz``; the folder of an earlier run; or a file of VTAMIQ's weights. ``none`` or null for a
    random start."""
    cache: str | None = None
    """Folder that keeps decoded pictures, so that each is decoded once."""
    draws: PatchDraws = PatchDraws()
    """Which patches are trained on."""
    frozen_epochs: int = Field(default=0, ge=0)
    """Epochs at the start in which the encoder does not train, but for its gains, adapters and scales."""
    validation: VTAMIQViews = VTAMIQViews(protocol="grid", patches=512, repeats=4)
    """Which patches validation sees, the same every time; scores are means over ``repeats`` sets (512 patches, and 4
    sets in the authors' test)."""

    @field_validator("validation")
    @classmethod
    def _as_trained(cls, views: VTAMIQViews) -> VTAMIQViews:
        if views.uv != "published":
            raise ValueError("patches are trained with uv=published, so that validation cannot take another")
        return views


class PatchNetwork(nn.Module):
    """Scores of distorted pictures beside their reference, of patches."""

    def __init__(self, model: VTAMIQ) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Inputs) -> Outputs:
        """``score`` (batch,), or ``first`` and ``second`` where two pictures stand beside the reference.

        Args:
            inputs: ``patches`` (batch, pictures, patches, 3, 16, 16), the reference first; ``places`` (batch, patches,
                2) and, where the network has scales, ``scales`` (batch, patches).
        """
        patches = inputs["patches"]
        batch, pictures = patches.shape[:2]
        told = [_for_each(inputs[name], pictures) if name in inputs else None for name in ("places", "scales")]
        tokens = self.model.encoder(patches.flatten(0, 1), *told).unflatten(0, (batch, pictures))
        reference = tokens[:, :1].expand(-1, pictures - 1, -1)
        with torch.autocast(patches.device.type, enabled=False):  # differences of tokens and scores stay float32
            scores = self.model.compare(tokens[:, 1:].flatten(0, 1).float(), reference.flatten(0, 1).float())
        scores = scores.view(batch, pictures - 1)
        names = ("score",) if pictures == 2 else ("first", "second")
        return dict(zip(names, scores.unbind(1), strict=True))


class VTAMIQTask(Task):
    """A stage of VTAMIQ.

    Args:
        settings: Network, start and patches.
    """

    network: PatchNetwork

    def __init__(self, settings: VTAMIQSettings) -> None:
        self._settings = settings
        self._store = PictureStore(None, Path(settings.cache) if settings.cache else None)
        model = VTAMIQ(settings.model, settings.validation)
        if settings.start is not None and not begins_random(settings.start):
            start(model, settings.start)
        self.network = PatchNetwork(model)
        self._epochs = 0
        self.srcc = math.nan
        """Rank correlation of the last validation."""

    def remarks(self) -> Iterable[str]:
        """Whether all weights are random."""
        if begins_random(self._settings.start):
            yield f"The encoder begins with random weights, as task.start={RANDOM} says"

    def groups(self) -> list[ParameterGroup]:
        """Everything in one group."""
        return [ParameterGroup("all", list(self.network.parameters()))]

    def start_epoch(self, epoch: int) -> None:
        """Freeze the encoder in the first epochs."""
        self._epochs = epoch + 1
        for parameter in _vit_parameters(self.network.model):
            parameter.requires_grad_(epoch >= self._settings.frozen_epochs)

    def trained(self, network: nn.Module) -> TrainedModel:
        """The model; its scores are 0 for the best and about 1 for the worst of the training pictures."""
        model: Any = network.model
        return TrainedModel(
            name=name_of(self._settings.model),
            tensors=model.state_dict(),
            config=model.config(),
            info=SCORE,
            options=model.views.model_dump(mode="json"),
        )

    def publish(self, network: nn.Module, folder: Path) -> Iterable[Path]:
        """``best.pth`` as the authors' training writes it."""
        model: Any = network.model
        tensors = foreign_state(model.state_dict(), self._settings.model)
        with atomic_write(folder / "best.pth") as temporary:
            torch.save({"epoch": self._epochs, "SROCC": self.srcc, STATE_DICT: tensors}, temporary)
        return [folder / "best.pth"]


def name_of(config: VTAMIQConfig) -> str:
    """The name in the catalogue of the state of the repository that a network is of."""
    if config.position_from == "corner":
        return PAPER_WEIGHTS.name
    return KADIS700K_WEIGHTS.name if config.class_has_scale else HEAD_WEIGHTS.name


def start(model: VTAMIQ, given: str) -> None:
    """Load what a training starts from.

    Args:
        model: What to load it over.
        given: As in ``VTAMIQSettings.start``.

    Raises:
        MissingWeightsError: No such file or folder.
        CheckpointError: Another file, or a damaged one.
        ConfigError: Weights of a network with other settings.
    """
    path = Path(given)
    vits = {record.name: record for record in (VIT_NPZ, VIT_TIMM)}
    if given in vits:
        start_vtamiq(model, given, published_file(vits[given], "task.start", [name for name in vits if name != given]))
    elif path.is_file() and path.suffix == ".npz":
        start_vtamiq(model, VIT_NPZ.name, path)
    elif path.is_file() and path.suffix == ".safetensors" and not is_own_format(path):
        start_vtamiq(model, VIT_TIMM.name, path)
    else:
        defaults: Any = VTAMIQConfig().model_dump(mode="json")
        start_from_earlier(
            model, given, names=STATES, name=name_of(model.configuration), free=NO_WEIGHTS, defaults=defaults
        )


def foreign_state(own: dict[str, Tensor], config: VTAMIQConfig) -> dict[str, Tensor]:
    """A state dict with the names and shapes of the authors' code.

    Args:
        own: The model's state dict.
        config: Of the model.
    """
    present = config.gate == "relu"
    names = names_of(config.model_dump(), PRESENT if present else UNTIL_2022)
    foreign = {}
    for theirs, name in names.items():
        tensor = own[str(name)].detach().cpu().clone()
        if theirs.startswith(DECODERS) and tensor.ndim == 2:
            tensor = tensor[..., None] if present else tensor[..., None, None]
        foreign[theirs] = tensor
    return foreign


def _for_each(values: Tensor, pictures: int) -> Tensor:
    """What is the same for all pictures of a sample, for each of them."""
    return torch.repeat_interleave(values, pictures, dim=0)


def _vit_parameters(model: VTAMIQ) -> Iterator[nn.Parameter]:
    for name, parameter in model.encoder.named_parameters():
        if not any(mark in name for mark in NEVER_FROZEN):
            yield parameter
