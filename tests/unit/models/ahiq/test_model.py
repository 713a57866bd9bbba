"""AHIQ's scores, maps and settings."""

import pytest
import torch
from pydantic import ValidationError

from acutance.layers import resnet
from acutance.models.ahiq import model as ahiq
from acutance.models.ahiq.model import AHIQ
from acutance.models.ahiq.network import crop_scores
from acutance.models.ahiq.preprocess import AHIQViews
from acutance.models.ahiq.weights import AHIQConfig
from tests.contracts.quality_model import noisy, smooth_images
from tests.contracts.test_ahiq import TINY, tiny


@torch.no_grad()
def test_the_score_is_the_mean_over_the_crops():
    model, pair = tiny(), (noisy(0.1, 50), smooth_images(50))
    corners = [(0, 0), (0, 18), (18, 0), (18, 18)]
    crops = [model(*(images[:, :, t : t + 32, s : s + 32] for images in pair)) for t, s in corners]
    terms = model.terms(*pair)
    torch.testing.assert_close(terms["score"], torch.stack(crops).mean(0))
    torch.testing.assert_close(terms["lowest_crop"], torch.stack(crops).amin(0))
    torch.testing.assert_close(terms["highest_crop"], torch.stack(crops).amax(0))


@torch.no_grad()
def test_the_score_of_one_crop_is_the_weighted_mean_of_its_maps():
    model, pair = tiny(), (noisy(0.1, 32), smooth_images(32))
    maps = model.map(*pair)
    expected = crop_scores(maps["quality"], maps["weight"])
    torch.testing.assert_close(model(*pair), expected)


@pytest.mark.parametrize("shape", [(32, 32), (50, 33), (20, 70), (5, 3), (1, 1)])
@torch.no_grad()
def test_maps_have_the_size_of_the_pictures(shape):
    maps = tiny().map(*torch.rand(2, 2, 3, *shape, generator=torch.Generator().manual_seed(0)))
    assert set(maps) == {"quality", "weight"}
    for values in maps.values():
        assert values.shape == (2, *shape)
        assert bool(torch.isfinite(values).all())
    assert bool(((maps["weight"] > 0) & (maps["weight"] < 1)).all())


@pytest.mark.parametrize("shape", [(32, 33), (31, 33), (20, 70), (5, 3), (1, 1)])
@torch.no_grad()
def test_pictures_of_any_size_are_scored(shape):
    distorted, reference = torch.rand(2, 1, 3, *shape, generator=torch.Generator().manual_seed(0))
    assert bool(torch.isfinite(tiny()(distorted, reference)).all())


@torch.no_grad()
def test_how_many_crops_go_at_once_does_not_matter(monkeypatch):
    model, pair = tiny(), (noisy(0.1, 67), smooth_images(67))
    whole = model(*pair)
    monkeypatch.setattr(ahiq, "CROPS_AT_ONCE", 5)
    torch.testing.assert_close(model(*pair), whole)


@torch.no_grad()
def test_a_position_that_comes_again_is_computed_once_and_counts_again(monkeypatch):
    model = AHIQ(TINY, AHIQViews(protocol="five-point")).eval()
    seen: list[int] = []
    encode = model.network.encode

    def counting(crops, *offsets):
        seen.append(len(crops))
        return encode(crops, *offsets)

    monkeypatch.setattr(model.network, "encode", counting)
    pair = noisy(0.1, 67)[:1, :, :32], smooth_images(67)[:1, :, :32]  # five positions, three of them different
    crops = [float(model(*(images[..., left : left + 32] for images in pair))) for left in (0, 35, 0, 35, 17)]
    seen.clear()
    score = float(model(*pair))
    assert sum(seen) == 2 * 3
    assert score == pytest.approx(sum(crops) / 5, rel=1e-5)


