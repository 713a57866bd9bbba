"""What a training of HyperIQA or MS-HyperIQA starts from."""

from pathlib import Path

from acutance.backbones.resnet import CHANNELS, ResNet50
from acutance.backbones.resnet_names import BLOCKS, COUNTER, resnet50_names
from acutance.catalog.runs import run_weights
from acutance.checkpoints.foreign import read_foreign
from acutance.checkpoints.key_table import KeyTable
from acutance.checkpoints.store import is_own_format
from acutance.errors import ConfigError, MissingWeightsError
from acutance.models.hyperiqa.crop_mean import CropMean
from acutance.models.hyperiqa.model import HyperIQA, HyperIQAConfig
from acutance.models.ms_hyperiqa.model import MSHyperIQA, MSHyperIQAConfig
from acutance.training.earlier import start_from_earlier

FREE = ("resize", "dropout")
"""Settings that no weight depends on."""
CLASSIFIER = ("fc.weight", "fc.bias")
"""What a trunk's file holds besides."""
FOREIGN_TRUNK = ("res.", "params.base_model.")
"""What names of the trunk begin with in the authors' files of the whole network."""


def start_crop_model(model: HyperIQA | MSHyperIQA, start: str) -> None:
    """Load what is trained further.

    Args:
        model: What to load it over.
        start: A file of a ResNet-50 as torchvision or timm have it, the folder of an earlier run of the same model, or
            a file of its weights, ours or the authors'.

    Raises:
        MissingWeightsError: No such file.
        CheckpointError: Another network, or a damaged file.
        ConfigError: Weights of a network with other settings.
    """
    path = run_weights(start)
    if path is None and not Path(start).is_file():
        raise MissingWeightsError(
            f"Expected a ResNet-50 trained on ImageNet, or an earlier run, at {start}, got no such file. Get one from "
            "timm or torchvision, or leave task.start out."
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
    backbone = model.network.backbone
    if not is_resnet50(backbone):
        raise ConfigError(
            f"Expected the trunk of ResNet-50 to start from {path}, got one of another size. Leave task.start out, or "
            "task.model.trunk_blocks and task.model.trunk_channels as they are."
        )
    names: dict[str, str | None] = {name: None if name.endswith(COUNTER) else name for name in resnet50_names()}
    foreign, state = read_foreign(path), backbone.trunk.state_dict()
    keys = KeyTable({**names, **{name: None for name in CLASSIFIER if name in foreign}})
    own = keys.apply(foreign, {name: state[name] for name in keys.own_names}, path)
    backbone.trunk.load_state_dict(own, strict=False)


def is_resnet50(backbone: ResNet50) -> bool:
    """Whether a trunk has the size of ResNet-50."""
    return backbone.depths == BLOCKS and backbone.channels == tuple(4 * width for width in CHANNELS)


def _is_whole(path: Path) -> bool:
    """Whether a file holds all of the network."""
    return is_own_format(path) or any(name.startswith(FOREIGN_TRUNK) for name in read_foreign(path))
