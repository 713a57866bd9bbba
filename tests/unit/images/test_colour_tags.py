"""Colour said otherwise than by a profile: PNG's chunks, AVIF's nclx, Exif; and HDR."""

import io
import json
import logging
import math
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image
from typer.testing import CliRunner

import acutance
from acutance.cli.app import app
from acutance.errors import ConfigError, ImageReadError
from acutance.evaluation import evaluate
from acutance.images.decode import file_pixels
from acutance.images.read import read_image, reading_settings
from tests.fakes import pictures, saved
from tests.raising import raises

CASES = Path(__file__).parents[2] / "data" / "cases"
REFERENCE = CASES / "border_reference.png"
P3_PSNR = 57.86682167716193
"""Display P3 as sRGB beside the reference, from an independent computation in float64."""
D65 = (0.3127, 0.329)
BT709 = (*D65, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
P3 = (*D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
ADOBE = (*D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
P3_TO_SRGB = np.array(
    [
        [1.2249401762805598, -0.2249401762805598, 0.0],
        [-0.0420569547096881, 1.0420569547096881, 0.0],
        [-0.0196375545903344, -0.0786360455506319, 1.0982736001409663],
    ]
)
"""Linear Display P3 to linear sRGB (CSS Color 4, section 18)."""
BT2020_TO_SRGB = np.array(
    [
        [1.6604910021084345, -0.5876411387885496, -0.0728498633198849],
        [-0.1245504745915907, 1.1328998971259603, -0.0083494226043695],
        [-0.0181507633549053, -0.1005788980080074, 1.1187296613629127],
    ]
)
"""Linear BT.2020 to linear sRGB (ITU-R BT.2087)."""


def decoded(values):
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def encoded(linear):
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def read_png(pixels, *chunks, **options):
    return read_image(io.BytesIO(pictures.png_bytes(pixels, chunks=chunks)), **options)


@pytest.mark.parametrize(
    ("name", "psnr", "tolerance"),
    [
        ("colour_cicp_p3.png", P3_PSNR, 0.001),
        ("colour_icc_p3.png", P3_PSNR, 0.01),
        ("colour_gama45455.png", math.inf, 0.0),
    ],
)
def test_the_colour_files_have_their_right_psnr_by_python_and_by_command_line(name: str, psnr: float, tolerance: float):
    score = acutance.score(CASES / name, reference=REFERENCE, model="psnr")
    assert isinstance(score, acutance.Score)
    assert score.value == pytest.approx(psnr, abs=tolerance)
    arguments = ["score", str(CASES / name), "--reference", str(REFERENCE), "-m", "psnr", "--format", "json"]
    result = CliRunner().invoke(app, arguments)
    (row,) = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (math.inf if row.get("note") == "infinite" else row["score"]) == pytest.approx(psnr, abs=tolerance)


def test_a_float_tiff_of_a_picture_equals_it():
    whole = read_image(REFERENCE)
    score = acutance.score(CASES / "float_rgb.tif", reference=whole[:96, :96], model="psnr")
    assert isinstance(score, acutance.Score)
    assert score.value == math.inf


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [3, 4])
def test_display_p3_by_cicp_becomes_srgb(dtype: type, channels: int):
    pixels = pictures.noise((16, 16, channels), dtype)
    pixels[..., 3:] = np.iinfo(dtype).max
    read = read_png(pixels, pictures.coded_chunk(12, 13))
    wanted = encoded(decoded(pixels[..., :3] / np.iinfo(dtype).max) @ P3_TO_SRGB.T)
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, wanted, atol=1e-6)


def test_white_and_greys_of_another_space_stay_neutral():
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    for primaries in (4, 5, 6, 9, 11, 12, 22):
        read = read_png(ramp, pictures.coded_chunk(primaries, 13))
        np.testing.assert_allclose(read, ramp / 255, atol=1e-6)


def test_grey_of_another_space_keeps_one_channel():
    pixels = pictures.noise((8, 8, 1))
    data = pictures.png_bytes(pixels, chunks=[pictures.coded_chunk(12, 4)])
    decoded_grey = file_pixels(io.BytesIO(data), "a.png")
    assert decoded_grey.pixels.shape == (8, 8, 1)
    np.testing.assert_allclose(decoded_grey.pixels, encoded((pixels / 255) ** 2.2), atol=1e-6)


@pytest.mark.parametrize(("primaries", "transfer"), [(1, 13), (1, 1), (1, 6), (2, 2), (1, 14)])
def test_code_points_of_srgb_and_of_video_leave_the_pixels(primaries: int, transfer: int):
    pixels = pictures.noise((8, 8, 3))
    np.testing.assert_array_equal(read_png(pixels, pictures.coded_chunk(primaries, transfer)), pixels, strict=True)


@pytest.mark.parametrize(("transfer", "light"), [(4, lambda v: v**2.2), (5, lambda v: v**2.8), (8, lambda v: v)])
def test_other_curves_by_cicp_are_applied(transfer: int, light):
    pixels = pictures.noise((8, 8, 3))
    read = read_png(pixels, pictures.coded_chunk(1, transfer))
    np.testing.assert_allclose(read, encoded(light(pixels / 255)), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_narrow_range_by_cicp_is_widened(dtype: type):
    step = 1 if dtype == np.uint8 else 256
    pixels = np.array([[[0, 16, 17], [125, 235, 255]]], dtype) * dtype(step)
    read = read_png(pixels, pictures.coded_chunk(1, 13, full=0))
    wanted = np.clip((pixels / step - 16) / 219, 0, 1)
    np.testing.assert_allclose(read, wanted, atol=1e-6)


@pytest.mark.parametrize(("coded", "value"), [((3, 13, 0), 3), ((99, 13, 0), 99), ((1, 9, 0), 9), ((1, 13, 6), 6)])
def test_code_points_that_nobody_knows_are_an_error_that_names_them(coded: tuple[int, int, int], value: int):
    data = pictures.png_bytes(pictures.noise((4, 4, 3)), chunks=[pictures.coded_chunk(*coded)])
    with raises(ImageReadError, "a.png", value):
        file_pixels(io.BytesIO(data), "a.png")


def test_chunks_are_obeyed_in_the_order_of_the_specification():
    pixels = pictures.noise((8, 8, 3))
    adobe, gamma = pictures.profile_chunk(pictures.adobe_rgb_profile()), pictures.gamma_chunk(1.0)
    by_code = read_png(pixels, pictures.coded_chunk(12, 13))
    by_profile, by_gamma = read_png(pixels, adobe), read_png(pixels, gamma)
    np.testing.assert_array_equal(read_png(pixels, gamma, adobe, pictures.coded_chunk(12, 13)), by_code)
    np.testing.assert_array_equal(read_png(pixels, gamma, (b"sRGB", b"\0"), adobe), by_profile)
    np.testing.assert_array_equal(read_png(pixels, gamma, (b"sRGB", b"\0")), pixels, strict=True)
    np.testing.assert_allclose(by_gamma, encoded(pixels / 255), atol=1e-6)


@pytest.mark.parametrize("gamma", [0.45455, 0.435, 0.475])
def test_a_gamma_near_that_of_srgb_leaves_the_pixels(gamma: float):
    pixels = pictures.noise((8, 8, 3))
    near = pictures.primaries_chunk(*(value + 0.008 for value in BT709))
    for chunks in ([pictures.gamma_chunk(gamma)], [pictures.gamma_chunk(gamma), near], [near]):
        np.testing.assert_array_equal(read_png(pixels, *chunks), pixels, strict=True)


@pytest.mark.parametrize("gamma", [0.42, 0.49, 1.0])
def test_another_gamma_is_applied_with_the_primaries_of_srgb(gamma: float):
    pixels = pictures.noise((8, 8, 3), np.uint16)
    read = read_png(pixels, pictures.gamma_chunk(gamma))
    np.testing.assert_allclose(read, encoded((pixels / 65535) ** (1 / gamma)), atol=1e-6)


def test_other_primaries_by_chrm_are_converted_with_or_without_a_gamma():
    pixels = pictures.noise((8, 8, 3))
    alone = read_png(pixels, pictures.primaries_chunk(*P3))
    np.testing.assert_allclose(alone, encoded(decoded(pixels / 255) @ P3_TO_SRGB.T), atol=1e-6)
    adobe = read_png(pixels, pictures.primaries_chunk(*ADOBE), pictures.gamma_chunk(256 / 563))
    profile = read_png(pixels, pictures.profile_chunk(pictures.adobe_rgb_profile()))
    assert np.abs(adobe - profile).max() < 0.3 / 255


@pytest.mark.parametrize(
    "chunk", [pictures.gamma_chunk(0), pictures.primaries_chunk(*[0.3] * 8), (b"cHRM", b"short"), (b"gAMA", b"")]
)
def test_chunks_without_sense_are_ignored_with_a_warning(chunk: tuple[bytes, bytes], caplog: pytest.LogCaptureFixture):
    data = bytearray(pictures.png_bytes(pictures.noise((4, 4, 3)), chunks=[chunk]))
    with caplog.at_level(logging.WARNING):
        try:
            read = file_pixels(io.BytesIO(bytes(data)), "a.png").pixels
        except ImageReadError:
            return  # Pillow refuses chunks that are too short
    np.testing.assert_array_equal(read, pictures.noise((4, 4, 3)))
    assert "a.png" in caplog.text


@pytest.mark.parametrize("loaded", [False, True])
def test_a_picture_opened_by_pillow_says_its_cicp_too(tmp_path: Path, *, loaded: bool):
    path = pictures.write_png(tmp_path / "a.png", pictures.noise((8, 8, 3)), chunks=[pictures.coded_chunk(12, 13)])
    with Image.open(path) as image:
        if loaded:
            image.load()
        np.testing.assert_array_equal(read_image(image), read_image(path), strict=True)


def test_avif_says_its_colour_by_nclx():
    data = saved.by_pillow("AVIF", quality=100, subsampling="4:4:4")
    plain = read_image(io.BytesIO(data))
    p3 = read_image(io.BytesIO(saved.with_nclx(data, 12, 13)))
    np.testing.assert_allclose(p3, encoded(decoded(plain / 255) @ P3_TO_SRGB.T), atol=1e-6)
    for same in ((1, 13), (1, 1), (2, 2)):
        np.testing.assert_array_equal(read_image(io.BytesIO(saved.with_nclx(data, *same))), plain, strict=True)
    with raises(ImageReadError, 77):
        read_image(io.BytesIO(saved.with_nclx(data, 77, 13)))


def test_a_profile_comes_before_nclx():
    data = saved.by_pillow("AVIF", quality=100, subsampling="4:4:4", icc_profile=pictures.adobe_rgb_profile())
    if b"nclx" in data:
        data = saved.with_nclx(data, 12, 13)
    plain = read_image(io.BytesIO(saved.by_pillow("AVIF", quality=100, subsampling="4:4:4")))
    wanted = read_png(plain, pictures.profile_chunk(pictures.adobe_rgb_profile()))
    np.testing.assert_array_equal(read_image(io.BytesIO(data)), wanted)


def exif_of(colour_space: int | None, index: str | None) -> Image.Exif:
    exif = Image.Exif()
    if colour_space is not None:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ColorSpace] = colour_space
    if index is not None:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.IFD.Interop] = {1: index}
    return exif


