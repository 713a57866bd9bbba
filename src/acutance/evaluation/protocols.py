"""The catalogue of protocols, written by hand."""

from acutance.errors import UnknownNameError
from acutance.evaluation.cross_dataset import CrossDataset
from acutance.evaluation.pair_protocols import AFineStage, Pairs
from acutance.evaluation.plain import Plain
from acutance.evaluation.protocol import Protocol
from acutance.evaluation.split_protocols import RepeatedSplits

PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Plain("plain", "Agreement of scores with opinions over all pictures."),
        Pairs("pairs", "Pairs by the score of any model: how often it picks the one that people prefer."),
        AFineStage(
            "afine-stage1", "Pairs by A-FINE's raw naturalness, seen without reference.", term="raw_naturalness"
        ),
        AFineStage("afine-stage2", "Pairs by A-FINE's raw fidelity to the reference.", term="raw_fidelity"),
        AFineStage("afine-stage3", "Pairs by A-FINE's combined score before it is scaled.", term="adaptive"),
        RepeatedSplits(
            "hyperiqa",
            "Ten random 8:2 splits by scene: SRCC, and PLCC without a curve, on the test parts.",
            split="hyperiqa",
            count=10,
            curve="none",
            statistics=("srcc", "plcc"),
        ),
        RepeatedSplits(
            "vtamiq",
            "Twenty random 6:2:2 splits by reference: SRCC, KRCC, PLCC and RMSE on the test parts.",
            split="vtamiq",
            count=20,
            curve="logistic5",
            statistics=("srcc", "krcc", "plcc", "rmse"),
        ),
        CrossDataset("cross-dataset", "Whole data sets, and the mean over those that a model was not trained with."),
    )
}
"""Every protocol by name."""


def list_protocols() -> list[Protocol]:
    """Every protocol, in the order of the catalogue.

    Example:
        >>> [protocol.name for protocol in list_protocols()][:2]
        ['plain', 'pairs']
    """
    return list(PROTOCOLS.values())


def find_protocol(name: str) -> Protocol:
    """The protocol of that name.

    Raises:
        UnknownNameError: There is none; the message offers the nearest.
    """
    if name not in PROTOCOLS:
        raise UnknownNameError("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]
