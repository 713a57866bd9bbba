import pytest

from acutance.datasets.catalogue import read_dataset
from acutance.datasets.kadid import KADID_DISTORTIONS
from acutance.errors import DatasetError
from tests.raising import raises
from tests.unit.datasets.conftest import read_rows


def test_dmos_stays_better_when_higher_and_var_is_a_deviation(fake):
    rows = read_rows("kadid10k", fake("kadid10k"))
    least, most = rows["images/I81_25_01.png"], rows["images/I81_25_05.png"]
    assert (least.better, least.mos, most.mos) == ("higher", 4.3, 1.5)
    assert (least.distortion, least.level, most.level) == ("Contrast change", 1, 5)
    assert (least.mos_std, least.num_votes, least.reference) == (0.496, 30, "images/I81.png")


@pytest.mark.parametrize(("mean", "deviation"), [(4.57, 0.496), (4.33, 0.869)])
def test_the_published_var_is_the_deviation_of_thirty_whole_votes(mean: float, deviation: float):
    """With the true mean k / 30, the sum of squares 30 (mean^2 + deviation^2) is a whole number."""
    exact_mean = round(mean * 30) / 30
    as_deviation = 30 * (exact_mean**2 + deviation**2)
    as_variance = 30 * (exact_mean**2 + deviation)
    assert as_deviation == pytest.approx(round(as_deviation), abs=0.03)
    assert as_variance != pytest.approx(round(as_variance), abs=0.03)


def test_there_are_25_kinds_in_the_published_order():
    assert len(KADID_DISTORTIONS) == 25
    assert (KADID_DISTORTIONS[0], KADID_DISTORTIONS[9], KADID_DISTORTIONS[24]) == (
        "Gaussian blur",
        "JPEG",
        "Contrast change",
    )


def test_kadis_has_five_levels_of_one_kind_for_each_pristine_picture(fake):
    rows = read_rows("kadis700k", fake("kadis700k"))
    levels = [rows[f"dist_imgs/zoo_15_0{level}.bmp"] for level in range(1, 6)]
    assert [row.level for row in levels] == [1, 2, 3, 4, 5]
    assert {(row.reference, row.distortion, row.mos) for row in levels} == {("ref_imgs/zoo.jpg", "Denoise", None)}
    assert rows["dist_imgs/abc_def_07_01.bmp"].reference == "ref_imgs/abc_def.png"


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("kadid10k", "I01_26_01.png,I01.png,3.1,0.5", ("I01_01_01.png", "dmos.csv", 2, "I01_26_01.png")),
        ("kadid10k", "I01_01_01.png,,3.1,0.5", ("dmos.csv", 2, "ref_img")),
        ("kadid10k", "I01_01_01.png,I01.png,,0.5", ("dmos.csv", 2, "dmos")),
        ("kadid10k", "I01_01_01.png,I01.png,3.1,0.5,7", (4, "dmos.csv", 2, 5)),
        ("kadis700k", "zoo.jpg,26", (1, 25, "kadis700k_ref_imgs.csv", 2, "dist_type_1", 26)),
        ("kadis700k", "zoo.jpg", ("kadis700k_ref_imgs.csv", 2, "dist_type_1")),
    ],
)
def test_a_damaged_list_names_file_line_and_column(fake, name: str, line: str, words: tuple[object, ...]):
    root = fake(name)
    path = root / ("dmos.csv" if name == "kadid10k" else "kadis700k_ref_imgs.csv")
    path.write_text(path.read_text().splitlines()[0] + "\n" + line + "\n")
    with raises(DatasetError, *words):
        read_dataset(name, root)
