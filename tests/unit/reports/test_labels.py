import pytest

from acutance.reports.plots.labels import all_wrapped, wrapped


@pytest.mark.parametrize("name", ["x" * 200, "a-b_c.d/" * 30, "a", "", "with spaces in it", "ends_with_"])
def test_a_name_never_takes_more_room_than_it_has(name: str):
    lines = wrapped(name, 12, 3).splitlines()
    assert len(lines) <= 3
    assert all(len(line) <= 12 for line in lines)
    if len(name) <= 18:
        assert "".join(wrapped(name, 12, 3).split()) == "".join(name.split())


def test_names_that_shortening_would_make_equal_stay_whole():
    long = [f"{'a' * 60}{place}{'b' * 60}" for place in range(2)]
    found = all_wrapped(long, 10, 2)
    assert [name.replace("\n", "") for name in found] == long
