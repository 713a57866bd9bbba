"""Pictures made worse on purpose: every distortion of every picture, or random ones with pseudo opinion scores."""

from acutance.synthesis.job import Failure, MadeSet
from acutance.synthesis.pseudo_mos import pseudo_mos
from acutance.synthesis.run import distort_pictures, synthesize

__all__ = ["Failure", "MadeSet", "distort_pictures", "pseudo_mos", "synthesize"]
