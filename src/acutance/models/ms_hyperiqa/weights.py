"""What belongs to weights of MS-HyperIQA: the network's configuration, a file and the names in it; loads no torch."""

from pydantic import Field

from acutance.models.hyperiqa.weights import HyperIQAConfig, backbone_names, layer_names, official_head_names
from acutance.weights.key_table import KeyTable
from acutance.weights.record import STATE_DICTS, CheckpointRecord, Layout


class MSHyperIQAConfig(HyperIQAConfig):
    """What belongs to a set of weights; the defaults are those of the reference code's trainings."""

    dropout: float = Field(default=0.5, ge=0, lt=1)
    """Share of the target network's first outputs that are dropped in training (0.5 in the reference code)."""


MS_HYPERIQA = CheckpointRecord(
    name="ms_hyperiqa",
    title="MS-HyperIQA",
    repository=None,
    filename="best_model.pkl",
    local_name="ms_hyperiqa.pkl",
    origin=(
        "No weights are published: train it, or take the best_model.pkl that a training by the reference code, "
        "github.com/ukeSJTU/CS3324-IQA, leaves behind"
    ),
    published=False,
    size_bytes=110_900_000,  # 27,633,967 numbers in float32 and the statistics of 53 batch norms
    licence="The reference code is MIT; the licence of weights is that of who trained them. Commercial use: ask them.",
    paper="No paper; reference code: github.com/ukeSJTU/CS3324-IQA, folder ms_hyperIQA",
    note="HyperIQA with a feature pyramid and attention; its report calls it PyramidIQA.",
)
"""The file that the reference code writes."""

LEVELS = (2, 3, 4)
"""The reference code's numbers of the pyramid's levels, finest first."""


def _content_names() -> dict[str, str | None]:
    names: dict[str, str | None] = {}
    for index, level in enumerate(LEVELS):
        attention, own = f"attention_p{level}", f"network.content.attentions.{index}"
        names |= layer_names(f"fpn.lateral_conv{level}", f"network.content.pyramid.laterals.{index}")
        names |= layer_names(f"fpn.smooth_conv{level}", f"network.content.pyramid.smoothings.{index}")
        names[f"{attention}.channel_attention.fc.0.weight"] = f"{own}.squeeze.weight"
        names[f"{attention}.channel_attention.fc.2.weight"] = f"{own}.excite.weight"
        names[f"{attention}.spatial_attention.conv.weight"] = f"{own}.place.weight"
    names |= layer_names("fusion_conv.0", "network.content.join")
    names |= layer_names("fusion_conv.2", "network.content.output")
    return names


REFERENCE = Layout(
    name="reference",
    keys=KeyTable({**backbone_names("res"), **official_head_names(), **_content_names()}),
    wrappers=STATE_DICTS,
)
"""``best_model.pkl`` and ``epoch_3.pkl``: a state dict of the reference code's network, bare or beside other things."""
LAYOUTS = (REFERENCE,)
"""The one way in which weights are filed, apart from our own."""
