from hypothesis import given, settings
from hypothesis import strategies as st

from acutance.datasets.triplets import repeats

COUNTS = st.dictionaries(st.sampled_from(["csiq", "kadid10k", "pipal", "tid2013"]), st.integers(1, 500), min_size=1)


def test_the_example_run_with_the_authors_code_comes_out():
    counts = {"diffiqa": 3, "kadid10k": 10, "tid2013": 4}
    times = repeats(counts)
    assert {name: counts[name] * times[name] for name in counts} == {"diffiqa": 21, "kadid10k": 10, "tid2013": 8}


def test_a_long_diffiqa_repeats_the_others_and_itself():
    # 10 is the longest: 4 fits in twice, 3 three times, 8 + 9 = 17 others, 17 // 10 + 1 = 2
    assert repeats({"diffiqa": 10, "pipal": 4, "tid2013": 3}) == {"diffiqa": 2, "pipal": 2, "tid2013": 3}


def test_an_empty_list_stays_empty():
    assert repeats({"diffiqa": 5, "csiq": 0}) == {"diffiqa": 1, "csiq": 0}
    assert repeats({"diffiqa": 0, "csiq": 5}) == {"diffiqa": 0, "csiq": 1}


def test_without_diffiqa_the_others_are_balanced_all_the_same():
    assert repeats({"kadid10k": 9, "tid2013": 4}) == {"kadid10k": 1, "tid2013": 2}


@settings(deadline=None)
@given(COUNTS, st.integers(1, 500))
def test_diffiqa_outweighs_all_others_together(others: dict[str, int], main: int):
    counts = others | {"diffiqa": main}
    times = repeats(counts)
    assert main * times["diffiqa"] > sum(others[name] * times[name] for name in others)
    assert all(2 * others[name] * times[name] > max(counts.values()) for name in others)
