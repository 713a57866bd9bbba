"""Trunks that a training starts from."""

from pathlib import Path

from acutance.backbones.resnet import ResNet50
from acutance.backbones.resnet_names import COUNTER, resnet50_names
from acutance.checkpoints.foreign import read_foreign
from acutance.checkpoints.key_table import KeyTable
from acutance.errors import MissingWeightsError


def start_resnet(backbone: ResNet50, path: Path) -> None:
    """Load a ResNet-50 that was trained on ImageNet; its classifier is left out.

    Args:
        backbone: What to load it over.
        path: A file of torchvision or timm.

    Raises:
        MissingWeightsError: No such file.
        CheckpointError: Another network, or a damaged file.
    """
    if not path.is_file():
        raise MissingWeightsError(
            f"Expected a ResNet-50 trained on ImageNet at {path}, got no such file. Get it from timm or torchvision, "
            "or leave task.start out."
        )
    names: dict[str, str | None] = {name: None if name.endswith(COUNTER) else name for name in resnet50_names()}
    keys = KeyTable({**names, "fc.weight": None, "fc.bias": None})
    state = backbone.trunk.state_dict()
    own = keys.apply(read_foreign(path), {name: state[name] for name in keys.own_names})
    backbone.trunk.load_state_dict(own, strict=False)
