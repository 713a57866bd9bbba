from pathlib import Path

from acutance.datasets.catalogue import read_dataset
from acutance.errors import DatasetError
from tests.fakes.datasets.files import write_images, write_lines
from tests.raising import raises
from tests.unit.datasets.conftest import read_rows


def write_lists(root: Path) -> None:
    """TID2013 as A-FINE has it: names in small letters, the reference with a wrong ending in one list."""
    write_images(root / "images", ["i01.bmp", "i25.bmp", "i01_08_1.bmp", "i01_08_2.bmp", "i25_24_5.bmp"])
    write_lines(root / "Train/MOS/i01.txt", ["i01_08_1.bmp,i01.png,5.5", "i01_08_2.bmp,i01.bmp,4.25"])
    write_lines(root / "Test/MOS/i25.txt", ["I25_24_5.bmp,i25.bmp,1.5"])


def test_the_lists_of_afine_bring_their_split(tmp_path: Path):
    write_lists(tmp_path)
    rows = read_rows("tid2013", tmp_path)
    assert {name: (row.reference, row.mos, row.split) for name, row in rows.items()} == {
        "images/i01_08_1.bmp": ("images/i01.bmp", 5.5, "train"),
        "images/i01_08_2.bmp": ("images/i01.bmp", 4.25, "train"),
        "images/i25_24_5.bmp": ("images/i25.bmp", 1.5, "test"),
    }
    assert rows["images/i25_24_5.bmp"].distortion == "Sparse sampling and reconstruction"


def test_kadid_lists_have_the_deviation_as_fourth_column(tmp_path: Path):
    write_images(tmp_path / "images", ["I01.png", "I01_01_02.png"])
    write_lines(tmp_path / "Validation/MOS/I01.txt", ["I01_01_02.png,I01.png,4.33,0.869"])
    row = read_rows("kadid10k", tmp_path)["images/I01_01_02.png"]
    assert (row.mos, row.mos_std, row.split, row.level) == (4.33, 0.869, "validation", 2)


def test_pipal_lists_are_read_too(tmp_path: Path):
    write_images(tmp_path / "images", ["A0002.bmp", "A0002_00_00.bmp"])
    write_lines(tmp_path / "Train/MOS/A0002.txt", ["A0002_00_00.bmp,A0002.bmp,1466.4372"])
    assert read_rows("pipal", tmp_path)["images/A0002_00_00.bmp"].mos == 1466.4372


def test_a_missing_picture_or_reference_is_named(tmp_path: Path):
    write_lists(tmp_path)
    (tmp_path / "images" / "i25.bmp").unlink()
    with raises(DatasetError, 5, "TID2013", 4, "images/i25.bmp"):
        read_dataset("tid2013", tmp_path)


def test_a_line_of_another_length_is_refused(tmp_path: Path):
    write_lists(tmp_path)
    write_lines(tmp_path / "Test/MOS/i25.txt", ["i25_24_5.bmp,1.5"])
    with raises(DatasetError, 3, 4, "i25.txt", 1, 2):
        read_dataset("tid2013", tmp_path)
