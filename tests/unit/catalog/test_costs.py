"""Sizes, multiply-adds, time and memory: the counter against published figures and arithmetic."""

import pytest
import torch
import torchvision
from torch import nn

from acutance.catalog import find_model
from acutance.errors import InputError
from acutance.inspection import cost_of, measure, measured_here, multiply_adds, parameters_of
from acutance.models.afine.model import AFINENaturalness
from acutance.models.quality_model import check_batch
from tests.fakes.afine_training import tiny_encoder


def test_products_and_convolutions_are_counted_without_biases():
    with torch.device("meta"):
        network = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(128, 5))
        count = multiply_adds(network, torch.empty(2, 3, 8, 8))
    assert count == 2 * (8 * 3 * 9 * 4 * 4 + 128 * 5)


@pytest.mark.parametrize(("name", "published"), [("resnet50", 4.09), ("vit_b_16", 17.56)])
def test_known_networks_have_their_published_multiply_adds(name: str, published: float):
    with torch.device("meta"):
        network = torchvision.models.get_model(name).eval()
        assert multiply_adds(network, torch.empty(1, 3, 224, 224)) / 1e9 == pytest.approx(published, abs=0.005)


def test_attention_is_counted():
    width, tokens, hidden = 48, 2 * 3 + 1, 192
    with torch.device("meta"):
        model = AFINENaturalness(tiny_encoder()).eval()
        count = multiply_adds(model, torch.empty(1, 3, 64, 96))
    products = 2 * tokens * (4 * width**2 + 2 * width * hidden)  # two blocks
    attention = 2 * 2 * tokens**2 * width
    patches = 6 * 3 * 32**2 * width
    assert products + attention + patches < count < 1.05 * (products + attention + patches)  # and the head


def test_a_reference_is_encoded_as_the_picture_is():
    alone, pair = (cost_of(find_model(name), 224) for name in ("afine-naturalness", "afine"))
    assert pair.multiply_adds == pytest.approx(2 * alone.multiply_adds, rel=1e-3)
    assert (alone.parts, alone.part) == (1, "")


def test_crops_are_counted_as_often_as_they_are_scored():
    small, large = (cost_of(find_model("ahiq"), side) for side in (224, 512))
    assert (small.parts, large.parts, large.part) == (1, 9, "crop")
    assert large.multiply_adds == pytest.approx(9 * small.multiply_adds, rel=0.02)


def test_a_formula_has_no_parameters():
    assert parameters_of(find_model("psnr")) == 0
    assert parameters_of(find_model("afine-tiny")) == 5_152_679


def test_pictures_without_values_are_checked_for_all_else():
    check_batch(torch.empty(1, 3, 8, 8, device="meta"), "distorted", 8)
    with pytest.raises(InputError):
        check_batch(torch.empty(1, 3, 8, 8, device="meta"), "distorted", 9)


def test_a_score_is_timed_here():
    found = measured_here("psnr", 32)
    assert 0 < found.milliseconds < 10_000
    assert found.threads == torch.get_num_threads()


@pytest.mark.slow
def test_memory_is_that_of_a_process_of_its_own():
    held = torch.ones(300_000_000)  # 1.2 GB here, of which the other process knows nothing
    found = measure("psnr", 224)
    assert found.peak_bytes is not None
    assert found.before_bytes is not None
    assert 50e6 < found.before_bytes <= found.peak_bytes < held.nbytes
