"""One golden of each learned model in well under two seconds; the whole networks, which take minutes, are slow.

A-FINE, AHIQ and VTAMIQ are built with their first layers alone, and give the numbers that the authors' code has there.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from acutance.layers.clip import ClipImageEncoder
from acutance.layers.resnet import ResNet50
from acutance.layers.vit import VisionTransformer
from acutance.models.afine.weights import AFINE_KEYS
from acutance.models.hyperiqa.model import CropMean, HyperIQA
from acutance.models.hyperiqa.weights import OFFICIAL
from acutance.models.ms_hyperiqa.model import MSHyperIQA
from acutance.models.ms_hyperiqa.weights import REFERENCE
from acutance.models.vtamiq import weights
from acutance.models.vtamiq.network import Encoder
from acutance.models.vtamiq.weights import PRESENT, VTAMIQConfig, names_of
from acutance.weights.key_table import COUNTER, KeyTable
from tests.fakes import afine_checkpoint, ahiq_checkpoint, hyperiqa_checkpoint, vtamiq_checkpoint
from tests.golden import recipe
from tests.golden.conftest import picture
from tests.golden.hyper_networks import cropped, score_of
from tests.golden.test_vtamiq import golden_inputs


def test_afine_has_the_authors_tokens_after_its_first_block(arrays: dict[str, Any]) -> None:
    encoder = ClipImageEncoder(depth=1)
    own = {name: foreign for foreign, name in AFINE_KEYS.names.items() if name is not None}
    fill(encoder, lambda name, shape: afine_checkpoint.published_tensor(own[f"encoder.{name}"]).reshape(shape))
    with torch.no_grad():
        tokens = next(iter(encoder.blocks(picture("astronaut_ref.png")[:, :, 16:240, 16:240])))[0]
    count = len(tokens)
    expected = torch.from_numpy(arrays["astronaut_ref_centre_224x224.tokens_first_mid_last_ch0_31"][0])
    torch.testing.assert_close(tokens[[0, count // 2, count - 1], :32], expected, rtol=1e-4, atol=1e-4)


def test_ahiq_has_the_authors_features_after_the_first_block_of_each_trunk() -> None:
    place = ahiq_checkpoint.golden()["features"]["coffee_ref"]
    crop = picture("coffee_ref.png")[:, :, place["top"] : place["top"] + 224, place["left"] : place["left"] + 224]
    vit, resnet = VisionTransformer(1), ResNet50(1)
    for backbone in (vit.trunk, resnet.trunk):
        fill(backbone, lambda name, shape: torch.from_numpy(recipe.tensor(name, shape)))
        backbone.eval()
    with torch.no_grad():
        tokens = next(iter(vit.blocks(2 * crop - 1)))[0]  # (places, width), a row of the crop after the other
        maps = next(iter(resnet.bottlenecks(2 * crop - 1)))[0]  # (channels, rows, columns)
    assert tokens[0, :4].tolist() == pytest.approx(place["vit_block0_token_row0_col0_first_4"], abs=1e-5)
    assert described(tokens) == pytest.approx(place["vit_blocks_0_to_4"][0], abs=1e-5, rel=1e-6)
    assert maps[:4, 0, 0].tolist() == pytest.approx(place["layer1_bottleneck0_row0_col0_first_4"], abs=1e-5)
    assert described(maps) == pytest.approx(place["layer1_bottlenecks_0_to_2"][0], abs=1e-5, rel=1e-6)


def test_vtamiq_has_the_authors_class_token_after_its_first_layer() -> None:
    config = VTAMIQConfig.model_validate({**weights.HEAD, "layers": 1, "groups": 1, "blocks": 1})
    encoder = Encoder(config)
    names = names_of(config, PRESENT)
    own = {name: foreign for foreign, name in names.items() if name is not None}
    fill(encoder, lambda name, shape: torch.from_numpy(vtamiq_checkpoint.drawn(own[f"encoder.{name}"], shape)))
    golden = vtamiq_checkpoint.golden_cases()["configs"]["head_default"]
    with torch.no_grad():
        tokens = encoder.layers[0](encoder.embedding(*golden_inputs(config, "s1", "astronaut", "ref")))
    assert tokens[0, 0, :4].tolist() == pytest.approx(golden["astronaut_ref_cls_first4_after_each_layer"][0], abs=2e-5)


@pytest.mark.parametrize(
    ("name", "build", "keys", "tolerance"),
    [("hyperiqa", HyperIQA, OFFICIAL.keys, 1e-4), ("ms_hyperiqa", MSHyperIQA, REFERENCE.keys, 5e-4)],
    ids=["hyperiqa", "ms_hyperiqa"],
)
def test_the_hyper_networks_give_the_authors_score_of_a_crop(
    name: hyperiqa_checkpoint.Model, build: Callable[[], CropMean], keys: KeyTable, tolerance: float
) -> None:
    model = build().eval().requires_grad_(requires_grad=False)
    tensors = hyperiqa_checkpoint.official_tensors(name, "plain")
    counted = {key: tensor for key, tensor in model.state_dict().items() if not key.endswith(COUNTER)}
    model.load_state_dict(keys.apply(tensors, counted), strict=False)  # no score depends on counters of batches
    case = hyperiqa_checkpoint.golden(name)["weight_sets"]["plain"]["cases"][0]
    assert score_of(model, cropped(case)) == pytest.approx(case["score"], abs=tolerance)


def fill(module: nn.Module, draw: Any) -> None:
    """Give each tensor of a module the numbers that ``draw`` has for its name."""
    module.load_state_dict({name: draw(name, tuple(tensor.shape)) for name, tensor in module.state_dict().items()})


def described(values: Tensor) -> dict[str, float]:
    """Mean and deviation, as the golden file of AHIQ has them."""
    return {"mean": float(values.double().mean()), "std": float(values.double().std(correction=0))}
