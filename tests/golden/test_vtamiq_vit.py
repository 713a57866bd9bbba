"""Trainings of VTAMIQ start from Google's ViT as the authors' do: an archive of recipe weights over a recipe model."""

import pytest
import torch
from torch import Tensor

from acutance.models.vtamiq.model import VTAMIQ
from acutance.models.vtamiq.pretrained import renamed, resized_positions, start_from_vit
from acutance.models.vtamiq.weights import PRESENT, VTAMIQConfig, names_of
from acutance.weights.key_table import KeyTable
from tests.fakes.vtamiq_checkpoint import drawn, golden_cases, vit_archive
from tests.golden.test_vtamiq import CLOSE, TOLERANCE, Case, assert_described

pytestmark = pytest.mark.slow

GOLDEN = golden_cases()


@pytest.mark.parametrize("layers", [6, 12])
def test_starts_from_googles_vit(archive: dict[str, Tensor], layers: int) -> None:
    expected = GOLDEN["vit_npz"][f"{layers}_layers"]
    config = VTAMIQConfig(layers=layers)
    model = VTAMIQ(config).eval().requires_grad_(requires_grad=False)
    own = names_of(config, PRESENT)
    shapes = model.state_dict()
    layered = {name: torch.from_numpy(drawn(name, shape(shapes[str(mine)], name))) for name, mine in own.items()}
    model.load_state_dict(KeyTable(own).apply(layered, shapes))
    start_from_vit(model, archive, "npz")
    case = Case("head_default", model)
    tokens = case.class_tokens("astronaut")
    assert_described(tokens["ref"][0], expected["cls_ref"], CLOSE)
    assert_described(tokens["dist"][0], expected["cls_dist"], CLOSE)
    assert float(model.compare(tokens["dist"], tokens["ref"])) == pytest.approx(expected["q_ref_dist"], abs=TOLERANCE)
    with torch.no_grad():
        every = model.encoder.embedding(*case.inputs("astronaut", "ref"))
        for layer in model.encoder.layers:
            every = layer(every)
        extra = model.encoder.norm(every)[0, 1, :4].tolist()
    assert extra == pytest.approx(expected["extra0_ref_first4"], abs=CLOSE)


@pytest.fixture(scope="module")
def archive() -> dict[str, Tensor]:
    return {name: torch.from_numpy(array) for name, array in vit_archive().items()}


def shape(tensor: Tensor, name: str) -> tuple[int, ...]:
    """What the authors' file has for a tensor of ours: convolutions of one pixel have a dimension more."""
    convolution = name.startswith("quality_decoder") and tensor.ndim == 2
    return (*tensor.shape, 1) if convolution else tuple(tensor.shape)


def test_names_and_turns_googles_tensors(archive: dict[str, Tensor]) -> None:
    own = renamed(archive, "npz")
    for place, expected in GOLDEN["vit_npz"]["loaded_slices"].items():
        name, _, where = place.rstrip("]").partition("[")
        tensor = own[str(names_of(VTAMIQConfig(), PRESENT)[name])]
        assert sliced(tensor, where) == pytest.approx(expected, abs=1e-7), place


def sliced(tensor: Tensor, where: str) -> list[float]:
    """``tensor[where]``, such as ``"0,2,5,:4"``."""
    index = tuple(
        slice(*(int(end) if end else None for end in part.split(":"))) if ":" in part else int(part)
        for part in where.split(",")
    )
    return list(tensor[index].tolist())


def test_resizes_a_smaller_table_of_positions() -> None:
    expected = GOLDEN["vit_npz"]["resized_from_197_tokens"]
    name = "Transformer/posembed_input/pos_embedding"
    table = resized_positions(torch.from_numpy(drawn(name, (1, 197, 768))), 577)
    assert float(table.mean()) == pytest.approx(expected["mean"], abs=1e-6)
    for row, values in expected["token_first4"].items():
        assert table[0, int(row), :4].tolist() == pytest.approx(values, abs=1e-6)
