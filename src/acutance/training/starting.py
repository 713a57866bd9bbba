"""What a training of HyperIQA or MS-HyperIQA starts from."""

from pathlib import Path

from acutance.catalog.runs import run_weights
from acutance.catalog.starting import resnet50_tensors
from acutance.errors import ConfigError, MissingWeightsError
from acutance.layers.imagenet import BLOCKS
from acutance.layers.resnet import CHANNELS, ResNet50
from acutance.models.ahiq.published import RESNET50
from acutance.models.hyperiqa.model import CropMean, HyperIQA, HyperIQAConfig
from acutance.models.hyperiqa.published import RESNET50_TV
from acutance.models.ms_hyperiqa.model import MSHyperIQA, MSHyperIQAConfig
from acutance.training.earlier import published_file, start_from_earlier
from acutance.weights.foreign import read_foreign
from acutance.weights.layout import STATE_DICTS
from acutance.weights.store import is_own_format

FREE = ("resize", "dropout")
"""Settings that no weight depends on."""
TRUNKS = {record.name: record for record in (RESNET50_TV, RESNET50)}
"""ResNet-50 as timm publishes it, by timm's tag."""
FOREIGN_TRUNK = ("res.", "params.base_model.")
"""What names of the trunk begin with in the authors' files of the whole network."""


def start_crop_model(model: HyperIQA | MSHyperIQA, start: str) -> None:
    """Load what is trained further.

    Args:
        model: What to load it over.
        start: A tag of ``TRUNKS``, which is looked for on this machine and downloaded; a file of a ResNet-50 as
            torchvision or timm have it; the folder of an earlier run of the same model; or a file of its weights, ours
            or the authors'.

    Raises:
        MissingWeightsError: No such file, or a trunk that is neither here nor to be had.
        CheckpointError: Another network, or a damaged file.
        ConfigError: Weights of a network with other settings.
    """
    path = run_weights(start)
    if path is None and not Path(start).exists() and start in TRUNKS:
        _demand_resnet50(model, start)  # before a download
        others = [tag for tag in TRUNKS if tag != start]
        start_resnet(model, published_file(TRUNKS[start], "task.start", others))
        return
    if path is None and not Path(start).is_file():
        raise MissingWeightsError(
            f"Expected a ResNet-50 trained on ImageNet, or an earlier run, at {start}, got no such file. Name another "
            f"as task.start, a tag of timm ({', '.join(TRUNKS)}), or none for a random trunk."
        )
    if path is None and not _is_whole(Path(start)):
        start_resnet(model, Path(start))
        return
    name, config = (
        ("hyperiqa", HyperIQAConfig()) if isinstance(model, HyperIQA) else ("ms_hyperiqa", MSHyperIQAConfig())
    )
    defaults = config.model_dump(mode="json")
    start_from_earlier(model, start, names=[name], name=name, free=FREE, defaults=defaults)


def start_resnet(model: CropMean, path: Path) -> None:
    """Load a ResNet-50 that was trained on ImageNet into the trunk; its classifier is left out.

    Args:
        model: With a trunk of that size.
        path: A file of torchvision or timm.

    Raises:
        CheckpointError: Another network, or a damaged file.
        ConfigError: A trunk of another size.
    """
    _demand_resnet50(model, path)
    trunk = model.network.backbone.trunk
    trunk.load_state_dict(resnet50_tensors(path, trunk.state_dict()), strict=False)


def is_resnet50(backbone: ResNet50) -> bool:
    """Whether a trunk has the size of ResNet-50."""
    return backbone.depths == BLOCKS and backbone.channels == tuple(4 * width for width in CHANNELS)


def _demand_resnet50(model: CropMean, start: object) -> None:
    if not is_resnet50(model.network.backbone):
        raise ConfigError(
            f"Expected the trunk of ResNet-50 to start from {start}, got one of another size. Set task.start=none, or "
            "leave task.model.trunk_blocks and task.model.trunk_channels as they are."
        )


def _is_whole(path: Path) -> bool:
    """Whether a file holds all of the network."""
    if is_own_format(path):
        return True
    return any(name.startswith(FOREIGN_TRUNK) for name in read_foreign(path, wrappers=STATE_DICTS))
