import math
import subprocess
import sys

import pytest

from acutance.models.classic.entry import CLASSIC, ClassicRecord


def test_the_metrics_of_the_catalogue() -> None:
    assert list(CLASSIC) == [
        *("psnr", "ssim", "ms_ssim", "iw_ssim", "vif_p", "fsim", "sr_sim"),
        *("gmsd", "ms_gmsd", "vsi", "mdsi", "haarpsi", "dss"),
    ]


@pytest.mark.parametrize("record", CLASSIC.values(), ids=list(CLASSIC))
def test_records_are_whole(record: ClassicRecord) -> None:
    assert CLASSIC[record.name] is record
    assert record.info.identical is not None
    assert record.info.low <= record.info.identical <= record.info.high
    best = record.info.high if record.info.better == "higher" else record.info.low
    assert record.info.identical == best or record.name == "vif_p"  # contrast can exceed the reference's
    assert (record.info.unit == "dB") == (record.name == "psnr")
    assert math.isinf(record.info.high) == (record.name in {"psnr", "vif_p"})
    assert record.matlab.endswith(".")


def test_what_differs_from_matlab_says_so() -> None:
    assert all("Differs" in CLASSIC[name].matlab for name in ("vsi", "vif_p"))


def test_reading_the_records_imports_neither_torch_nor_piq() -> None:
    code = (
        "import sys, acutance.models.classic.entry;"
        "assert not {'torch', 'piq', 'numpy'} & set(sys.modules), 'too much imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
