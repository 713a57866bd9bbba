"""VTAMIQ in training on rated images: pseudo-MOS first, opinions last (Chubarau, Clark, arXiv 2110.01655)."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field, field_validator, model_validator
from torch import Tensor, nn

from acutance.datasets.kadid import Metric, read_kadis_scores
from acutance.datasets.targets import Version, direction_of, fit_quality_targets
from acutance.errors import ConfigError, InputError
from acutance.models.vtamiq.context import context_sets
from acutance.models.vtamiq.entry import SCORE
from acutance.models.vtamiq.model import VTAMIQ, cut_patches, large_enough, places, pyramid, scales_of
from acutance.models.vtamiq.patches import Positions, grid_sets, sizes_of
from acutance.models.vtamiq.preprocess import VTAMIQViews
from acutance.models.vtamiq.pretrained import start_vtamiq
from acutance.models.vtamiq.weights import (
    HEAD_WEIGHTS,
    KADIS700K_WEIGHTS,
    PAPER_WEIGHTS,
    PRESENT,
    STATE_DICT,
    UNTIL_2022,
    VIT_NPZ,
    VIT_TIMM,
    VTAMIQConfig,
    names_of,
)
from acutance.tables.atomic import atomic_write
from acutance.training.config import Settings, TaskSettings
from acutance.training.data import DataConfig, TrainingTables, training_tables
from acutance.training.images import ImageStore, Pixels, correlations, opinions_of, scores_of
from acutance.training.losses import VTAMIQLossWeights, quality_losses
from acutance.training.start import RANDOM, begins_random, published_file, start_from_earlier
from acutance.training.task import Batch, Inputs, Labels, Outputs, ParameterGroup, Task, TrainedModel, trained_model
from acutance.types import OnProgress
from acutance.weights.store import is_own_format


class PatchDraws(Settings):
    """Which patches of an image are trained on, drawn anew each time."""

    protocol: Literal["grid", "context-aware"] = "grid"
    """A perturbed grid, as in the authors' present code; or places where images differ, the centre and everywhere
    (arXiv 2110.01655)."""
    patches: int = Field(default=384, ge=1)
    """Patches of an image (the authors' setting for training)."""
    horizontal_flip: float = Field(default=0.5, ge=0, le=1)
    """Probability of turning left and right round."""
    vertical_flip: float = Field(default=0.5, ge=0, le=1)
    """Probability of turning top and bottom round (since May 2022)."""
    centre: float = Field(default=0.25, ge=0)
    """Weight of the centre in ``context-aware``."""
    difference: float = Field(default=1.0, ge=0)
    """Weight of the difference of the images."""
    uniform: float = Field(default=0.1, ge=0)
    """Weight of everywhere alike."""
    difference_map: Literal["colour", "ssim"] = "colour"
    """How the difference is measured at each pixel: distance of colours, or 1 - SSIM."""
    sampler: Literal["stratified", "independent"] = "stratified"
    """Patches spread over cells (2022 on), or drawn each on its own (2021)."""
    points: Literal["halton", "perturbed"] = "halton"
    """How ``stratified`` spreads patches within a cell."""

    @model_validator(mode="after")
    def _possible(self) -> "PatchDraws":
        if self.protocol == "context-aware" and not self.centre + self.difference + self.uniform > 0:
            raise ValueError("no patch could be drawn: set one of centre, difference and uniform above 0")
        return self

    def views(self, seed: int) -> VTAMIQViews:
        """One set of patches."""
        own = self.model_dump(exclude={"horizontal_flip", "vertical_flip"})
        return VTAMIQViews(**own, repeats=1, seed=seed)


def patch_sample(
    images: Sequence[Pixels], draws: PatchDraws, config: VTAMIQConfig, generator: np.random.Generator
) -> dict[str, Tensor]:
    """The patches of some images, all at the same places, and all flipped alike before they are chosen.

    Args:
        images: The reference, then the images distorted from it; of one size.
        generator: Draws the flips, then a seed of the places.

    Returns:
        ``patches`` (images, patches, 3, 16, 16), normalised; ``places`` (patches, 2); ``scales`` (patches,) where
        the network has scales.

    Raises:
        InputError: Images of different sizes.
    """
    batch = large_enough(_flipped(images, draws, generator))
    views = draws.views(int(generator.integers(2**32)))
    sizes = sizes_of(batch.shape[2], batch.shape[3], config)
    positions = _positions(batch, views, sizes)
    sample = {
        "patches": cut_patches(pyramid(batch, len(sizes), config), positions),
        "places": places(positions, config, views, sizes),
    }
    return sample | ({"scales": scales_of(positions)} if config.scales else {})


def patch_inputs(samples: Sequence[Mapping[str, Any]]) -> Inputs:
    """The patches of a batch, each tensor (batch, ...)."""
    names = [name for name in ("patches", "places", "scales") if name in samples[0]]
    return {name: torch.stack([sample[name] for sample in samples]) for name in names}


def _flipped(images: Sequence[Pixels], draws: PatchDraws, generator: np.random.Generator) -> Tensor:
    """The images in [0, 1], shape (images, 3, H, W)."""
    sizes = sorted({image.shape[:2] for image in images})
    if len(sizes) > 1:
        raise InputError(
            f"Expected an image of the size of its reference, got {sizes[0]} and {sizes[1]}. Leave it out."
        )
    across, down = generator.random() < draws.horizontal_flip, generator.random() < draws.vertical_flip
    turn = (slice(None, None, -1 if down else 1), slice(None, None, -1 if across else 1))
    levels = torch.from_numpy(np.stack([image[turn] for image in images]))
    return levels.permute(0, 3, 1, 2).float() / 255


def _positions(images: Tensor, views: VTAMIQViews, sizes: list[tuple[int, int]]) -> Positions:
    if views.protocol == "grid":
        return grid_sets(sizes, patches=views.patches, repeats=1, seed=views.seed)[0]
    reference, distorted = images[0], images[1:]
    if views.difference_map == "colour":  # the length of what two distorted images differ by on average
        distorted = reference - (distorted - reference).abs().mean(0, keepdim=True)
    return context_sets(reference, distorted, len(sizes), views)[0]


STATES = (HEAD_WEIGHTS.name, PAPER_WEIGHTS.name, KADIS700K_WEIGHTS.name)
"""Names in the catalogue."""
NO_WEIGHTS = ("start", "group_drop", "embedding_dropout", "mlp_dropout", "predictor_dropout")
"""Settings of the network that no weight depends on."""
NEVER_FROZEN = ("_gain", "_adapters.", "embedding.scales")
"""What marks the encoder's parameters that ViT has not: they train from the first epoch on."""
DECODERS = ("quality_decoder.", "diff_net.", "diff_embedding.")
"""What the authors built of convolutions over one place, each state with dimensions of its own."""


class VTAMIQSettings(TaskSettings):
    """What the stages share."""

    model: VTAMIQConfig = VTAMIQConfig()
    """The network; by default the present state of the authors' repository."""
    start: str | None = None
    """Where it starts: a ViT-B/16, by its name ``vit-b16-384-timm`` or ``vit-b16-384-google`` or by the path of its
    ``.safetensors`` or ``.npz``; the folder of an earlier run; or a file of VTAMIQ's weights. ``none`` or null for a
    random start."""
    cache: str | None = None
    """Folder that keeps decoded images, so that each is decoded once."""
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
    """Scores of distorted images beside their reference, of patches."""

    def __init__(self, model: VTAMIQ) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Inputs) -> Outputs:
        """``score`` (batch,), or ``first`` and ``second`` where two images stand beside the reference.

        Args:
            inputs: ``patches`` (batch, images, patches, 3, 16, 16), the reference first; ``places`` (batch, patches,
                2) and, where the network has scales, ``scales`` (batch, patches).
        """
        patches = inputs["patches"]
        batch, images = patches.shape[:2]
        told = [_for_each(inputs[name], images) if name in inputs else None for name in ("places", "scales")]
        tokens = self.model.encoder(patches.flatten(0, 1), *told).unflatten(0, (batch, images))
        reference = tokens[:, :1].expand(-1, images - 1, -1)
        with torch.autocast(patches.device.type, enabled=False):  # differences of tokens and scores stay float32
            scores = self.model.compare(tokens[:, 1:].flatten(0, 1).float(), reference.flatten(0, 1).float())
        scores = scores.view(batch, images - 1)
        names = ("score",) if images == 2 else ("first", "second")
        return dict(zip(names, scores.unbind(1), strict=True))


