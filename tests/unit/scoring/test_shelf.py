from acutance.scoring.pairing import Pair
from acutance.scoring.shelf import ReferenceShelf
from acutance.scoring.sources import Picture

IMAGE = Picture("image.png", "image.png", "image.png")


class Desk:
    """Asks the shelf for references named by letters, and notes which had to be made."""

    def __init__(self, plan: str, budget: int = 100) -> None:
        self.plan = plan
        self.made: list[str] = []
        self.keys = {letter: Picture(letter, letter, letter).key for letter in plan}
        self.shelf = ReferenceShelf([Pair(IMAGE, Picture(letter, letter, letter)) for letter in plan], budget)

    def ask(self, place: int, nbytes: int = 1, what: str = "model") -> str:
        letter = self.plan[place]

        def make() -> str:
            self.made.append(letter)
            return letter.upper()

        value: str = self.shelf.get(self.keys[letter], what, place, nbytes, make)
        return value

    def ask_all(self, nbytes: int = 1) -> str:
        for place in range(len(self.plan)):
            assert self.ask(place, nbytes) == self.plan[place].upper()
            self.shelf.advance(place + 1)
        return "".join(self.made)


def test_a_reference_is_made_once_while_there_is_room():
    assert Desk("abcabcabc").ask_all() == "abc"


def test_each_model_has_its_own():
    desk = Desk("aa")
    desk.ask(0, what="one")
    desk.ask(0, what="other")
    assert desk.made == ["a", "a"]


def test_the_budget_is_never_exceeded():
    desk = Desk("abcdabcd", budget=25)
    for place in range(8):
        desk.ask(place, nbytes=10)
        assert desk.shelf.held <= 25


def test_what_is_needed_last_makes_way_first():
    desk = Desk("abcaab" + "c", budget=2)
    assert desk.ask_all() == "abcc"  # when a's neighbours fill the shelf, c, needed last, is not kept


def test_what_is_too_large_is_made_every_time():
    assert Desk("aaa", budget=5).ask_all(nbytes=6) == "aaa"


def test_nothing_is_held_once_no_use_remains():
    desk = Desk("aabb")
    desk.ask_all()
    assert desk.shelf.held == 0


def test_pairs_that_are_skipped_do_not_keep_their_reference():
    desk = Desk("aab")
    desk.ask(0)
    desk.shelf.advance(2)  # the picture at place 1 could not be read
    assert desk.shelf.held == 0


def test_a_reference_that_waits_for_an_earlier_pair_stays():
    desk = Desk("abab")
    desk.ask(0)
    desk.ask(1)
    desk.ask(3)  # one size is scored before another
    desk.ask(2)
    assert desk.made == ["a", "b"]
    assert desk.shelf.held == 0


def test_only_a_reference_of_several_pairs_is_shared():
    desk = Desk("aba")
    assert desk.shelf.is_shared(desk.keys["a"])
    assert not desk.shelf.is_shared(desk.keys["b"])
