import subprocess
import sys
from typing import Any

import pytest

from acutance.datasets.catalogue import list_datasets


@pytest.mark.parametrize("facts", list_datasets(), ids=lambda facts: facts.name)
def test_facts_agree_with_themselves(facts):
    assert facts.pictures > 0
    assert facts.where.startswith("http")
    assert facts.paper
    assert facts.licence.endswith(".")
    assert (facts.low is None) == (facts.high is None)
    assert not facts.splits or sum(facts.splits.values()) == facts.rated


def test_each_distortion_of_the_classic_sets_is_at_every_level():
    by_name: dict[str, Any] = {facts.name: facts for facts in list_datasets()}
    for name, levels in (("tid2008", 4), ("tid2013", 5), ("kadid10k", 5)):
        facts = by_name[name]
        assert facts.rated == facts.references * facts.distortions * levels
    assert by_name["kadis700k"].unrated == by_name["kadis700k"].references * 5
    assert by_name["pipal"].rated == by_name["pipal"].references * 116
    assert by_name["diffiqa"].unrated == by_name["diffiqa"].references * 6
    assert by_name["pieapp"].pictures == 40 * 15 + 160 * 123
    assert by_name["sriqa_bench"].rated == by_name["sriqa_bench"].references * 11


def test_listing_datasets_loads_neither_torch_nor_scipy():
    code = "import sys; from acutance.datasets.catalogue import list_datasets; list_datasets(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "scipy", "pyarrow", "openpyxl"} & set(loaded)
