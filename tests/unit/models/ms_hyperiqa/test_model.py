"""MS-HyperIQA as a model: pyramid, attention, dropout, configuration, names."""

import json

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from acutance.models.ms_hyperiqa.entry import ENTRY
from acutance.models.ms_hyperiqa.model import FeaturePyramid, LevelAttention, MSHyperIQA, PyramidContent
from acutance.models.ms_hyperiqa.preprocess import MSHyperIQAViews
from acutance.models.ms_hyperiqa.weights import MS_HYPERIQA, REFERENCE, MSHyperIQAConfig
from tests.fakes.hyperiqa_checkpoint import golden
from tests.fakes.tiny_hyperiqa import tiny_ms_hyperiqa


def crops(count: int = 2) -> Tensor:
    return torch.rand(count, 3, 224, 224, generator=torch.Generator().manual_seed(3))


def test_has_as_many_parameters_as_the_reference() -> None:
    with torch.device("meta"):
        model = MSHyperIQA()
    assert sum(parameter.numel() for parameter in model.parameters()) == 27_633_967


def test_the_layout_has_the_references_374_names_and_covers_the_model() -> None:
    with torch.device("meta"):
        state = MSHyperIQA().state_dict()
    assert set(REFERENCE.keys.names) == set(golden("ms_hyperiqa")["layout"])
    assert len(REFERENCE.keys.names) == 374
    assert REFERENCE.keys.own_names == {name for name in state if not name.endswith("num_batches_tracked")}


def test_the_coarsest_level_of_the_pyramid_depends_on_its_stage_alone() -> None:
    torch.manual_seed(0)
    pyramid = FeaturePyramid((4, 6, 8))
    stages = [torch.randn(1, 4, 28, 28), torch.randn(1, 6, 14, 14), torch.randn(1, 8, 7, 7)]
    other = [torch.randn(1, 4, 28, 28), torch.randn(1, 6, 14, 14), stages[2]]
    with torch.no_grad():
        ours, theirs = pyramid(stages), pyramid(other)
    assert [tuple(level.shape[1:]) for level in ours] == [(256, 28, 28), (256, 14, 14), (256, 7, 7)]
    assert torch.equal(ours[2], theirs[2])
    assert not torch.allclose(ours[1], theirs[1])


def test_finer_levels_know_what_coarser_stages_show() -> None:
    torch.manual_seed(0)
    pyramid = FeaturePyramid((4, 6, 8))
    stages = [torch.randn(1, 4, 28, 28), torch.randn(1, 6, 14, 14), torch.randn(1, 8, 7, 7)]
    with torch.no_grad():
        before, after = pyramid(stages), pyramid([*stages[:2], stages[2] + 1])
    assert all(not torch.allclose(one, other) for one, other in zip(before, after, strict=True))


def test_attention_only_weakens() -> None:
    torch.manual_seed(0)
    features = torch.randn(2, 32, 7, 7)
    with torch.no_grad():
        weighted = LevelAttention(32)(features)
    share = weighted / features
    assert 0 < share.min().item() < share.max().item() < 1


def test_the_pyramids_weights_are_drawn_as_in_the_reference() -> None:
    torch.manual_seed(0)
    content = PyramidContent((512, 1024, 2048))
    assert content.pyramid.laterals[0].weight.std().item() == pytest.approx((2 / 256) ** 0.5, rel=0.05)
    assert content.pyramid.smoothings[0].weight.std().item() == pytest.approx((2 / (9 * 256)) ** 0.5, rel=0.05)
    assert content.join.weight.std().item() == pytest.approx((2 / 768) ** 0.5, rel=0.05)


def test_scores_do_not_scatter_out_of_training() -> None:
    model = tiny_ms_hyperiqa()
    with torch.no_grad():
        assert torch.equal(model(crops()), model(crops()))


def test_dropout_scatters_scores_in_training() -> None:
    model = tiny_ms_hyperiqa().train()
    model.network.backbone.eval()
    with torch.no_grad():
        assert not torch.equal(model(crops()), model(crops()))


def test_dropout_can_be_left_out() -> None:
    model = tiny_ms_hyperiqa(dropout=0.0).train()
    model.network.backbone.eval()
    with torch.no_grad():
        assert torch.equal(model(crops()), model(crops()))


def test_one_crop_trains_everything() -> None:
    model = tiny_ms_hyperiqa().train()
    model.score_crops(crops(1)).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert bool(torch.isfinite(parameter.grad).all()), name


def test_training_learns_the_statistics_of_the_batch() -> None:
    model = tiny_ms_hyperiqa().train()
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    model(crops())
    assert all(norm.num_batches_tracked is not None and int(norm.num_batches_tracked) == 1 for norm in norms)


def test_what_needs_a_gradient_scores_the_same() -> None:
    model = tiny_ms_hyperiqa()
    with torch.no_grad():
        fast = model(crops())
    torch.testing.assert_close(model(crops().requires_grad_()).detach(), fast, rtol=1e-4, atol=1e-5)


def test_a_configuration_survives_json() -> None:
    model = tiny_ms_hyperiqa(resize=(300, 400), dropout=0.25)
    twin = MSHyperIQA(MSHyperIQAConfig.model_validate(json.loads(json.dumps(model.config())))).eval()
    twin.load_state_dict(model.state_dict())
    assert twin.config() == model.config()
    assert torch.equal(twin(crops()), model(crops()))


def test_the_default_configuration_is_that_of_the_references_trainings() -> None:
    config = MSHyperIQAConfig()
    assert (config.resize, config.score_scale, config.dropout) == ((512, 384), 1.0, 0.5)


def test_pyiqas_protocol_is_hyperiqas_alone() -> None:
    with pytest.raises(ValidationError):
        MSHyperIQAViews.model_validate({"protocol": "pyiqa"})


def test_the_record_says_that_no_weights_are_published() -> None:
    assert MS_HYPERIQA.repository is None
    assert MS_HYPERIQA.origin is not None
    assert "No weights are published" in MS_HYPERIQA.origin


@pytest.mark.parametrize("protocol", ["cover", "random"])
@pytest.mark.parametrize(("name", "value"), [("crops", 7), ("seed", 5)])
def test_an_option_changes_the_settings_of_the_protocols_it_is_for(name: str, value: int, protocol: str) -> None:
    before, after = (
        tiny_ms_hyperiqa(MSHyperIQAViews.model_validate({"protocol": protocol, **changed})).preprocessing()
        for changed in ({}, {name: value})
    )
    assert (before != after) == (protocol in ENTRY.choices[name].protocols)
