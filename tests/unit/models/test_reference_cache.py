from bisect import bisect_right

from acutance.images.read import read_with_depth
from acutance.models.scorer import Job
from acutance.models.torch_scorer import ReferenceCache
from tests.unit.scoring.fakes import noise

IMAGE = read_with_depth(noise(0))


class Desk:
    """Asks for references named by letters, one for each place of a plan, and notes which had to be made."""

    def __init__(self, plan: str, budget: int = 100) -> None:
        self.plan = plan
        self.made: list[str] = []
        self.cache = ReferenceCache(budget)

    def ask(self, place: int, nbytes: int = 1, model: str = "model", done: int = 0) -> str:
        letter = self.plan[place]
        uses = [use for use, other in enumerate(self.plan) if other == letter]
        later = uses[bisect_right(uses, place) :]
        job = Job(place=place, distorted=IMAGE, next_use=later[0] if later else None, done=done)

        def make() -> str:
            self.made.append(letter)
            return letter.upper()

        value: str = self.cache.get((model, letter), nbytes, job, make)
        return value

    def ask_all(self, nbytes: int = 1) -> str:
        for place in range(len(self.plan)):
            assert self.ask(place, nbytes, done=place) == self.plan[place].upper()
        return "".join(self.made)


def test_a_reference_is_made_once_while_there_is_room():
    assert Desk("abcabcabc").ask_all() == "abc"


def test_each_model_has_its_own():
    desk = Desk("aa")
    desk.ask(0, model="one")
    desk.ask(0, model="other")
    assert desk.made == ["a", "a"]


def test_the_budget_is_never_exceeded():
    desk = Desk("abcdabcd", budget=25)
    for place in range(8):
        desk.ask(place, nbytes=10)
        assert desk.cache.held <= 25


def test_what_is_needed_last_makes_way_first():
    desk = Desk("abcaab" + "c", budget=2)
    assert desk.ask_all() == "abcc"  # when a and b fill the cache, c, needed last, is not kept


def test_what_is_too_large_is_made_every_time():
    assert Desk("aaa", budget=5).ask_all(nbytes=6) == "aaa"


def test_nothing_is_held_once_no_use_remains():
    desk = Desk("aabb")
    desk.ask_all()
    assert desk.cache.held == 0


def test_a_reference_whose_pair_was_skipped_makes_way_first():
    desk = Desk("aabcbc", budget=2)
    desk.ask(0)
    for place in (2, 3, 4, 5):  # the image at place 1 could not be read
        desk.ask(place, done=place)
    assert "".join(desk.made) == "abc"
    assert desk.cache.held == 0


def test_a_reference_that_waits_for_an_earlier_pair_stays():
    desk = Desk("abab")
    desk.ask(0)
    desk.ask(1)
    desk.ask(3)  # one size is scored before another
    desk.ask(2)
    assert desk.made == ["a", "b"]
    assert desk.cache.held == 0