def test_the_heads_learn_on_ordinary_autograd():
    model = tiny().requires_grad_(requires_grad=True).train()
    model(noisy(0.1, 32), smooth_images(32)).sum().backward()
    for name, parameter in model.network.named_parameters():
        if name.startswith(("fusion.", "regressor.")):
            assert parameter.grad is not None, name
            assert bool(torch.isfinite(parameter.grad).all()), name
            assert bool((parameter.grad != 0).any()), name


@torch.no_grad()
def test_training_leaves_the_statistics_of_the_trunks():
    model = tiny().train()
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    model(noisy(0.1, 32), smooth_images(32))
    assert any(name.endswith("running_mean") for name in before)
    for name, buffer in model.named_buffers():
        assert torch.equal(buffer, before[name]), name


@torch.no_grad()
def test_training_scores_as_evaluation_does():
    model, pair = tiny(), (noisy(0.1, 32), smooth_images(32))
    scores = model(*pair)
    torch.testing.assert_close(model.train()(*pair), scores)
    assert model.network.training
    assert model.network.fusion.training


@pytest.mark.parametrize("asked", [False, True])
def test_the_trunks_are_not_trained_even_where_all_is_asked_to(asked):
    model = AHIQ(TINY).train()
    if asked:
        model.requires_grad_(requires_grad=True)
    model(noisy(0.1, 32), smooth_images(32)).sum().backward()
    for name, parameter in model.network.named_parameters():
        trained = name.startswith(("fusion.", "regressor."))
        assert (parameter.requires_grad, parameter.grad is not None) == (trained, trained), name


@torch.no_grad()
def test_normalisation_is_the_configurations():
    half, imagenet = tiny(), AHIQ(TINY.model_copy(update={"normalisation": "imagenet"})).eval()
    imagenet.load_state_dict(half.state_dict())
    pair = noisy(0.1, 32), smooth_images(32)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    as_half = [(images - mean) / std / 2 + 0.5 for images in pair]
    torch.testing.assert_close(imagenet.network(*pair), half.network(*as_half), rtol=1e-4, atol=1e-6)
    assert not torch.allclose(imagenet(*pair), half(*pair))


@pytest.mark.parametrize(("supported", "told"), [(True, "bfloat16"), (False, "bfloat16, CNN backbone in float32")])
def test_tells_what_a_cpu_without_bfloat16_computes_in(monkeypatch, supported, told):
    monkeypatch.setattr(resnet, "convolves_in_bfloat16", lambda device: device != "cpu" or supported)
    assert tiny().computes_in("bfloat16", "cpu") == told
    assert tiny().computes_in("bfloat16", "cuda") == "bfloat16"
    assert tiny().computes_in("float32", "cpu") == "float32"


def test_heads_start_as_pytorch_starts_convolutions():
    network = AHIQ(TINY).network
    for layer in (network.fusion.offset, network.fusion.deform, network.regressor.widen):
        bound = layer.weight[0].numel() ** -0.5
        assert 0.8 * bound < float(layer.weight.detach().abs().max()) <= bound
        assert layer.bias is not None
        assert 0 < float(layer.bias.detach().abs().max()) <= bound


def test_the_default_configuration_is_the_published_one():
    assert AHIQConfig().token_channels == 3840
    assert AHIQConfig().cnn_channels == 768
    assert AHIQConfig().places == 28


def test_the_configuration_builds_the_same_network_again():
    model = tiny()
    twin = AHIQ(AHIQConfig.model_validate(model.config()))
    twin.load_state_dict(model.state_dict())


@pytest.mark.parametrize("wrong", [{"side": 100}, {"heads": 0}, {"depth": 5}])
def test_configurations_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValidationError):
        AHIQConfig(**wrong)


def test_provenance_names_the_protocol():
    settings = AHIQ(TINY, AHIQViews(protocol="random", seed=4)).preprocessing()
    assert (settings["protocol"], settings["crops"], settings["seed"]) == ("random", 20, 4)
