"""Promises that every quality model keeps. Not collected by itself."""

import copy
import io
import pickle
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from acutance.errors import InputError, ShapeMismatchError
from acutance.models.quality_model import ModelProvenance, QualityModel
from tests.fakes.training_loops import Parent, one_process, sha256_of_tensors, train_a_step
from tests.raising import raises

SIDE = 64
"""Pixels a side, where the model does not need more."""
TOLERANCE = 2e-4
"""Share of a score by which rounding in float32 may move it."""


class QualityModelContract:
    """Subclass it, and say in ``model`` which model."""

    best_at_identity: ClassVar[bool] = True
    follows_noise: ClassVar[bool] = True

    @pytest.fixture
    def model(self) -> QualityModel:
        raise NotImplementedError

    @pytest.fixture
    def pair(self, model: QualityModel) -> tuple[Tensor, Tensor]:
        return noisy(0.05, side(model)), smooth_images(side(model))

    @pytest.fixture
    def loaded(self, model: QualityModel) -> QualityModel:
        """The model as ``acutance.load`` gives it."""
        model.provenance = ModelProvenance(
            model="tiny", weights="tiny.pth", weights_sha256="0", preprocessing={}, precision="float32", device="cpu"
        )
        return model.freeze()

    def test_gives_one_score_per_picture(self, model: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        assert score(model, *pair).shape == (len(pair[0]),)

    def test_counts_its_score_among_its_terms(self, model: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        terms = model.terms(*arguments(model, *pair))
        assert torch.equal(terms["score"], score(model, *pair))
        assert all(term.shape == (len(pair[0]),) for term in terms.values())

    def test_gives_the_same_score_alone_as_in_a_batch(self, model: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        alone = torch.cat([score(model, d[None], r[None]) for d, r in zip(*pair, strict=True)])
        torch.testing.assert_close(score(model, *pair), alone, rtol=TOLERANCE, atol=1e-5)

    def test_gives_the_same_score_twice(self, model: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        assert torch.equal(score(model, *pair), score(model, *pair))

    def test_leaves_its_inputs_alone(self, model: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        before = [images.clone() for images in pair]
        score(model, *pair)
        assert all(torch.equal(a, b) for a, b in zip(pair, before, strict=True))

    def test_takes_one_tensor_as_both_pictures(self, model: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        reference = pair[1]
        torch.testing.assert_close(score(model, reference, reference), score(model, reference, reference.clone()))

    def test_stays_within_its_bounds(self, model: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        scores = score(model, *pair)
        assert bool(((scores >= model.info.low) & (scores <= model.info.high)).all())

    def test_computes_in_double_when_it_is_double(self, model: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        single = score(model, *pair)
        double = score(copy.deepcopy(model).double(), *(images.double() for images in pair))
        assert double.dtype == torch.float64
        torch.testing.assert_close(single.double(), double, rtol=1e-3, atol=1e-4)

    def test_gives_finite_gradients_to_its_pictures(self, model: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        inputs = [images[:1].clone().requires_grad_() for images in arguments(model, *pair)]
        model(*inputs).sum().backward()
        for images in inputs:
            assert images.grad is not None
            assert bool(torch.isfinite(images.grad).all())
            assert bool((images.grad != 0).any())

    def test_gives_the_same_gradients_after_scoring_in_inference_mode(
        self, model: QualityModel, pair: tuple[Tensor, Tensor]
    ) -> None:
        fresh = copy.deepcopy(model)
        with torch.inference_mode():
            model(*arguments(model, *pair))
        gradients = [gradients_of(each, *pair) for each in (model, fresh)]
        for used, new in zip(*gradients, strict=True):
            assert bool(torch.isfinite(used).all())
            torch.testing.assert_close(used, new)

    def test_keeps_its_scores_through_a_saved_state(self, model: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        twin = copy.deepcopy(model)
        for parameter in twin.parameters():
            parameter.data.normal_()
        score(twin, *pair)  # what it keeps of these weights must not outlive them
        twin.load_state_dict(model.state_dict())
        assert torch.equal(score(model, *pair), score(twin, *pair))

    def test_rates_a_picture_best_beside_itself(self, model: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        identical = model.info.identical
        if not self.best_at_identity:
            assert identical is None
            return
        assert identical is not None
        scores = score(model, pair[1], pair[1])
        torch.testing.assert_close(scores, torch.full_like(scores, identical), rtol=1e-5, atol=1e-5)
        worse = score(model, *pair)
        assert bool(((worse < identical) if model.info.better == "higher" else (worse > identical)).all())

    def test_rates_more_noise_worse(self, model: QualityModel) -> None:
        if not self.follows_noise:
            return
        pixels = side(model)
        means = [float(score(model, noisy(s, pixels), smooth_images(pixels)).mean()) for s in (0.02, 0.05, 0.1)]
        assert means == sorted(means, reverse=model.info.better == "higher")

    @pytest.mark.usefixtures("as_users_run_it")
    def test_names_both_shapes_when_they_differ(self, model: QualityModel) -> None:
        if not model.needs_reference:
            return
        with raises(ShapeMismatchError, (1, 3, 180, 176), (1, 3, 180, 177)):
            model(torch.rand(1, 3, 180, 176), torch.rand(1, 3, 180, 177))

    @pytest.mark.usefixtures("as_users_run_it")
    def test_refuses_values_of_another_range(self, model: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        wrong = [images * 255 for images in arguments(model, *pair)]
        with raises(InputError, [0, 1], f"{float(wrong[0].max()):g}"):
            model(*wrong)

    @pytest.mark.usefixtures("as_users_run_it")
    def test_refuses_what_is_no_batch_of_colour_pictures(self, model: QualityModel) -> None:
        grey = [torch.rand(1, 1, SIDE, SIDE)] * (2 if model.needs_reference else 1)
        with raises(InputError, "(batch, 3, height, width)", (1, 1, SIDE, SIDE)):
            model(*grey)

    @pytest.mark.usefixtures("as_users_run_it")
    def test_asks_for_the_reference_it_needs(self, model: QualityModel) -> None:
        if model.needs_reference:
            with raises(InputError, "reference"):
                model(torch.rand(1, 3, SIDE, SIDE))

    def test_training_what_holds_it_changes_nothing(self, loaded: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        before, tensors = score(loaded, *pair), sha256_of_tensors(loaded)
        parent = Parent(loaded).train()
        assert parent.layer.training
        assert not any(module.training for module in loaded.modules())
        for _ in range(5):
            assert torch.equal(score(loaded, *pair), before)
        assert sha256_of_tensors(loaded) == tensors
        parent.eval()
        assert torch.equal(score(loaded, *pair), before)

    def test_training_its_parts_changes_nothing(self, loaded: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        before, tensors = score(loaded, *pair), sha256_of_tensors(loaded)
        for part in loaded.children():
            part.train()
        assert torch.equal(score(loaded, *pair), before)
        assert sha256_of_tensors(loaded) == tensors

    def test_a_step_of_what_holds_it_trains_only_the_rest(
        self, loaded: QualityModel, pair: tuple[Tensor, Tensor]
    ) -> None:
        parent, before = Parent(loaded).train(), score(loaded, *pair)
        layer = sha256_of_tensors(parent.layer)
        train_a_step(parent, *arguments(loaded, *pair))
        assert torch.equal(score(loaded, *pair), before)
        assert sha256_of_tensors(parent.layer) != layer

    def test_copies_score_to_the_digit(self, loaded: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        before, file = score(loaded, *pair), io.BytesIO()
        torch.save(loaded, file)
        file.seek(0)
        for twin in (
            copy.deepcopy(loaded),
            pickle.loads(pickle.dumps(loaded)),  # noqa: S301 (just written)
            torch.load(file, weights_only=False),
        ):
            assert torch.equal(score(twin, *pair), before)
            assert not twin.train().training
            assert twin.is_as_loaded()

    def test_keeps_its_precision_where_a_low_one_is_asked_for(
        self, loaded: QualityModel, pair: tuple[Tensor, Tensor]
    ) -> None:
        before = score(loaded, *pair)
        parent = Parent(loaded)
        parent.half().to(torch.bfloat16)
        assert parent.layer.weight.dtype == torch.bfloat16
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert torch.equal(score(loaded, *pair), before)
            named = dict(zip(("distorted", "reference"), arguments(loaded, *pair), strict=False))
            assert torch.equal(loaded.terms(**named)["score"], before)
        assert torch.equal(score(loaded, *pair), before)

    def test_scores_to_the_digit_after_double_and_back(self, loaded: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        before = score(loaded, *pair)
        parent = Parent(loaded).double()
        double = score(loaded, *(images.double() for images in pair))
        torch.testing.assert_close(before.double(), double, rtol=1e-3, atol=1e-4)
        parent.float()
        assert torch.equal(score(loaded, *pair), before)
        assert loaded.is_as_loaded()

    def test_is_no_longer_as_loaded_with_other_weights(self, loaded: QualityModel) -> None:
        assert loaded.is_as_loaded()
        for parameter in loaded.parameters():
            with torch.no_grad():
                parameter.mul_(1.01)
            assert not loaded.is_as_loaded()
            return

    def test_scores_alike_in_distributed_data_parallel(
        self, loaded: QualityModel, pair: tuple[Tensor, Tensor], tmp_path: Path
    ) -> None:
        before, expected = score(loaded, *pair), Parent(loaded)(*arguments(loaded, *pair))
        with one_process(tmp_path):
            parent = nn.parallel.DistributedDataParallel(Parent(loaded)).train()
            torch.testing.assert_close(parent(*arguments(loaded, *pair)), expected, rtol=TOLERANCE, atol=1e-5)
            train_a_step(parent, *arguments(loaded, *pair))
        assert torch.equal(score(loaded, *pair), before)
        assert loaded.is_as_loaded()

    @pytest.mark.slow
    @pytest.mark.usefixtures("as_users_run_it")
    @pytest.mark.filterwarnings("ignore::UserWarning")  # torch's own, about what it traces
    def test_scores_to_the_digit_when_compiled(self, loaded: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        images, slope = arguments(loaded, *pair), gradients_of(loaded, *pair)
        torch._dynamo.reset()
        compiled = torch.compile(loaded, backend="aot_eager")
        with torch.no_grad():
            assert torch.equal(compiled(*images), score(loaded, *pair))
        inputs = [each.clone().requires_grad_() for each in images]
        through = torch.autograd.grad(torch.compile(Parent(loaded), backend="aot_eager")(*inputs).sum(), inputs[0])
        torch.testing.assert_close(through[0], slope[0])

    @pytest.mark.usefixtures("as_users_run_it")
    def test_inside_vmap_is_an_error(self, loaded: QualityModel, pair: tuple[Tensor, Tensor]) -> None:
        with pytest.raises(InputError, match="vmap"):
            torch.vmap(lambda *images: loaded(*(image[None] for image in images)))(*arguments(loaded, *pair))

    def test_a_trainable_copy_trains_and_leaves_it_alone(
        self, loaded: QualityModel, pair: tuple[Tensor, Tensor]
    ) -> None:
        before = score(loaded, *pair)
        twin = loaded.trainable()
        assert twin.training
        assert twin.provenance is None
        assert any(parameter.requires_grad for parameter in twin.parameters()) == bool(list(twin.parameters()))
        twin(*arguments(twin, *pair))
        assert torch.equal(score(loaded, *pair), before)

    def test_is_one_line_when_printed(self, loaded: QualityModel) -> None:
        line = str(loaded)
        assert len(line.splitlines()) == 1
        assert all(word in line for word in ("'tiny'", f"{loaded.info.better} is better", "tiny.pth", "float32 on cpu"))
        assert line in repr(Parent(loaded))


def arguments(model: QualityModel, distorted: Tensor, reference: Tensor) -> tuple[Tensor, ...]:
    """What the model's forward takes of a pair."""
    return (distorted, reference) if model.needs_reference else (distorted,)


def score(model: QualityModel, distorted: Tensor, reference: Tensor) -> Tensor:
    """Scores without gradient."""
    with torch.no_grad():
        scores: Tensor = model(*arguments(model, distorted, reference))
    return scores


def gradients_of(model: QualityModel, distorted: Tensor, reference: Tensor) -> tuple[Tensor, ...]:
    """Of the sum of the scores, to every image that the model takes."""
    inputs = [images.clone().requires_grad_() for images in arguments(model, distorted, reference)]
    return torch.autograd.grad(model(*inputs).sum(), inputs)


def side(model: QualityModel) -> int:
    """Pixels a side that the model can score."""
    return max(SIDE, model.smallest_side + 3)


def smooth_images(pixels: int) -> Tensor:
    """Two images with structure at many scales, in [0.15, 0.85]."""
    generator = torch.Generator().manual_seed(0)
    images = torch.zeros(2, 3, pixels, pixels)
    for coarseness in (4, 11, 22, 44):
        coarse = torch.rand(2, 3, coarseness, coarseness, generator=generator)
        images += torch.nn.functional.interpolate(coarse, size=(pixels, pixels), mode="bilinear") / 4
    return 0.15 + 0.7 * images


def noisy(sigma: float, pixels: int) -> Tensor:
    """The same images with noise."""
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(2, 3, pixels, pixels, generator=generator)
    return (smooth_images(pixels) + sigma * noise).clamp(0, 1)
