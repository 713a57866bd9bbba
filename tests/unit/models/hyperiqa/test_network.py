"""The parts of HyperIQA's network: distortion features, generated layers, initial weights."""

import pytest
import torch
from torch import nn

from acutance.models.hyperiqa.model import (
    HyperIQA,
    LastStageContent,
    StageDistortion,
    TargetGenerator,
    TargetLayer,
    target_network,
)


def test_has_as_many_parameters_as_the_authors_network() -> None:
    with torch.device("meta"):
        model = HyperIQA()
    assert sum(parameter.numel() for parameter in model.parameters()) == 27_375_369


def test_averaging_first_gives_the_same_as_reducing_first() -> None:
    torch.manual_seed(0)
    stage = StageDistortion(24, 6, 4, 5)
    features = torch.randn(3, 24, 14, 14)
    assert stage.reduce is not None
    reduced = nn.functional.avg_pool2d(stage.reduce(features), 7).flatten(1)
    torch.testing.assert_close(stage(features), stage.project(reduced), rtol=1e-4, atol=1e-5)


def test_the_last_stage_is_not_reduced() -> None:
    stage = StageDistortion(8, None, 1, 5)
    features = torch.randn(2, 8, 7, 7)
    torch.testing.assert_close(stage(features), stage.project(features.mean((2, 3))))


def test_generates_33545_numbers_for_each_crop() -> None:
    layers = TargetGenerator()(torch.rand(2, 112, 7, 7))
    assert [tuple(layer.weight.shape[1:]) for layer in layers] == [(112, 224), (56, 112), (28, 56), (14, 28), (1, 14)]
    assert sum(layer.weight[0].numel() + layer.bias[0].numel() for layer in layers) == 33_545


def test_generated_weights_are_read_row_by_row() -> None:
    generator, content = TargetGenerator(), torch.rand(1, 112, 7, 7)
    weight = generator(content)[0].weight[0]
    flat = generator.weights[0](content).flatten()
    assert torch.allclose(weight[3, 5], flat[3 * 224 + 5], atol=1e-6)


def test_each_crop_is_scored_by_its_own_layers() -> None:
    vectors = torch.ones(2, 3)
    layers = [TargetLayer(torch.tensor([[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]]), torch.tensor([[0.5], [0.25]]))]
    assert target_network(vectors, layers).tolist() == [6.5, 15.25]


def test_dropout_drops_and_doubles_in_training_only() -> None:
    vectors = torch.zeros(1, 2)
    first = TargetLayer(torch.zeros(1, 1000, 2), torch.zeros(1, 1000))  # gives 1000 times one half
    last = TargetLayer(torch.ones(1, 1, 1000), torch.zeros(1, 1))
    assert target_network(vectors, [first, last], dropout=0.5).tolist() == [500.0]
    torch.manual_seed(0)
    sums = [target_network(vectors, [first, last], dropout=0.5, training=True).item() for _ in range(20)]
    assert all(total == int(total) for total in sums)  # whole numbers of ones
    assert sum(sums) / 20 == pytest.approx(500, abs=20)
    assert len(set(sums)) > 5


def test_new_layers_are_drawn_as_in_the_authors_code() -> None:
    torch.manual_seed(0)
    generator = TargetGenerator()
    for layer, inputs in ((generator.weights[0], 9 * 112), (generator.weights[1], 9 * 112), (generator.biases[0], 112)):
        assert layer.weight.std().item() == pytest.approx((2 / inputs) ** 0.5, rel=0.05)
        assert layer.bias.abs().max().item() <= inputs**-0.5
    stage = StageDistortion(256, 16, 64, 16)
    assert stage.reduce is not None
    assert stage.reduce.weight.std().item() == pytest.approx((2 / 256) ** 0.5, rel=0.05)
    assert stage.project.weight.std().item() == pytest.approx((2 / 1024) ** 0.5, rel=0.05)
    reduction = LastStageContent(2048).reductions[0]
    assert reduction.weight.abs().max().item() <= 2048**-0.5
    assert reduction.weight.std().item() == pytest.approx((3 * 2048) ** -0.5, rel=0.05)
