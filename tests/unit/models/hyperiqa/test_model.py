"""HyperIQA as a model: crops at once, sizes, scale, training, configuration."""

import json

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from acutance.errors import InputError
from acutance.models.hyperiqa import model as hyperiqa
from acutance.models.hyperiqa.model import HyperIQA
from acutance.models.hyperiqa.preprocess import HyperIQAViews
from acutance.models.hyperiqa.weights import HyperIQAConfig
from tests.fakes.tiny_hyperiqa import TINY, tiny_hyperiqa
from tests.raising import raises


def pictures(height: int, width: int, count: int = 2) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(3))


def test_a_score_is_the_mean_over_the_crops() -> None:
    model, images = tiny_hyperiqa(), pictures(224, 300)
    with torch.no_grad():
        crops = [model.score_crops(images[:, :, :, left : left + 224]) for left in (0, 76)]
        torch.testing.assert_close(model(images), (crops[0] + crops[1]) / 2)


@pytest.mark.parametrize("at_once", [1, 3])
def test_how_many_crops_are_computed_at_once_does_not_matter(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    model, images = tiny_hyperiqa(), pictures(224, 300)
    with torch.no_grad():
        before = model(images)
        monkeypatch.setattr(hyperiqa, "CROPS_AT_ONCE", at_once)
        torch.testing.assert_close(model(images), before)


def test_never_computes_more_crops_at_once_than_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    model, sizes = tiny_hyperiqa(HyperIQAViews(protocol="random", crops=13)), []
    score_crops = model.score_crops

    def watched(crops: Tensor) -> Tensor:
        sizes.append(len(crops))
        return score_crops(crops)

    monkeypatch.setattr(model, "score_crops", watched)
    with torch.no_grad():
        model(pictures(224, 224))
    assert sum(sizes) == 26
    assert max(sizes) <= hyperiqa.CROPS_AT_ONCE


def test_scores_are_those_of_the_network_times_the_scale() -> None:
    images = pictures(224, 224)
    with torch.no_grad():
        torch.testing.assert_close(tiny_hyperiqa(score_scale=100.0)(images), 100 * tiny_hyperiqa()(images))


@pytest.mark.parametrize("shape", [(1, 1), (3, 8), (223, 225)])
@pytest.mark.parametrize("protocol", ["cover", "random", "pyiqa"])
def test_scores_pictures_of_any_size(shape: tuple[int, int], protocol: str) -> None:
    model = tiny_hyperiqa(HyperIQAViews.model_validate({"protocol": protocol, "crops": 2}))
    with torch.no_grad():
        scores = model(pictures(*shape, count=1))
    assert scores.shape == (1,)
    assert bool(torch.isfinite(scores).all())


@pytest.mark.usefixtures("as_users_run_it")
@pytest.mark.parametrize("shape", [(1, 3, 225, 224), (1, 3, 256, 256), (3, 224, 224), (1, 1, 224, 224)])
def test_refuses_crops_of_another_size(shape: tuple[int, ...]) -> None:
    with raises(InputError, "(crops, 3, 224, 224)"):
        tiny_hyperiqa().score_crops(torch.rand(shape))


def test_one_crop_trains_everything() -> None:
    model = tiny_hyperiqa().train()
    model.score_crops(pictures(224, 224, count=1)).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert bool(torch.isfinite(parameter.grad).all()), name


def test_training_learns_the_statistics_of_the_batch() -> None:
    model = tiny_hyperiqa().train()
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    model(pictures(224, 224))
    assert all(norm.num_batches_tracked is not None and int(norm.num_batches_tracked) == 1 for norm in norms)


def test_a_training_step_brings_the_score_nearer() -> None:
    model, images = tiny_hyperiqa().train(), pictures(224, 224)
    optimiser = torch.optim.SGD(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(2):
        loss = (model(images) - 1).abs().mean()
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert losses[-1] < losses[0]


def test_what_was_trained_is_what_scores() -> None:
    model, images = tiny_hyperiqa(), pictures(224, 224)
    with torch.no_grad():
        before = model(images)
        model.network.backbone.trunk.layer1[0].conv1.weight.mul_(1.5)
        after = model(images)
    exact = model(images.requires_grad_()).detach()
    assert not torch.allclose(before, after)
    torch.testing.assert_close(after, exact, rtol=1e-4, atol=1e-5)


def test_bfloat16_moves_the_score_a_little_on_a_processor_that_has_it_and_not_at_all_on_others() -> None:
    model, images = tiny_hyperiqa(trunk_blocks=(2, 2, 1, 1)), pictures(224, 224)
    with torch.no_grad():
        exact = model(images)
        assert model.use_bfloat16_products()
        rounded = model(images)
    assert rounded.dtype == torch.float32
    moved = (rounded - exact).abs().max().item()
    assert 0 < moved < 0.01 if model.computes_in("bfloat16", "cpu") == "bfloat16" else moved == 0


def test_a_configuration_survives_json() -> None:
    model = tiny_hyperiqa(resize=(300, 400), score_scale=2.0)
    again = HyperIQAConfig.model_validate(json.loads(json.dumps(model.config())))
    twin = HyperIQA(again).eval()
    twin.load_state_dict(model.state_dict())
    assert twin.config() == model.config()
    assert torch.equal(twin(pictures(50, 60)), model(pictures(50, 60)))


def test_the_default_configuration_is_the_published_one() -> None:
    assert HyperIQAConfig().model_dump() == {
        "resize": (512, 384),
        "score_scale": 1.0,
        "trunk_blocks": (3, 4, 6, 3),
        "trunk_channels": (64, 128, 256, 512),
    }


@pytest.mark.parametrize(
    "wrong", [{"resize": (223, 384)}, {"score_scale": 0}, {"trunk_blocks": (1, 1, 1)}, {"depth": 3}]
)
def test_refuses_a_configuration_that_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        HyperIQAConfig.model_validate({**TINY, **wrong})


def test_provenance_tells_the_protocol_and_the_resizing() -> None:
    settings = tiny_hyperiqa(resize=(512, 384)).preprocessing()
    assert (settings["protocol"], settings["resize"]) == ("cover", [512, 384])


def test_provenance_tells_a_scale_that_is_not_one() -> None:
    assert tiny_hyperiqa(score_scale=100.0).preprocessing()["score_scale"] == 100
    assert "score_scale" not in tiny_hyperiqa().preprocessing()
