import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from acutance.datasets.matlab_layout import check_mat_layout
from tests.raising import raises

VARIABLES = {
    "names": np.array([["bäume.bmp", "b.bmp"]], dtype=object),
    "dmos": np.linspace(0, 1, 7)[None],
    "whole": np.arange(6, dtype=np.uint8).reshape(2, 3),
    "waves": np.ones(3) * 1j,
    "none": np.zeros((0, 0)),
}


def mat(**settings: Any) -> bytes:
    file = BytesIO()
    savemat(file, VARIABLES, **settings)
    return file.getvalue()


@pytest.mark.parametrize("settings", [{}, {"do_compression": True}, {"oned_as": "column"}])
def test_what_is_laid_out_as_it_says_passes(settings: dict[str, Any]):
    check_mat_layout(mat(**settings), VARIABLES)


def test_level_4_has_no_such_sizes():
    file = BytesIO()
    savemat(file, {"dmos": np.ones(4)}, format="4")
    check_mat_layout(file.getvalue(), ["dmos"])


def test_a_variable_that_says_it_is_longer_than_it_is_is_refused():
    data = mat()
    sizes = np.array([1, 7], dtype="<i4").tobytes()
    assert data.count(sizes) == 1
    with raises(ValueError, 70000, 7):
        check_mat_layout(data.replace(sizes, np.array([1, 70_000], dtype="<i4").tobytes()), ["dmos"])


def test_variables_that_are_not_read_may_be_anything():
    data = mat().replace(np.array([1, 7], dtype="<i4").tobytes(), np.array([1, 70_000], dtype="<i4").tobytes())
    check_mat_layout(data, ["names"])


def test_a_structure_in_the_place_of_numbers_is_refused():
    file = BytesIO()
    savemat(file, {"dmos": {"values": np.ones(3)}})
    with raises(ValueError, 2):
        check_mat_layout(file.getvalue(), ["dmos"])


def test_a_compressed_variable_is_told_by_its_checksum():
    data = mat(do_compression=True)
    with pytest.raises(zlib.error):
        check_mat_layout(data[:-5] + bytes([data[-5] ^ 0xFF]) + data[-4:], VARIABLES)
