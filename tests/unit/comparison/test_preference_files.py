from pathlib import Path

import pytest

from acutance.comparison.preference_files import read_preferences
from acutance.errors import UnknownNameError
from acutance.evaluation.faults import EvaluationError


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
    with pytest.raises(UnknownNameError, match=r"Expected the name of a method, got 'a'. Did you mean 'aa'"):
        read_preferences(votes, ["b", "aa"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Expected the columns first, second, and first_wins or winner in .*, got nothing"),
        ("first,second\na,b\n", "got first, second. Name them in the first line"),
        ("first,second,winner,first_wins\na,b,a,1\n", "Expected the columns"),
        ("first,second,winner\n", "Expected at least one preference in .*, got none"),
        ("first,second,winner\na,a,a\n", "two different methods in .*, line 2, got 'a' and 'a'"),
        ("first,second,winner\na,,a\n", "two different methods in .*, line 2"),
        ("first,second,winner\na,b,c\n", "Expected a, b or tie as the winner in .*, line 2, got 'c'"),
        ("first,second,winner,winner\na,b,a,b\n", "Expected columns of different names in .*, got first, second"),
        ("first,second,winner\na,b,a,b\n", "Expected 3 columns in .*, line 2, got more"),
        ("first,second,winner\na,b\n", "as the winner in .*, line 2, got ''"),
        ("first,second,first_wins\na,b,2\n", "first_wins from 0 to 1 in .*, line 2, got '2'"),
        ("first,second,first_wins\na,b,nan\n", "first_wins from 0 to 1 in .*, line 2, got 'nan'"),
        ("first,second,first_wins\na,b,yes\n", "first_wins from 0 to 1 in .*, line 2, got 'yes'"),
        ("first,second,winner\na,b,a\nc,d,c\ne,f,e\n", "got 3 groups that never met: a, b and c, d and others"),
        ('first,second,winner\n"a,b,a\n', "Expected a CSV file of preferences at"),
    ],
)
def test_a_file_of_something_else_is_one_clear_line(votes: Path, text: str, words: str):
    votes.write_text(text)
    with pytest.raises(EvaluationError, match=words) as caught:
        read_preferences(votes)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(votes: Path):
    with pytest.raises(EvaluationError, match=r"Expected a CSV file of preferences at .*votes.csv, got: No such file"):
        read_preferences(votes)
