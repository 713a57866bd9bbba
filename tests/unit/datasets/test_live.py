from collections import Counter

import numpy as np
import pytest

from acutance.datasets.catalogue import read_dataset
from acutance.errors import DatasetError
from tests.fakes.datasets.files import cell_array, write_mat
from tests.fakes.datasets.matlab import live_names
from tests.raising import raises
from tests.unit.datasets.conftest import read_rows


def test_entry_k_of_the_arrays_is_the_k_th_picture_of_the_blocks(fake):
    rows = read_rows("live", fake("live"))
    for index, name in enumerate(live_names()):
        if name in rows:
            assert rows[name].mos == pytest.approx((index + 1) / 10, abs=1e-12)
            assert rows[name].reference == f"refimgs/scene{index % 29:02d}.bmp"
            assert rows[name].distortion == name.split("/")[0]


def test_references_among_the_distorted_are_left_out(fake):
    root = fake("live")
    assert len(read_dataset("live", root)) == 779
    kinds = Counter(row.distortion for row in read_dataset("live", root))
    assert set(kinds) == {"jp2k", "jpeg", "wn", "gblur", "fastfading"}
    assert "jp2k/img1.bmp" not in read_rows("live", root)


def test_dmos_stays_lower_is_better_and_has_no_ends(fake):
    assert {(row.better, row.low, row.high) for row in read_dataset("live", fake("live"))} == {("lower", None, None)}


def test_arrays_of_another_length_are_refused(fake):
    root = fake("live")
    write_mat(root / "refnames_all.mat", {"refnames_all": cell_array(["a.bmp", "b.bmp"], is_column=False)})
    with raises(DatasetError, 982, "982 of dmos_new", "982 of orgs", "2 of refnames_all"):
        read_dataset("live", root)


def test_a_score_that_is_no_number_names_file_and_entry(fake):
    root = fake("live")
    scores = np.ones((1, 982))
    scores[0, 4] = np.nan
    write_mat(root / "dmos_realigned.mat", {"dmos_new": scores, "orgs": np.zeros((1, 982))})
    with raises(DatasetError, "dmos_realigned.mat", 5, "dmos_new", "nan"):
        read_dataset("live", root)


def test_names_that_are_no_texts_are_refused(fake):
    root = fake("live")
    write_mat(root / "refnames_all.mat", {"refnames_all": np.ones((1, 982))})
    with raises(DatasetError, 1, "refnames_all", "refnames_all.mat"):
        read_dataset("live", root)


def test_the_training_session_of_live_challenge_is_left_out(fake):
    rows = read_rows("livec", fake("livec"))
    assert sorted(rows) == sorted(f"Images/{name}" for name in ("10.bmp", "1024.JPG", "3.bmp", "7.bmp", "88.jpg"))
    assert (rows["Images/10.bmp"].mos, rows["Images/10.bmp"].mos_std) == (55.0, 13.75)
    assert (rows["Images/88.jpg"].mos, rows["Images/88.jpg"].split) == (75.0, None)


def test_live_challenge_with_fewer_scores_than_names_is_refused(fake):
    root = fake("livec")
    write_mat(root / "Data/AllMOS_release.mat", {"AllMOS_release": np.ones((1, 11))})
    with raises(DatasetError, 12, "Data", 11, 12):
        read_dataset("livec", root)