@pytest.mark.parametrize(("image_format", "options"), [("JPEG", {"quality": 95}), ("WEBP", {"lossless": True})])
@pytest.mark.parametrize(("colour_space", "index"), [(2, None), (0xFFFF, "R03")])
def test_exif_that_names_adobe_rgb_is_obeyed(image_format: str, options, colour_space: int, index: str | None):
    plain = read_image(io.BytesIO(saved.by_pillow(image_format, **options)))
    named = read_image(io.BytesIO(saved.by_pillow(image_format, exif=exif_of(colour_space, index), **options)))
    wanted = read_png(plain, pictures.profile_chunk(pictures.adobe_rgb_profile()))
    assert np.abs(named - wanted).max() < 0.3 / 255


def test_a_profile_comes_before_exif():
    exif, profile = exif_of(2, None), saved.srgb_profile()
    plain, tagged = saved.by_pillow("JPEG"), saved.by_pillow("JPEG", exif=exif, icc_profile=profile)
    np.testing.assert_array_equal(read_image(io.BytesIO(tagged)), read_image(io.BytesIO(plain)), strict=True)


@pytest.mark.parametrize(
    ("colour_space", "index", "is_told"), [(1, None, False), (0xFFFF, "R98", False), (0xFFFF, None, True)]
)
def test_exif_that_names_no_other_space_leaves_the_pixels(
    colour_space: int, index: str | None, caplog: pytest.LogCaptureFixture, *, is_told: bool
):
    plain, tagged = saved.by_pillow("JPEG"), saved.by_pillow("JPEG", exif=exif_of(colour_space, index))
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(read_image(io.BytesIO(tagged)), read_image(io.BytesIO(plain)), strict=True)
    assert bool(caplog.records) == is_told


