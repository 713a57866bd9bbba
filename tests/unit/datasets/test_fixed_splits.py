import pytest

from acutance.datasets.splits import check_split, fixed_split
from acutance.errors import DatasetError, UnknownNameError
from tests.raising import raises
from tests.unit.datasets.tables import full_reference, rated, table_of

SIZES = {  # of training, validation and test in VTAMIQ's train_config.py, its two slips put right
    "tid2008": (15, 5, 5),
    "tid2013": (15, 5, 5),
    "csiq": (18, 6, 6),
    "live": (17, 6, 6),
    "kadid10k": (49, 16, 16),
    "pipal": (160, 0, 40),
    "pieapp": (130, 5, 5),
}


@pytest.mark.parametrize(("name", "sizes"), SIZES.items())
def test_every_reference_is_in_one_part_of_the_published_size(name: str, sizes: tuple[int, int, int]):
    table = full_reference(sum(sizes), 1, name=name)
    split = fixed_split(table)
    assert (len(split.train), len(split.validation), len(split.test)) == sizes
    check_split(split, table)


def test_references_are_counted_in_the_order_of_their_names():
    split = fixed_split(full_reference(25, 2, name="tid2013"))
    assert split.train[0] == "images/r000.bmp"
    assert split.validation == tuple(f"images/r{index:03}.bmp" for index in range(15, 20))


def test_the_last_reference_of_live_which_vtamiq_lost_tests():
    assert fixed_split(full_reference(29, 1, name="live")).test[-1] == "images/r028.bmp"


def test_tid2013s_lower_case_reference_is_still_the_last():
    names = [f"reference_images/I{index:02}.BMP" for index in range(1, 25)] + ["reference_images/i25.bmp"]
    table = table_of(*(rated(f"{index}.bmp", reference=name) for index, name in enumerate(names)), name="tid2013")
    assert fixed_split(table).test[-1] == "reference_images/i25.bmp"


def test_pieapps_references_stand_in_the_order_of_its_label_files():
    rows = [rated(f"{n}.png", None, reference=f"reference_images/train/ref_{n}.png", split="train") for n in range(140)]
    test = [rated("t.png", 1.0, reference="reference_images/test/ref_900.png", split="test")]
    split = fixed_split(table_of(*rows, *test, name="pieapp"))
    first = [name.rsplit("_", 1)[1] for name in split.train[:4]]
    assert first == ["0.png", "100.png", "101.png", "102.png"]  # ref_100_pairwise... < ref_10_pairwise... < ref_1_...
    assert "reference_images/test/ref_900.png" not in split.parts()


def test_all_of_kadis_trains():
    split = fixed_split(full_reference(50, 5, name="kadis700k"))
    assert (len(split.train), split.validation, split.test) == (50, (), ())


def test_a_half_copied_dataset_has_no_fixed_split():
    with raises(DatasetError, 25, "tid2013", 24):
        fixed_split(full_reference(24, 1, name="tid2013"))


def test_a_dataset_without_fixed_split_is_an_error():
    with raises(UnknownNameError, "koniq10k"):
        fixed_split(full_reference(24, 1, name="koniq10k"))
