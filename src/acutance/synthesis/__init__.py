"""Images made worse on purpose: every distortion of every image, or random ones with pseudo-MOS."""

from acutance.synthesis.api import Failure, SyntheticSet, distort_pictures, synthesize
from acutance.synthesis.folder import pseudo_mos

__all__ = ["Failure", "SyntheticSet", "distort_pictures", "pseudo_mos", "synthesize"]
