"""Numbers of places laid over an image."""

import torch

from acutance.models.ahiq.model import laid_over


def test_every_place_is_laid_over_its_pixels():
    values = torch.arange(4.0).view(1, 1, 2, 2)
    whole = laid_over(values, [(0, 0)], (16, 16), (16, 16))
    assert torch.equal(whole[0, ::8, ::8], values[0, 0])
    assert torch.equal(whole, values[0].repeat_interleave(8, 1).repeat_interleave(8, 2))


def test_crops_are_averaged_where_they_overlap():
    values = torch.tensor([1.0, 3.0]).view(1, 2, 1, 1).expand(1, 2, 2, 2)
    whole = laid_over(values, [(0, 0), (0, 4)], (16, 20), (16, 20))
    assert whole[0, 0].tolist() == [1.0] * 4 + [2.0] * 12 + [3.0] * 4


def test_pixels_without_a_crop_are_not_a_number():
    whole = laid_over(torch.ones(1, 1, 2, 2), [(0, 4)], (16, 24), (16, 24))
    assert torch.equal(torch.isnan(whole[0, 0]), torch.tensor([True] * 4 + [False] * 16 + [True] * 4))


def test_enlarged_pictures_get_maps_of_their_own_size():
    values = torch.arange(4.0).view(1, 1, 2, 2)
    whole = laid_over(values, [(0, 0)], (16, 16), (6, 4))
    assert whole[0].tolist() == [[0.0, 0.0, 1.0, 1.0]] * 3 + [[2.0, 2.0, 3.0, 3.0]] * 3