def jpeg2000_with(colour: bytes) -> bytes:
    """A JPEG 2000 file with another colr box."""
    data = saved.by_pillow("JPEG2000", irreversible=False)
    place = data.index(b"colr") - 4
    (size,) = struct.unpack_from(">I", data, place)
    header = data.index(b"jp2h") - 4
    (outer,) = struct.unpack_from(">I", data, header)
    box = struct.pack(">I", 8 + len(colour)) + b"colr" + colour
    grown = struct.pack(">I", outer + len(box) - size)
    return data[:header] + grown + data[header + 4 : place] + box + data[place + size :]


def test_jpeg_2000_says_its_colour_by_a_profile():
    read = read_image(io.BytesIO(jpeg2000_with(b"\2\0\0" + pictures.adobe_rgb_profile())))
    wanted = read_png(saved.picture(), pictures.profile_chunk(pictures.adobe_rgb_profile()))
    np.testing.assert_array_equal(read, wanted)
    same = read_image(io.BytesIO(jpeg2000_with(b"\1\0\0" + struct.pack(">I", 16))))
    np.testing.assert_array_equal(same, saved.picture(), strict=True)


def test_a_colour_space_of_jpeg_2000_that_is_not_read_is_an_error():
    with raises(ImageReadError, 20):
        read_image(io.BytesIO(jpeg2000_with(b"\1\0\0" + struct.pack(">I", 20))))


