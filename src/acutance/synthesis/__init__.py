"""Pictures made worse on purpose: every distortion of every picture, or random ones with pseudo opinion scores."""

from acutance.synthesis.api import Failure, MadeSet, distort_pictures, synthesize
from acutance.synthesis.folder import pseudo_mos

__all__ = ["Failure", "MadeSet", "distort_pictures", "pseudo_mos", "synthesize"]
