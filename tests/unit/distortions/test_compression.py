import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from acutance.distortions import KINDS, distort
from acutance.distortions.artefacts import jpeg2000_file


@pytest.mark.parametrize(("level", "quality"), [(1, 43), (2, 36), (3, 24), (4, 7), (5, 4)])
def test_jpeg_is_what_pillow_saves_at_the_quality(level: int, quality: int, crop: NDArray[np.uint8]):
    file = io.BytesIO()
    Image.fromarray(crop).save(file, "JPEG", quality=quality, subsampling=2)
    np.testing.assert_array_equal(distort(crop, "jpeg", level), np.asarray(Image.open(file)))


@pytest.mark.parametrize("ratio", [16, 32, 45, 120, 400])
def test_a_jpeg_2000_file_is_smaller_by_the_ratio(ratio: int, examples: dict[str, NDArray[np.uint8]]):
    image = examples["coffee"]
    assert image.size / len(jpeg2000_file(image, ratio)) == pytest.approx(ratio, rel=0.06)


def test_jpeg_2000_is_coded_with_the_irreversible_transforms(crop: NDArray[np.uint8]):
    file = jpeg2000_file(crop, 16)
    coding = file[file.index(b"\xff\x52") :]  # the segment COD of ISO/IEC 15444-1, A.6.1
    assert coding[8] == 1  # the colour transform is on
    assert coding[13] == 0  # 0 is the irreversible 9-7 wavelet, 1 the reversible 5-3


@pytest.mark.parametrize("level", range(1, 6))
def test_jpeg_2000_is_what_its_file_shows(level: int, crop: NDArray[np.uint8]):
    file = jpeg2000_file(crop, KINDS["jp2k"].values[level - 1])
    np.testing.assert_array_equal(distort(crop, "jp2k", level), np.asarray(Image.open(io.BytesIO(file))))


@pytest.mark.parametrize("kind", ["jpeg", "jp2k"])
def test_codecs_round_floats_to_eight_bits(kind: str, crop: NDArray[np.uint8]):
    nearly = (crop + np.random.default_rng(0).uniform(-0.4, 0.4, crop.shape)).clip(0, 255) / 255
    np.testing.assert_allclose(distort(nearly, kind, 3) * 255, distort(crop, kind, 3), atol=1e-9)
