"""What the golden tests of HyperIQA and MS-HyperIQA share: the crops, the network's inner values, wrong readings."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from acutance.layers.imagenet import IMAGENET_MEAN, IMAGENET_STD
from acutance.layers.images import resize_like_pillow
from acutance.models.hyperiqa.model import CropMean, TargetLayer, activations, target_network
from tests.golden import recipe
from tests.golden.conftest import picture

INNER = 3e-5
"""How far values inside the network may be off; the largest seen is 1e-5."""


def cropped(case: Mapping[str, Any], dtype: torch.dtype = torch.float32) -> Tensor:
    """The crop of a golden case."""
    return window(picture(f"{case['image']}.png", dtype), case)


def resized_and_cropped(case: Mapping[str, Any], dtype: torch.dtype = torch.float32) -> Tensor:
    """The crop of a golden case whose image was resized to height 512 and width 384."""
    return window(resize_like_pillow(picture(f"{case['image']}.png", dtype), 512, 384), case)


def window(images: Tensor, case: Mapping[str, Any]) -> Tensor:
    top, left = case["top"], case["left"]
    return images[:, :, top : top + 224, left : left + 224]


def score_of(model: CropMean, crop: Tensor) -> float:
    with torch.no_grad():
        return float(model.score_crops(crop))


def stage_outputs(model: CropMean, crop: Tensor) -> list[Tensor]:
    network = model.network
    with torch.no_grad():
        return list(network.backbone.stages((crop - network.mean) / network.std))


def check_moments(values: Tensor, expected: Mapping[str, float]) -> None:
    assert float(values.mean()) == pytest.approx(expected["mean"], abs=INNER)
    assert float(values.std(correction=0)) == pytest.approx(expected["std"], abs=INNER)


def check_features(model: CropMean, case: Mapping[str, Any]) -> None:
    """Stages, what each says of distortions, and the content map."""
    stages, expected = stage_outputs(model, cropped(case)), case["features"]
    for index, stage in enumerate(stages):
        check_moments(stage, expected[f"layer{index + 1}"])
        with torch.no_grad():
            check_moments(model.network.distortions[index](stage), expected[f"lda{index + 1}"])
    with torch.no_grad():
        _, content = model.network.describe(cropped(case))
    check_moments(content, expected["hyper_in_feat"])


def check_distortion_vector(model: CropMean, case: Mapping[str, Any]) -> None:
    """The 224 numbers, in their order."""
    with torch.no_grad():
        vector = model.network.describe(cropped(case))[0][0]
    expected = case["lda_vector"]
    check_moments(vector, expected)
    for part, values in (
        ("first_8", vector[:8]),
        ("at_16_32_48", vector[[16, 32, 48]]),
        ("last_2", vector[-2:]),
    ):
        assert values.tolist() == pytest.approx(expected[part], abs=INNER), part


def check_generated_layers(model: CropMean, case: Mapping[str, Any]) -> None:
    """Weights and biases of the target network, in their order, and what its layers give."""
    vectors, layers = described(model, cropped(case))
    for index, layer in enumerate(layers, start=1):
        expected = case["generated"][f"fc{index}_weight"]
        weight, bias = layer.weight[0], layer.bias[0]
        assert list(weight.shape) == expected["shape"]
        check_moments(weight, expected)
        assert weight[0, :4].tolist() == pytest.approx(expected["row0_first_4"], abs=INNER)
        assert float(weight[-1, -1]) == pytest.approx(expected["last"], abs=INNER)
        if "row1_first_4" in expected:
            assert weight[1, :4].tolist() == pytest.approx(expected["row1_first_4"], abs=INNER)
        check_moments(bias, case["generated"][f"fc{index}_bias"])
        assert bias[:4].tolist() == pytest.approx(case["generated"][f"fc{index}_bias"]["first_4"], abs=INNER)
    for index, values in enumerate(list(activations(vectors, layers))[:3], start=1):
        check_moments(values, case["target_activations"][f"after_sigmoid_{index}"])


def described(model: CropMean, crop: Tensor) -> tuple[Tensor, list[TargetLayer]]:
    with torch.no_grad():
        vectors, content = model.network.describe(crop)
        return vectors, model.network.generator(content)


def wrong_scores(model: CropMean, crop: Tensor) -> dict[str, float]:
    """Scores with one mistake each, by the names they have in the golden file, and the right one."""
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    vectors, layers = described(model, crop)
    misread: dict[str, Callable[[Tensor, int, int], Tensor]] = {
        "weights_read_as_in_by_out": lambda flat, outs, ins: flat.view(1, ins, outs).transpose(1, 2),
        "weights_flattened_channels_last": lambda flat, outs, ins: (
            flat.view(1, -1, 49).transpose(1, 2).reshape(1, outs, ins)
        ),
    }
    learning = copy.deepcopy(model)
    learning.network.backbone.train()
    scores = {
        "correct": score_of(model, crop),
        "channels_bgr": score_of(model, crop.flip(1)),
        "no_mean_std": score_of(model, crop * std + mean),
        "mean_std_0.5": score_of(model, (crop - 0.5) / 0.5 * std + mean),
        "batch_norm_in_train_mode_single_image": score_of(learning, crop),
        "lda_order_4_1_2_3": float(target_network(vectors.roll(176, 1), layers)),
    }
    for name, read in misread.items():
        wrong = [
            TargetLayer(read(layer.weight.flatten(1), *layer.weight.shape[1:]), layer.bias) if index < 4 else layer
            for index, layer in enumerate(layers)
        ]
        scores[name] = float(target_network(vectors, wrong))
    return scores


def check_target_network(golden: Mapping[str, Any]) -> None:
    """The five layers alone, for a batch of two and for each by itself."""
    alone = golden["target_network_alone"]
    vectors, layers = target_inputs(alone)
    assert target_network(vectors, layers).tolist() == pytest.approx(alone["scores"], abs=2e-6)
    for index, score in enumerate(alone["scores"]):
        own = [TargetLayer(weight[index : index + 1], bias[index : index + 1]) for weight, bias in layers]
        assert target_network(vectors[index : index + 1], own).tolist() == pytest.approx([score], abs=2e-6)
    for layer, values in enumerate(list(activations(vectors, layers))[:3], start=1):
        for sample, expected in zip(values, alone[f"after_sigmoid_{layer}"], strict=True):
            check_moments(sample, expected)


def target_inputs(alone: Mapping[str, Any]) -> tuple[Tensor, list[TargetLayer]]:
    drawn = {
        entry["name"]: torch.stack(
            [
                torch.from_numpy(recipe.tensor(f"unit.{sample}.{entry['name']}", tuple(entry["shape"])) * entry["gain"])
                for sample in (0, 1)
            ]
        ).float()
        for entry in alone["tensors"]
    }
    layers = [TargetLayer(drawn[f"target_fc{index}w"], drawn[f"target_fc{index}b"]) for index in range(1, 6)]
    return drawn["target_in_vec"].flatten(1), layers
