from acutance.tables.text import some


def test_few_names_are_told_and_many_are_counted():
    assert some(["a", "b", "c"]) == "a, b, c"
    assert some(["a", "b", "c", "d"]) == "a, b, c and 1 more"
    assert some(["a", "b", "c", "d"], 1) == "a and 3 more"