class VTAMIQTask(Task):
    """A stage of VTAMIQ."""

    network: PatchNetwork

    def __init__(self, settings: VTAMIQSettings) -> None:
        self._settings = settings
        self._store = ImageStore(None, Path(settings.cache) if settings.cache else None)
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
        """The model; its scores are 0 for the best and about 1 for the worst of the training images."""
        return trained_model(network, name_of(self._settings.model), SCORE)

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
    """A state dict with the names and shapes of the authors' code."""
    present = config.gate == "relu"
    names = names_of(config, PRESENT if present else UNTIL_2022)
    foreign = {}
    for theirs, name in names.items():
        tensor = own[str(name)].detach().cpu().clone()
        if theirs.startswith(DECODERS) and tensor.ndim == 2:
            tensor = tensor[..., None] if present else tensor[..., None, None]
        foreign[theirs] = tensor
    return foreign


def _for_each(values: Tensor, images: int) -> Tensor:
    """What is the same for all images of a sample, for each of them."""
    return torch.repeat_interleave(values, images, dim=0)


def _vit_parameters(model: VTAMIQ) -> Iterator[nn.Parameter]:
    for name, parameter in model.encoder.named_parameters():
        if not any(mark in name for mark in NEVER_FROZEN):
            yield parameter


class VTAMIQTraining(VTAMIQSettings):
    """VTAMIQ on rated images."""

    kind: Literal["vtamiq"] = "vtamiq"
    data: DataConfig = DataConfig(protocol="vtamiq")
    """Rated images with references."""
    kadis_scores: str | None = None
    """The file of metric scores published beside KADIS-700k, which has no opinions; a folder of ``acutance data
    synthesize`` needs none, its ``table.csv`` is the dataset."""
    kadis_metric: Metric = "vsi"
    """Which of its metrics is the label (VSI is the first version of the authors' loader)."""
    linearise: bool = True
    """Fit the curve that makes targets close to uniform, on the training images alone."""
    targets: Version = "2024"
    """Which state of the authors' code targets are made by."""
    weights: VTAMIQLossWeights = VTAMIQLossWeights()
    """Weights of the losses."""

    def build(self, folder: Path) -> Task:
        """The task."""
        return VTAMIQRatings(self)