def test_the_colour_flag_of_qoi_is_ignored_as_its_specification_says():
    for colorspace in ("sRGB", "linear"):
        read = read_image(io.BytesIO(saved.by_pillow("QOI", colorspace=colorspace)))
        np.testing.assert_array_equal(read, saved.picture(), strict=True)


@pytest.mark.parametrize(("transfer", "kind"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_an_error_that_names_it_and_the_option(transfer: int, kind: str):
    pixels = pictures.noise((4, 4, 3), np.uint16)
    for file in (
        pictures.png_bytes(pixels, chunks=[pictures.coded_chunk(9, transfer)]),
        saved.with_nclx(saved.by_pillow("AVIF"), 9, transfer),
    ):
        with raises(ImageReadError, "HDR", kind, "--hdr-peak"):
            read_image(io.BytesIO(file))


def pq_values(nits):
    """SMPTE ST 2084, the inverse EOTF, written out with its published decimals."""
    y = (np.asarray(nits, dtype=float) / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


def test_pq_below_the_knee_keeps_its_nits_and_its_colour():
    """Under 26 nits BT.2390 changes nothing for a display of 203: light is nits / 203 in BT.2020."""
    nits = np.random.default_rng(0).uniform(0.5, 20, (8, 8, 3))
    pixels = np.rint(65535 * pq_values(nits)).astype(np.uint16)
    read = read_png(pixels, pictures.coded_chunk(9, 16), hdr_peak=203)
    np.testing.assert_allclose(read, encoded(nits / 203 @ BT2020_TO_SRGB.T), atol=2e-4)


@pytest.mark.parametrize("peak", [100.0, 203.0, 1000.0])
def test_pq_follows_the_eetf_of_bt_2390(peak: float):
    """The values of the recommendation's steps, in PQ: E1 by the source's peak, knee, Hermite spline."""
    nits = np.array([1.0, 50.0, 203.0, 1000.0, 4000.0, 10000.0])
    highest = float(pq_values(peak))
    knee = 1.5 * highest - 0.5
    values = pq_values(nits)
    t = (values - knee) / (1 - knee)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * highest
    target = np.where(values < knee, values, spline)
    grid = np.linspace(0, peak * 1.001, 2_000_000)
    shown = np.interp(target, pq_values(grid), grid)
    pixels = np.rint(65535 * values).astype(np.uint16).reshape(1, -1, 1).repeat(3, axis=2)
    read = read_png(pixels, pictures.coded_chunk(9, 16), hdr_peak=peak)
    np.testing.assert_allclose(read[0, :, 0], encoded(shown / peak), atol=3e-4)
    assert read[0, -1, 0] == pytest.approx(1, abs=1e-6)


def test_hlg_on_its_own_display_is_shown_by_its_system_gamma():
    """BT.2100: 0.75 is 203 of 1,000 nits, 1 is 1,000."""
    pixels = np.rint(65535 * np.array([[[0.0], [0.75], [1.0]]])).astype(np.uint16)
    read = read_png(pixels, pictures.coded_chunk(9, 18), hdr_peak=1000)
    np.testing.assert_allclose(read[0, :, 0], encoded(np.array([0, 0.203, 1])), atol=1e-3)


@pytest.mark.parametrize("peak", [0.0, 49.0, 10_001.0, -203.0, math.nan, math.inf])
def test_a_peak_that_no_display_has_is_an_error(peak: float):
    with raises(ConfigError, "hdr_peak"):
        read_image(np.zeros((2, 2)), hdr_peak=peak)


def test_the_peak_changes_no_picture_of_standard_range():
    np.testing.assert_array_equal(read_image(REFERENCE, hdr_peak=203), read_image(REFERENCE), strict=True)


def test_provenance_says_the_rule_of_tone_mapping_and_the_peak():
    assert "hdr" not in reading_settings("white")
    assert "203" in reading_settings("white", 203.0)["hdr"]
    assert "BT.2390" in reading_settings("white", 203.0)["hdr"]


def test_an_hdr_pair_scores_by_command_line_once_the_peak_is_given(tmp_path: Path):
    pixels = pictures.noise((32, 32, 3), np.uint16)
    path = pictures.write_png(tmp_path / "a.png", pixels, chunks=[pictures.coded_chunk(9, 16)])
    arguments = ["score", str(path), "--reference", str(path), "-m", "psnr", "-o", str(tmp_path / "scores.csv")]
    assert CliRunner().invoke(app, arguments).exit_code == 1
    result = CliRunner().invoke(app, [*arguments, "--overwrite", "--hdr-peak", "203"])
    assert result.exit_code == 0
    provenance = json.loads((tmp_path / "scores.csv.provenance.json").read_text())
    assert "203" in provenance["reading"]["hdr"]


@pytest.fixture
def hdr_folder(tmp_path: Path) -> Path:
    """Three HDR images in each of two folders, and a table that rates those of one."""
    for index in range(3):
        for place in ("out", "truth"):
            pixels = pictures.noise((32, 32, 3), np.uint16, seed=index + 10 * (place == "out"))
            (tmp_path / place).mkdir(exist_ok=True)
            pictures.write_png(tmp_path / place / f"{index}.png", pixels, chunks=[pictures.coded_chunk(9, 16)])
    rows = [f"out/{index}.png,truth/{index}.png,{index}" for index in range(3)]
    (tmp_path / "rated.csv").write_text("\n".join(["image,reference,mos", *rows]) + "\n")
    return tmp_path


def test_hdr_pictures_are_compared_once_the_peak_is_given(hdr_folder: Path):
    out, truth, results = (str(hdr_folder / name) for name in ("out", "truth", "results"))
    arguments = ["compare", out, "--reference", truth, "-m", "psnr", "--draws", "0", "-o", results]
    assert CliRunner().invoke(app, arguments).exit_code == 1
    assert CliRunner().invoke(app, [*arguments, "--overwrite", "--hdr-peak", "203"]).exit_code == 0
    scores = json.loads((hdr_folder / "results/comparison.json").read_text())["provenance"]["scores"]
    assert "203" in scores["reading"]["hdr"]
    again = acutance.compare([out], reference=truth, model="psnr", draws=0, hdr_peak=203)
    assert again.results[0].count == 3
    assert acutance.compare([out], reference=truth, model="psnr", draws=0).results[0].failed == 3


def test_hdr_pictures_are_evaluated_once_the_peak_is_given(hdr_folder: Path):
    rated, results = str(hdr_folder / "rated.csv"), str(hdr_folder / "results")
    arguments = ["evaluate", "psnr", "--data", rated, "--draws", "0", "-o", results]
    assert CliRunner().invoke(app, [*arguments, "--hdr-peak", "203"]).exit_code == 0
    described = json.loads((hdr_folder / "results/eval_results.json").read_text())["provenance"]
    assert "203" in described["rated"]["reading"]["hdr"]
    run = evaluate("psnr", data=rated, draws=0, hdr_peak=203)
    assert (run.evaluations[0].agreement.count, run.evaluations[0].failed) == (3, 0)
    assert evaluate("psnr", data=rated, draws=0).evaluations[0].failed == 3
