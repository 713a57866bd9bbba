"""What afine-tiny is, for the catalogue; imports no torch."""

from acutance.types import ScoreInfo
from acutance.weights.record import CheckpointRecord

PAPER = (
    "Of this project; its shape is that of A-FINE: Chen, Wu, Ma, Zhang: Toward Generalized Image Quality Assessment, "
    "CVPR 2025, arXiv 2503.11221"
)
QUALITY = ScoreInfo(better="higher", low=0.0, high=100.0)
"""Of both scores."""
WEIGHTS = CheckpointRecord(
    name="afine-tiny",
    title="A-FINE tiny",
    repository=None,
    filename="afine-tiny.safetensors",
    packaged=True,
    origin="Install acutance again",
    licence=(
        "Apache-2.0 as this package; trained on BIQ2021, whose licence is not stated with the data; commercial use: "
        "unknown, ask its authors first."
    ),
    paper=PAPER,
    note="In the package; nothing is downloaded.",
)
TERM_NAMES = (
    "raw_naturalness",
    "raw_reference_naturalness",
    "naturalness",
    "reference_naturalness",
    "raw_damage",
    "raw_reference_damage",
    "damage",
    "reference_damage",
    "raw_fidelity",
    "fidelity",
    "adaptive",
)
"""Of a pair, beside the score."""