class VTAMIQRatings(VTAMIQTask):
    """VTAMIQ on rated images: targets are 0 for the best and 1 for the worst of the training images."""

    select_by = "srcc"
    select = "highest"

    def __init__(self, config: VTAMIQTraining) -> None:
        tables = _tables(config)
        tables.require_pairs()
        self._train, self._validation = tables.train, tables.validation
        self._better = direction_of(self._train)
        self._weights = config.weights
        self._curve = fit_quality_targets(
            opinions_of(self._train), better=self._better, linearise=config.linearise, version=config.targets
        )
        self._targets = self._curve(opinions_of(self._train))
        super().__init__(config)

    def __len__(self) -> int:
        return len(self._train)

    def sample(self, index: int, generator: np.random.Generator) -> Mapping[str, Any]:
        """The patches of an image and of its reference, and its target."""
        row = self._train.rows[index]
        images = [self._store.read(self._train.path(str(name))) for name in (row.reference, row.image)]
        patches = patch_sample(images, self._settings.draws, self._settings.model, generator)
        return {**patches, "score": self._targets[index]}

    def collate(self, samples: Sequence[Mapping[str, Any]]) -> Batch:
        """Patches (batch, 2, patches, 3, 16, 16), the reference first, and targets (batch,)."""
        targets = torch.tensor([float(sample["score"]) for sample in samples])
        return Batch(patch_inputs(samples), {"score": targets})

    def losses(self, outputs: Outputs, labels: Labels) -> dict[str, Tensor]:
        """Absolute error, order and correlation, and their weighted mean."""
        return quality_losses(outputs["score"].float(), labels["score"], self._weights)

    def validate(self, network: nn.Module, on_progress: OnProgress | None = None) -> dict[str, float]:
        """SRCC and PLCC with the raw opinions, positive where model and people agree; and the error of targets."""
        model: Any = network.model
        scores = scores_of(self._validation, model, self._store.read, on_progress)
        found = correlations(scores if self._better == "lower" else -scores, self._validation)
        self.srcc = found["srcc"]
        if len(scores):
            found["mae"] = float(np.abs(scores - self._curve(opinions_of(self._validation))).mean())
        return found


def _tables(config: VTAMIQTraining) -> TrainingTables:
    if config.data.dataset != "kadis700k":
        return training_tables(config.data)
    if config.kadis_scores is None:
        raise ConfigError(
            "Expected the file of scores of KADIS-700k, which has no opinions, got none. Name it: --set "
            "task.kadis_scores=FILE, or train on a folder of acutance data synthesize: --set "
            "task.data.dataset=FOLDER/table.csv"
        )
    return training_tables(
        config.data, read_kadis_scores(config.data.root or ".", config.kadis_scores, config.kadis_metric)
    )
