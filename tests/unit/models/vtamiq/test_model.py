"""VTAMIQ scores any image by any protocol, keeps references, and trains."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from acutance.models.vtamiq.entry import ENTRIES
from acutance.models.vtamiq.model import VTAMIQ
from acutance.models.vtamiq.preprocess import VTAMIQViews
from acutance.models.vtamiq.weights import HEAD, HEAD_MULTISCALE, KADIS700K, PAPER, VTAMIQConfig
from tests.contracts.quality_model import noisy, smooth_images
from tests.contracts.test_vtamiq import TINY, tiny
from tests.raising import raises

STATES = {"head": HEAD, "multiscale": HEAD_MULTISCALE, "paper": PAPER, "kadis700k": KADIS700K}
PROTOCOLS = ("cover", "grid", "context-aware")


@pytest.mark.parametrize("size", [(1, 1), (5, 70), (15, 16), (16, 16), (17, 33), (40, 64)])
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("state", STATES)
def test_scores_pictures_of_any_size(state: str, protocol: str, size: tuple[int, int]) -> None:
    model = tiny(STATES[state], protocol=protocol, patches=9)
    generator = torch.Generator().manual_seed(0)
    distorted, reference = torch.rand(2, 1, 3, *size, generator=generator)
    assert bool(torch.isfinite(model(distorted, reference)).all())


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("state", STATES)
def test_kept_references_give_the_same_scores(state: str, protocol: str) -> None:
    model = tiny(STATES[state], protocol=protocol, patches=9)
    distorted, reference = noisy(0.1, 64), smooth_images(64)
    features = [model.encode_reference(image[None]) for image in reference]
    kept, together = model.terms_against(distorted, features), model.terms(distorted, reference)
    for name, values in together.items():
        torch.testing.assert_close(kept[name], values, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_knows_how_much_a_kept_reference_takes(protocol: str) -> None:
    model = tiny(HEAD, protocol=protocol, patches=9)
    features = model.encode_reference(smooth_images(64)[:1])
    assert model.features_nbytes(64, 64) == features.kept.nbytes


@pytest.mark.parametrize("state", STATES)
def test_identical_pictures_give_one_number(state: str) -> None:
    model = tiny(STATES[state], patches=9)
    terms = model.terms(smooth_images(64), smooth_images(64))
    assert terms["score"].tolist() == pytest.approx([model.score_of_identical()] * 2, abs=1e-6)
    assert terms["difference"].tolist() == [0, 0]


def test_names_its_terms() -> None:
    assert {*ENTRIES[0].term_names, "score"} == set(tiny(HEAD).terms(noisy(0.1, 64), smooth_images(64)))


def test_the_score_is_the_mean_over_sets_and_the_spread_their_range() -> None:
    pair = noisy(0.1, 64), smooth_images(64)
    terms = tiny(HEAD, protocol="grid", patches=9, repeats=2, seed=3).terms(*pair)
    first = tiny(HEAD, protocol="grid", patches=9, repeats=1, seed=3).terms(*pair)["score"]
    torch.testing.assert_close((terms["score"] - first).abs() * 2, terms["spread"], rtol=1e-3, atol=1e-7)
    assert bool((terms["spread"] > 0).all())


def test_cover_sees_a_change_of_any_pixel() -> None:
    model = tiny(HEAD, patches=9)
    distorted = torch.full((1, 3, 50, 70), 0.5).requires_grad_()
    model(distorted, torch.full((1, 3, 50, 70), 0.4)).sum().backward()
    assert distorted.grad is not None
    assert bool((distorted.grad != 0).any(1).all())


@pytest.mark.parametrize("size", [(16, 20), (30, 30)])
def test_a_network_of_many_scales_takes_a_picture_of_one(size: tuple[int, int]) -> None:
    model = tiny(HEAD_MULTISCALE)
    distorted, reference = torch.rand(2, 1, 3, *size, generator=torch.Generator().manual_seed(0))
    with_scale = model(distorted, reference)
    assert model.encoder.embedding.scales is not None
    model.encoder.embedding.scales.data[:, 1] += torch.linspace(-1, 1, TINY["width"])
    assert not torch.equal(model(distorted, reference), with_scale)


@pytest.mark.parametrize("state", STATES)
def test_can_be_built_again_from_what_it_stores(state: str) -> None:
    model = tiny(STATES[state])
    again = VTAMIQ(VTAMIQConfig.model_validate(model.config()))
    again.load_state_dict(model.state_dict())
    assert again.config() == model.config()


@pytest.mark.parametrize("state", STATES)
def test_training_reaches_every_weight(state: str) -> None:
    model = training(STATES[state], embedding_dropout=0.0, mlp_dropout=0.0, group_drop=0.0, predictor_dropout=0.0)
    model(noisy(0.3, 64), smooth_images(64)).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert bool(torch.isfinite(parameter.grad).all()), name


@pytest.mark.parametrize("dropped", ["embedding_dropout", "mlp_dropout", "group_drop", "predictor_dropout"])
def test_training_drops_what_the_configuration_says(dropped: str) -> None:
    none = {"embedding_dropout": 0.0, "mlp_dropout": 0.0, "group_drop": 0.0, "predictor_dropout": 0.0}
    model = training(HEAD, **none | {dropped: 0.5})
    pair = noisy(0.3, 64), smooth_images(64)
    scores = torch.stack([model(*pair).detach() for _ in range(6)])
    assert len(scores[:, 0].unique()) > 1
    assert torch.equal(model.eval()(*pair), model(*pair))


def test_a_dropped_group_keeps_its_mean() -> None:
    model = training(HEAD, group_drop=0.5)
    assert model.decoder is not None
    group, values = model.decoder.groups[0], torch.randn(1, TINY["width"])
    rows = group(values.expand(4000, -1)).detach()
    torch.testing.assert_close(rows.mean(0), group.eval()(values)[0].detach(), rtol=0, atol=0.1)
    assert bool((rows == values).all(1).any())


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["cover", "grid"])
def test_rounding_does_not_depend_on_batch_mates(protocol: str) -> None:
    model = moderate(protocol)
    model.use_bfloat16_products()
    reference = torch.rand(3, 3, 150, 170, generator=torch.Generator().manual_seed(0))
    distorted = (reference + 0.1 * torch.randn(reference.shape, generator=torch.Generator().manual_seed(1))).clamp(0, 1)
    together = model.terms(distorted, reference)
    alone = [model.terms(*pair) for pair in zip(distorted.split(1), reference.split(1), strict=True)]
    for name, values in together.items():
        torch.testing.assert_close(values, torch.cat([terms[name] for terms in alone]), rtol=0, atol=1e-6)


def test_rounding_keeps_up_with_changed_weights() -> None:
    model = tiny(HEAD)
    model.use_bfloat16_products()
    pair = noisy(0.1, 64), smooth_images(64)
    before = model(*pair)
    with torch.no_grad():
        model.get_parameter("encoder.layers.0.fc1.weight").mul_(3)
    assert not torch.equal(model(*pair), before)


def test_rounding_leaves_weights_differentiable() -> None:
    model = training(HEAD)
    model.use_bfloat16_products()
    model(noisy(0.3, 64), smooth_images(64)).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("wrong", [{"heads": 5}, {"reduction": 7}, {"scales": 1}])
def test_refuses_a_network_that_cannot_be(wrong: dict[str, Any]) -> None:
    with raises(ValidationError, "VTAMIQConfig", *wrong):
        VTAMIQConfig(**wrong)


def test_refuses_options_that_are_none() -> None:
    with raises(ValidationError, "protocol", "five-point"):
        VTAMIQViews.model_validate({"protocol": "five-point"})


def training(config: Mapping[str, Any], **changed: float) -> VTAMIQ:
    torch.manual_seed(0)
    return VTAMIQ(VTAMIQConfig.model_validate({**config, **TINY, **changed}), VTAMIQViews(patches=9)).train()


def moderate(protocol: str) -> VTAMIQ:
    """Wide enough, its weights large enough, for rounding to show in the score."""
    torch.manual_seed(0)
    config = {**TINY, "width": 384, "heads": 6, "mlp_width": 1536, "layers": 3}
    model = VTAMIQ(
        VTAMIQConfig.model_validate(config), VTAMIQViews.model_validate({"protocol": protocol, "patches": 120})
    )
    with torch.no_grad():
        for layer in model.encoder.modules():
            if isinstance(layer, torch.nn.Linear):
                layer.weight.mul_(10)
    return model.eval().requires_grad_(requires_grad=False)
