import json
import math
from importlib.metadata import version

import piq
import pytest
import torch
from torch import Tensor

from acutance.catalog import find_model
from acutance.errors import ConfigError, InputError, ShapeMismatchError, UnknownNameError
from acutance.models.classic.entry import CLASSIC
from acutance.models.classic.metrics import build
from tests.raising import raises
from tests.unit.models.classic.pictures import reference_batch, with_noise

every_metric = pytest.mark.parametrize("name", CLASSIC)


@pytest.fixture(scope="module")
def reference() -> Tensor:
    return reference_batch()


def random_pair(height: int, width: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(height + width)
    reference = torch.rand(1, 3, height, width, generator=generator)
    return with_noise(reference, 0.1), reference


@every_metric
class TestPromises:
    def test_a_picture_against_itself_scores_identical(self, name: str, reference: Tensor) -> None:
        metric = build(name)
        assert metric(reference, reference).item() == pytest.approx(metric.info.identical, abs=1e-6)

    def test_more_noise_scores_worse(self, name: str, reference: Tensor) -> None:
        metric = build(name)
        scores = [metric(with_noise(reference, level), reference).item() for level in (0.01, 0.03, 0.1)]
        steps = [metric.info.identical or 0.0, *scores]
        assert steps == sorted(steps, reverse=metric.info.better == "higher")
        assert len(set(steps)) == 4
        assert all(metric.info.low <= score <= metric.info.high for score in scores)

    def test_does_not_depend_on_the_batch(self, name: str, reference: Tensor) -> None:
        metric = build(name)
        distorted = torch.cat([with_noise(reference, 0.02), 0.5 * reference, with_noise(reference, 0.3)])
        references = torch.cat([reference, reference.flip(2), 0.8 * reference])
        alone = [metric(d[None], r[None]) for d, r in zip(distorted, references, strict=True)]
        torch.testing.assert_close(metric(distorted, references), torch.cat(alone), rtol=0, atol=1e-6)

    def test_leaves_its_inputs_alone(self, name: str, reference: Tensor) -> None:
        distorted = with_noise(reference, 0.05)
        before = distorted.clone(), reference.clone()
        build(name)(distorted, reference)
        assert torch.equal(distorted, before[0])
        assert torch.equal(reference, before[1])

    def test_keeps_the_type_and_computes_in_float64(self, name: str, reference: Tensor) -> None:
        metric = build(name)
        distorted = with_noise(reference, 0.05)
        single, double = metric(distorted, reference), metric(distorted.double(), reference.double())
        assert (single.dtype, double.dtype) == (torch.float32, torch.float64)
        torch.testing.assert_close(single.double(), double, rtol=1e-6, atol=1e-6)

    def test_has_a_gradient_in_both_pictures(self, name: str, reference: Tensor) -> None:
        distorted = with_noise(reference, 0.05).requires_grad_()
        other = reference.clone().requires_grad_()
        gradients = torch.autograd.grad(build(name)(distorted, other).sum(), (distorted, other))
        for gradient in gradients:
            assert gradient.isfinite().all()
            assert gradient.abs().max() > 0

    def test_has_a_gradient_where_pictures_are_flat(self, name: str, reference: Tensor) -> None:
        flat = reference.clone()
        flat[..., :90, :] = 1.0
        flat[..., :70] = 0.0
        distorted = with_noise(flat, 0.02).requires_grad_()
        (gradient,) = torch.autograd.grad(build(name)(distorted, flat).sum(), distorted)
        assert gradient.isfinite().all()

    def test_the_smallest_side_works_and_one_less_is_named(self, name: str) -> None:
        metric = build(name)
        side = metric.smallest_side
        for height, width in ((side, side), (side, side + 7), (side + 1, side)):
            distorted, reference = random_pair(height, width)
            score, itself = metric(distorted, reference), metric(reference, reference)
            assert math.isfinite(score.item())
            assert score.item() != pytest.approx(itself.item(), abs=1e-4)
        if side > 1:
            with raises(InputError, side, side - 1):
                metric(*random_pair(side - 1, side + 5))

    def test_overshoot_counts_as_black_or_white(self, name: str, reference: Tensor) -> None:
        generator = torch.Generator().manual_seed(0)
        overshot = reference + 0.3 * torch.randn(reference.shape, generator=generator).clamp(-1, 1)
        metric = build(name)
        assert torch.equal(metric(overshot, reference), metric(overshot.clamp(0, 1), reference))

    def test_records_its_settings(self, name: str) -> None:
        metric = build(name)
        settings = metric.preprocessing()
        assert json.loads(json.dumps(settings)) == settings
        assert settings["library"] == ("acutance" if name == "psnr" else "piq")
        assert settings["library_version"] == (version("acutance") if name == "psnr" else piq.__version__)
        assert settings.keys() >= {"channel", "clipped_to"} | find_model(name).choices.keys()
        assert name in repr(metric)

    def test_needs_a_reference_of_the_same_shape(self, name: str, reference: Tensor) -> None:
        with raises(InputError, "ClassicMetric"):
            build(name)(reference)

    @pytest.mark.usefixtures("as_users_run_it")
    def test_names_both_shapes_when_they_differ(self, name: str, reference: Tensor) -> None:
        with raises(ShapeMismatchError, (1, 3, 173, 201), (1, 3, 173, 200)):
            build(name)(reference, reference[..., :200])


@pytest.mark.parametrize(
    ("name", "options"),
    [(n, {k: v}) for n in CLASSIC for k, option in find_model(n).choices.items() for v in option.words[1:]],
)
def test_every_option_keeps_the_promises(name: str, options: dict[str, str | bool], reference: Tensor) -> None:
    metric = build(name, **options)
    distorted = with_noise(reference, 0.05).requires_grad_()
    score = metric(distorted, reference)
    (gradient,) = torch.autograd.grad(score.sum(), distorted)
    itself = metric(reference, reference).item()
    assert itself == pytest.approx(metric.info.identical, abs=1e-6)
    assert metric.info.low <= score.item() <= metric.info.high
    assert (score.item() < itself) == (metric.info.better == "higher")
    assert gradient.isfinite().all()
    assert metric.preprocessing().items() >= options.items()
    side = metric.smallest_side
    assert metric(*random_pair(side, side)).isfinite().all()


@pytest.mark.parametrize("name", ["iw_ssim", "vif_p", "vsi"])
def test_names_the_flat_reference(name: str, reference: Tensor) -> None:
    flat = torch.cat([reference, torch.full_like(reference, 0.5)])
    with raises(InputError, 1):
        build(name)(torch.cat([reference, reference]), flat)


@pytest.mark.parametrize("name", sorted(CLASSIC.keys() - {"iw_ssim", "vif_p", "vsi"}))
def test_two_black_pictures_are_identical(name: str) -> None:
    metric = build(name)
    black = torch.zeros(1, 3, 176, 176)
    assert metric(black, black).item() == pytest.approx(metric.info.identical, abs=1e-6)


def test_iw_ssim_names_a_reference_of_stripes() -> None:
    stripes = torch.zeros(1, 3, 192, 192)
    stripes[..., ::8] = 1.0
    with raises(InputError, "iw_ssim", "ms_ssim"):
        build("iw_ssim")(with_noise(stripes, 0.1), stripes)


def test_piq_decides_what_is_distorted_as_we_do(reference: Tensor) -> None:
    stronger, reference = reference, 0.7 * reference + 0.15
    assert build("vif_p")(stronger, reference).item() > 1  # more contrast than the reference
    assert build("vif_p")(reference, stronger).item() < 1


def test_half_precision_is_scored_and_kept(reference: Tensor) -> None:
    score = build("ssim")(with_noise(reference, 0.05).bfloat16(), reference.bfloat16())
    assert score.dtype == torch.bfloat16
    assert 0 < score.item() < 1


def test_autocast_changes_nothing(reference: Tensor) -> None:
    distorted = with_noise(reference, 0.05)
    metric = build("ssim")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        within = metric(distorted, reference)
    assert torch.equal(within, metric(distorted, reference))


def test_an_identical_pair_does_not_spoil_the_gradient_of_its_batch_mate(reference: Tensor) -> None:
    references = torch.cat([reference, reference])
    distorted = torch.cat([reference, with_noise(reference, 0.05)]).requires_grad_()
    scores = build("psnr")(distorted, references)
    (gradient,) = torch.autograd.grad(scores[1], distorted)
    assert scores[0] == torch.inf
    assert gradient.isfinite().all()
    assert gradient[1].abs().max() > 0


def test_training_towards_the_reference_raises_ssim(reference: Tensor) -> None:
    metric = build("ssim")
    distorted = with_noise(reference, 0.1).double().requires_grad_()
    before = metric(distorted, reference.double())
    (gradient,) = torch.autograd.grad(before.sum(), distorted)
    step = 0.05 * gradient / gradient.abs().max()
    assert metric((distorted + step).detach(), reference.double()).item() > before.item()


def test_unknown_names_offer_the_nearest() -> None:
    with raises(UnknownNameError, "ms-ssim", "ms_ssim"):
        build("ms-ssim")
    with raises(UnknownNameError, "chanel", "channel"):
        build("ssim", chanel="rgb")
    with raises(ConfigError, "channel", "gmsd", "grey", "luma", "rgb"):
        build("gmsd", channel="rgb")
