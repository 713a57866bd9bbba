from pathlib import Path

import pytest

from acutance.comparison.order import read_preferences
from acutance.errors import EvaluationError, UnknownNameError
from tests.raising import raises


@pytest.fixture
def votes(tmp_path: Path) -> Path:
    return tmp_path / "votes.csv"


def test_winners_and_ties_are_counted(votes: Path):
    votes.write_text("\ufefffirst,second,winner,who\na,b,a,1\na,b,tie,2\nb,a,a,3\nb,c,c,4\n")
    found = read_preferences(votes)
    assert found.methods == ["a", "b", "c"]
    assert found.wins.tolist() == [[0.0, 2.5, 0.0], [0.5, 0.0, 0.0], [0.0, 1.0, 0.0]]
    assert found.count == 4


def test_shares_of_people_are_counted(votes: Path):
    votes.write_text("second,first,first_wins\nb,a,0.75\nb,a,1\nb,a,0.5\nb,a,0\n")
    assert read_preferences(votes).wins.tolist() == [[0.0, 2.25], [1.75, 0.0]]


def test_methods_come_in_the_order_that_is_asked_for(votes: Path):
    votes.write_text("first,second,winner\na,b,a\n")
    assert read_preferences(votes, ["b", "c", "a"]).methods == ["b", "a"]
    with raises(UnknownNameError, "a", "aa"):
        read_preferences(votes, ["b", "aa"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("first", "second", "first_wins", "winner")),
        ("first,second\na,b\n", ("first", "second", "first_wins", "first", "second")),
        ("first,second,winner,first_wins\na,b,a,1\n", ("first_wins", "winner", "winner", "first_wins")),
        ("first,second,winner\n", ("votes.csv",)),
        ("first,second,winner\na,a,a\n", (2, "a", "a")),
        ("first,second,winner\na,,a\n", (2, "a", "''")),
        ("first,second,winner\na,b,c\n", ("a", "b", "tie", 2, "c")),
        ("first,second,winner,winner\na,b,a,b\n", ("first", "winner", "winner")),
        ("first,second,winner\na,b,a,b\n", (3, 2)),
        ("first,second,winner\na,b\n", ("tie", 2, "''")),
        ("first,second,first_wins\na,b,2\n", ("first_wins", 0, 1, 2, 2)),
        ("first,second,first_wins\na,b,nan\n", ("first_wins", 0, 1, 2, "nan")),
        ("first,second,first_wins\na,b,yes\n", ("first_wins", 0, 1, 2, "yes")),
        ("first,second,winner\na,b,a\nc,d,c\ne,f,e\n", (3, "a", "b", "c", "d")),
        ('first,second,winner\n"a,b,a\n', ("votes.csv",)),
    ],
)
def test_a_file_of_something_else_is_one_clear_line(votes: Path, text: str, words: tuple[object, ...]):
    votes.write_text(text)
    with raises(EvaluationError, *words) as caught:
        read_preferences(votes)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(votes: Path):
    with raises(EvaluationError, "votes.csv"):
        read_preferences(votes)
