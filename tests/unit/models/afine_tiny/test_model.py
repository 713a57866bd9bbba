"""What scores of afine-tiny are made of."""

import pytest
import torch

from acutance.errors import InputError
from acutance.models.afine.heads import Moments, moments, pair_moments
from acutance.models.afine_tiny.entry import AFINETinyConfig
from acutance.models.afine_tiny.model import AFINETiny
from tests.fakes.tiny_afine import SMALLEST, tiny_naturalness, tiny_pair
from tests.raising import raises


def test_it_has_at_most_six_million_parameters():
    shipped = AFINETinyConfig(directions=96, hidden=256, layers=2)
    for config in (AFINETinyConfig(), shipped):
        assert sum(parameter.numel() for parameter in AFINETiny(config).parameters()) <= 6_000_000


def test_a_head_may_see_directions_alone_through_several_layers():
    config = SMALLEST.model_copy(update={"directions": 5, "layers": 3})
    head = AFINETiny(config).eval().naturalness_head
    assert [tuple(layer.weight.shape) for layer in head.regressor.hidden] == [(8, 5), (8, 8), (8, 8)]
    channels = head.norm.num_features // 2
    described = Moments([torch.randn(4, channels)], [torch.rand(4, channels)])
    seen = head.directions(head.normalised(described))
    assert seen.shape == (4, 5)
    assert torch.equal(head(described), head.regressor(seen))


def test_its_levels_are_the_picture_the_stages_of_both_trunks_and_fixed_maps():
    shapes = [tuple(level.centred.shape) for level in tiny_pair().levels(torch.rand(2, 3, 128, 96))]
    detail = [(2, 32 * 24, 4), (2, 16 * 12, 6), (2, 8 * 6, 8), (2, 4 * 3, 10)]
    whole = [(2, 19 * 14, 4), (2, 10 * 7, 6), (2, 5 * 4, 8), (2, 3 * 2, 10)]
    fixed = [(2, samples, 3) for samples in (128 * 96, 74 * 55, 37 * 27) for _ in range(10)]
    assert shapes == [(2, 128 * 96, 3), *detail, *whole, *fixed]


def test_the_naturalness_of_a_picture_alone_is_that_beside_a_reference():
    model, images = tiny_pair(), torch.rand(2, 3, 96, 96)
    raw = model.naturalness_head(moments(model.levels(images)))
    beside = model.terms(images, torch.rand(2, 3, 96, 96))["raw_naturalness"]
    single = tiny_naturalness()
    single.load_state_dict({name: value for name, value in model.state_dict().items() if name in single.state_dict()})
    assert torch.allclose(raw, beside, atol=1e-5)
    assert torch.allclose(single.terms(images)["raw_naturalness"], beside, atol=1e-5)


def test_damage_is_naturalness_and_what_the_damage_head_adds():
    model, images = tiny_pair(), torch.rand(2, 3, 96, 96)
    terms = model.terms(images, torch.rand(2, 3, 96, 96))
    assert not torch.allclose(terms["raw_damage"], terms["raw_naturalness"])
    with torch.no_grad():
        model.damage_head.output.weight.zero_()
        model.damage_head.output.bias.fill_(3.0)
    added = model.terms(images, torch.rand(2, 3, 96, 96))
    assert torch.allclose(added["raw_damage"], terms["raw_naturalness"] + 3, atol=1e-5)


def test_the_adapter_weighs_damage():
    model = tiny_pair()
    terms = model.terms(torch.rand(3, 3, 96, 96), torch.rand(3, 3, 96, 96))
    wanted = model.adapter(terms["damage"], terms["reference_damage"], terms["fidelity"])
    assert torch.allclose(terms["adaptive"], wanted)
    assert torch.allclose(terms["score"], 100 * torch.sigmoid(-wanted.asinh()))


def test_pictures_far_better_than_their_reference_still_have_an_order():
    scores = tiny_pair().final_score(torch.tensor([-1000.0, -100.0, -10.0, -1.0, 0.0, 2.0]))
    assert bool((scores.diff() < -0.01).all())
    assert scores[4] == 50


def test_equal_pictures_have_no_fidelity_to_lose_and_faint_changes_count():
    model, images = tiny_pair(), torch.rand(1, 3, 96, 96)
    changed = [(images + step / 255 * torch.randn_like(images)).clamp(0, 1) for step in (0.5, 1.0, 4.0)]
    found = [model.terms(one, images)["raw_fidelity"].item() for one in (images, *changed)]
    assert found[0] == 0.0
    assert found == sorted(found)
    back = model.terms(images, changed[0])["raw_fidelity"].item()
    assert back == pytest.approx(found[1], rel=1e-4)


def test_quality_falls_as_raw_naturalness_rises():
    model = tiny_naturalness()
    terms = model.terms(torch.rand(6, 3, 96, 96) * torch.linspace(0.1, 1, 6).view(6, 1, 1, 1))
    order = terms["raw_naturalness"].argsort()
    assert terms["score"][order].diff().max() <= 0
    assert bool(((terms["score"] > 0) & (terms["score"] < 100)).all())


def test_tiles_of_a_large_picture_count_together():
    model = tiny_pair()
    image = torch.rand(1, 3, 1100, 1200)
    level = next(iter(model.levels(image)))
    assert level.centred.shape == (1, 9 * 320 * 320, 3)
    assert pair_moments(model.levels(image), model.levels(image)).covariances[0].shape == (1, 3)


def test_features_of_a_reference_take_about_what_is_told():
    model = tiny_pair()
    kept = model.encode_reference(torch.rand(1, 3, 256, 256))
    held = sum(level.centred.numel() * level.centred.element_size() for level in kept.kept)
    assert model.features_nbytes(256, 256) == pytest.approx(held, rel=0.1)


def test_pictures_below_the_stride_of_the_trunks_are_refused():
    with raises(InputError, 32, 31):
        tiny_naturalness()(torch.rand(1, 3, 31, 200))


def test_its_configuration_builds_it_again():
    assert AFINETinyConfig.model_validate(tiny_pair().config()) == SMALLEST
