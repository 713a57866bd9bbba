import shutil

from acutance.datasets.catalogue import read_dataset
from acutance.errors import DatasetError
from tests.raising import raises
from tests.unit.datasets.conftest import read_rows


def test_the_reference_is_named_by_the_first_letters(fake):
    row = read_rows("pipal", fake("pipal"))["Train_Dist/A0199_03_11.bmp"]
    assert (row.reference, row.mos, row.distortion, row.level) == ("Train_Ref/A0199.bmp", 1440.25, "03", None)
    assert (row.better, row.split) == ("higher", "train")


def test_pictures_of_the_challenges_have_no_score(fake):
    row = read_rows("pipal", fake("pipal"))["Val_Dist/A0210_00_01.bmp"]
    assert (row.reference, row.mos, row.split) == ("Val_Ref/A0210.bmp", None, "validation")


def test_the_distorted_pictures_may_lie_in_the_folders_of_their_archives(fake):
    root = fake("pipal")
    for number, scene in ((1, "A0000"), (4, "A0199")):
        target = root / f"Distortion_{number}"
        target.mkdir()
        for path in (root / "Train_Dist").glob(f"{scene}*"):
            shutil.move(path, target)
    rows = read_rows("pipal", root)
    assert {"Distortion_1/A0000_00_00.bmp", "Distortion_4/A0199_06_02.bmp"} <= set(rows)
    assert len(rows) == 8


def test_a_name_of_another_form_is_refused(fake):
    root = fake("pipal")
    (root / "Train_Label" / "A0000.txt").write_text("A0000.bmp,1400\n")
    with raises(DatasetError, "A0001_00_00.bmp", "A0000.txt", 1, "A0000.bmp"):
        read_dataset("pipal", root)
