"""A-FINE's options: the authors' covariance, tensors that are normalised already, the class token."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from acutance.errors import ConfigError, InputError
from acutance.layers.clip import CLIP_MEAN, CLIP_STD
from acutance.models.afine.entry import AFINEOptions, FidelityOptions, NaturalnessOptions
from acutance.models.afine.model import AFINE, AFINEFidelity, AFINENaturalness
from acutance.models.quality_model import ModelProvenance
from acutance.models.torch_scorer import torch_scorers
from tests.fakes.afine_training import tiny_encoder
from tests.raising import raises

MEAN, STD = (torch.tensor(values).view(1, 3, 1, 1) for values in (CLIP_MEAN, CLIP_STD))


def tiny(**options: object) -> AFINE:
    torch.manual_seed(0)
    model = AFINE(tiny_encoder(), AFINEOptions(**options)).eval()  # type: ignore[arg-type]
    return model.requires_grad_(requires_grad=False)


def normalized(pictures: Tensor) -> Tensor:
    return (pictures - MEAN) / STD


def authors_fidelity(model: AFINE, distorted: Tensor, reference: Tensor) -> float:
    """The formula of their head on one pair whose sides fit, step by step."""

    def levels(pictures: Tensor) -> list[Tensor]:
        pixels = normalized(pictures) * STD + MEAN
        return [pixels.flatten(2).permute(0, 2, 1), *(functional.relu(t) for t in model.encoder.blocks(pictures))]

    head = model.fidelity_head
    alpha, beta = functional.softplus(head.alpha), functional.softplus(head.beta)
    total = alpha.sum() + beta.sum() + 1e-10
    found, start = torch.zeros(()), 0
    for x, y in zip(levels(distorted), levels(reference), strict=True):
        weights = slice(start, start := start + x.shape[2])
        mean_x, mean_y = x.mean(1), y.mean(1)
        var_x, var_y = ((x - mean_x[:, None]) ** 2).mean(1), ((y - mean_y[:, None]) ** 2).mean(1)
        covariance = (x * y).mean(1) - mean_x * mean_y
        means = (2 * mean_x * mean_y + 1e-10) / (mean_x**2 + mean_y**2 + 1e-10)
        structure = (2 * covariance + 1e-10) / (var_x + var_y + 1e-10)
        found = found + ((alpha[weights] * means + beta[weights] * structure) / total).sum()
    return float(1 - found)


def test_the_published_covariance_is_the_authors_formula_even_where_it_breaks():
    model, flat = tiny(covariance="published"), torch.full((1, 3, 224, 224), 0.9)
    ours = float(model.terms(flat, flat)["raw_fidelity"])
    assert ours == pytest.approx(authors_fidelity(model, flat, flat), rel=1e-3)
    assert abs(ours) > 0.01  # a flat image is not faithful to itself
    assert float(tiny().terms(flat, flat)["raw_fidelity"]) == 0.0


def test_the_two_covariances_agree_on_pictures_with_content():
    images = torch.rand(2, 2, 3, 70, 64, generator=torch.Generator().manual_seed(1))
    centred, published = (model.terms(*images)["raw_fidelity"] for model in (tiny(), tiny(covariance="published")))
    assert published.tolist() == pytest.approx(centred.tolist(), abs=1e-6)


def test_kept_references_give_the_published_fidelity_too():
    model, images = tiny(covariance="published"), torch.rand(2, 2, 3, 64, 64)
    kept = [model.encode_reference(images[1, place : place + 1]) for place in range(2)]
    against = model.terms_against(images[0], kept)["raw_fidelity"]
    assert against.tolist() == pytest.approx(model.terms(*images)["raw_fidelity"].tolist(), abs=1e-6)


def test_fidelity_alone_takes_the_published_covariance_too():
    whole, images = tiny(covariance="published"), torch.rand(2, 2, 3, 64, 64)
    half = AFINEFidelity(whole.encoder, FidelityOptions(covariance="published"))
    half.load_state_dict({name: whole.state_dict()[name] for name in half.state_dict()})
    assert half.terms(*images)["raw_fidelity"].tolist() == whole.terms(*images)["raw_fidelity"].tolist()
    assert half.preprocessing()["covariance"] == "published"


def test_only_options_that_change_a_score_stand_in_its_provenance():
    assert set(tiny(covariance="published").preprocessing()) - set(tiny().preprocessing()) == {"covariance"}
    assert tiny(return_cls=True).preprocessing() == tiny().preprocessing()


@pytest.mark.parametrize("shape", [(64, 64), (70, 45)])
def test_normalised_tensors_score_as_their_pictures(shape: tuple[int, int]):
    images = torch.rand(2, 2, 3, *shape, generator=torch.Generator().manual_seed(2))
    model = tiny(normalized=True)
    score = model(normalized(images[0]), normalized(images[1]))
    assert score.tolist() == pytest.approx(tiny()(*images).tolist(), abs=1e-4)
    kept = [model.encode_reference(normalized(images[1, place : place + 1])) for place in range(2)]
    assert model.terms_against(normalized(images[0]), kept)["score"].tolist() == pytest.approx(score.tolist(), abs=1e-4)
    alone = AFINENaturalness(tiny_encoder(), NaturalnessOptions(normalized=True)).eval()
    plain = AFINENaturalness(alone.encoder).eval()
    plain.load_state_dict(alone.state_dict())
    assert alone(normalized(images[0])).tolist() == pytest.approx(plain(images[0]).tolist(), abs=1e-5)


@pytest.mark.usefixtures("as_users_run_it")
def test_pictures_that_are_not_normalised_are_told_by_their_values():
    with raises(InputError, "[0, 1]"):
        tiny(normalized=True)(torch.full((1, 3, 64, 64), 255.0), torch.zeros(1, 3, 64, 64))
    with raises(InputError, "torch.uint8"):
        tiny(normalized=True)(torch.zeros(1, 3, 64, 64, dtype=torch.uint8), torch.zeros(1, 3, 64, 64))


def test_pictures_of_files_are_not_scored_as_normalised_ones():
    model = tiny(normalized=True).freeze()
    model.provenance = ModelProvenance(
        model="afine", weights=None, weights_sha256=None, preprocessing={}, precision="float32", device="cpu"
    )
    with raises(ConfigError, "normalized"):
        torch_scorers([model])


def test_the_class_token_comes_on_request_through_its_norm():
    images = torch.rand(2, 3, 70, 64)
    model = tiny(return_cls=True)
    found = model.features(images)
    assert [tuple(level.shape) for level in found.features] == [(2, 3 * 2, 48)] * 2
    assert found.cls is not None
    assert found.cls.shape == (2, 48)
    torch.testing.assert_close(
        found.cls.mean(1), torch.zeros(2), atol=1e-5, rtol=0
    )  # a fresh LayerNorm changes no more
    assert tiny().features(images).cls is None


def test_features_are_those_that_the_heads_take():
    images, model = torch.rand(1, 3, 64, 64), tiny()
    levels = list(model.levels(images))[1:]
    for level, feature in zip(levels, model.features(images).features, strict=True):
        torch.testing.assert_close(level.mean, feature.relu().mean(1))
