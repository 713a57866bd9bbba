"""VTAMIQ gives the authors' numbers: recipe weights in their layouts, all configurations, through the real reader."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from acutance import load
from acutance.models.vtamiq import weights
from acutance.models.vtamiq.model import VTAMIQ, cut_patches, pyramid
from acutance.models.vtamiq.network import Encoder, Layer
from acutance.models.vtamiq.preprocess import VTAMIQViews
from acutance.models.vtamiq.weights import PRESENT, UNTIL_2022, VTAMIQConfig, names_of
from acutance.weights.key_table import KeyTable
from tests.fakes.vtamiq_checkpoint import golden_cases, state_dict, write_published
from tests.golden.conftest import picture

pytestmark = pytest.mark.slow

GOLDEN = golden_cases()
TOLERANCE = 2e-5
"""On q, as the golden file asks."""
CLOSE = 1e-5
"""On class tokens and what comes before them."""
BFLOAT16_TOLERANCE = 0.03
"""On q with 64 patches; the largest difference seen is 0.018."""

DISTORTED = {"astronaut": "astronaut_jpeg10.png", "coffee": "coffee_blur.png", "chelsea": "chelsea_noise.png"}
CONFIGURATIONS: Mapping[str, Mapping[str, Any]] = {
    "head_default": weights.HEAD,
    "head_multiscale": weights.HEAD_MULTISCALE,
    "head_options": {
        "layers": 3,
        "adapters": 2,
        "registers": 0,
        "layer_gains": False,
        "difference_gain": False,
        "groups": 2,
        "blocks": 3,
        "reduction": 8,
    },
    "head_no_decoder": {"layers": 2, "registers": 1, "decoder": False},
    "released2022": weights.KADIS700K,
    "paper2021": weights.PAPER,
    "paper2021_diff_embedding": weights.PAPER_DIFFERENCE_EMBEDDING,
}
WEIGHTS = {
    "head_default": "vtamiq-head",
    "head_multiscale": "vtamiq-head",
    "released2022": "vtamiq-kadis700k",
    "paper2021": "vtamiq-paper",
    "paper2021_diff_embedding": "vtamiq-paper",
}
"""Which model of the catalogue reads which configuration; the others are no layout of any."""


def golden_inputs(
    config: VTAMIQConfig, patch_set: str, pair: str, role: str, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Patches, places and scales of a golden image."""
    with np.load(Path(__file__).with_name("vtamiq.npz")) as arrays:
        corners, scale, uv = (arrays[f"{patch_set}_{pair}_{what}"] for what in ("ij", "scale", "uv"))
    image = picture(f"{pair}_ref.png" if role == "ref" else DISTORTED[pair], dtype)
    if config.position_from == "corner":
        uv = (2 * (corners / (np.array(image.shape[2:]) - 16)) - 1).astype(np.float32)
    levels = pyramid(image, int(scale.max()) + 1, config)
    positions = tuple(corners[scale == level].astype(np.float64) for level in range(len(levels)))
    scales = torch.from_numpy(scale.astype(np.int64))[None] if config.scales else None
    return cut_patches(levels, positions), torch.from_numpy(uv)[None], scales


class Case:
    """One configuration with its weights, and its golden numbers."""

    def __init__(self, name: str, model: VTAMIQ) -> None:
        self.name, self.model, self.config = name, model, model.configuration
        self.golden: dict[str, Any] = GOLDEN["configs"][name]
        self.pairs: dict[str, dict[str, Any]] = self.golden["cases"]
        self.set = "s5" if self.config.scales else "s1"
        self._tokens: dict[str, dict[str, Tensor]] = {}

    def inputs(self, pair: str, role: str, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor | None]:
        """Patches, places and scales of a golden image."""
        return golden_inputs(self.config, self.set, pair, role, dtype)

    def class_tokens(self, pair: str, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
        """Class tokens of both images of a pair, computed once."""
        if pair not in self._tokens:
            with torch.no_grad():
                encoded = {role: self.model.encoder(*self.inputs(pair, role, dtype)) for role in ("ref", "dist")}
            self._tokens[pair] = encoded
        return self._tokens[pair]


@pytest.fixture(scope="module", params=CONFIGURATIONS)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    name = request.param
    if name not in WEIGHTS:
        yield Case(name, from_state_dict(name))
        return
    path = tmp_path_factory.mktemp(name) / "best.pth"
    write_published(path, name, score="test_accuracy" if name.startswith("paper") else "SROCC")
    yield Case(name, read(name, path))
    path.unlink()


@pytest.fixture(scope="module")
def head() -> Case:
    return Case("head_default", from_state_dict("head_default"))


def read(name: str, path: Path) -> VTAMIQ:
    """The model in a checkpoint of the authors' training program."""
    model = load(WEIGHTS[name], path)
    assert isinstance(model, VTAMIQ)
    assert model.configuration == VTAMIQConfig.model_validate(CONFIGURATIONS[name])
    return model


def from_state_dict(name: str) -> VTAMIQ:
    config = VTAMIQConfig(**CONFIGURATIONS[name])
    model = VTAMIQ(config).eval().requires_grad_(requires_grad=False)
    scheme = PRESENT if name.startswith("head") else UNTIL_2022
    model.load_state_dict(KeyTable(names_of(config, scheme)).apply(state_dict(name), model.state_dict()))
    return model


def assert_described(values: Tensor, expected: dict[str, Any], tolerance: float) -> None:
    """Mean, deviation and first numbers of a vector."""
    assert float(values.mean()) == pytest.approx(expected["mean"], abs=tolerance)
    assert float(values.std(correction=0)) == pytest.approx(expected["std"], abs=1e-3)  # either deviation
    assert values.flatten()[:8].tolist() == pytest.approx(expected["first8"], abs=tolerance)


def test_has_as_many_parameters(case: Case) -> None:
    assert sum(parameter.numel() for parameter in case.model.parameters()) == case.golden["parameters"]


def test_gives_the_authors_scores(case: Case) -> None:
    for pair, expected in case.pairs.items():
        tokens = case.class_tokens(pair)
        for key in (key for key in expected if key.startswith("q_") and "float64" not in key):
            reference, distorted = (tokens[role] for role in key.split("_")[1:])
            assert float(case.model.compare(distorted, reference)) == pytest.approx(expected[key], abs=TOLERANCE), key


def test_gives_the_authors_class_tokens(case: Case) -> None:
    for pair, expected in case.pairs.items():
        for role, tokens in case.class_tokens(pair).items():
            assert_described(tokens[0], expected[f"cls_{role}"], CLOSE)


def test_gives_the_authors_modulated_difference(case: Case) -> None:
    for pair, expected in case.pairs.items():
        tokens = case.class_tokens(pair)
        modulated = case.model.modulated(tokens["dist"], tokens["ref"])
        assert_described(modulated[0], expected["modulated_diff"], 10 * CLOSE)


def test_embeds_as_the_authors_do(case: Case) -> None:
    for pair, expected in case.pairs.items():
        with torch.no_grad():
            embedded = case.model.encoder.embedding(*case.inputs(pair, "ref"))[0]
        registers = case.config.registers
        assert embedded.shape == (1 + registers + 64, 768)
        rows = {"cls": 0, "patch0": 1 + registers, "patch63": 64 + registers, "extra0": 1}
        for name in (name for name in rows if f"{name}_first4" in expected["embedded_ref"]):
            wanted = expected["embedded_ref"][f"{name}_first4"]
            assert embedded[rows[name], :4].tolist() == pytest.approx(wanted, abs=CLOSE), name


def test_attends_as_the_authors_do(case: Case) -> None:
    first = case.model.encoder.layers[0]
    assert isinstance(first, Layer)
    for pair, expected in case.pairs.items():
        if "layer0_attention_out_ref" not in expected:
            continue
        with torch.no_grad():
            tokens = case.model.encoder.embedding(*case.inputs(pair, "ref"))
            branch = first.attention(first.attention_norm(tokens), tokens.shape[1])[0]
        wanted = expected["layer0_attention_out_ref"]
        assert branch[0, :4].tolist() == pytest.approx(wanted["cls_first4"], abs=CLOSE)
        patch = branch[1 + case.config.registers, :4].tolist()
        assert patch == pytest.approx(wanted["patch0_first4"], abs=CLOSE)


def test_sees_whole_pictures_as_the_authors_do(case: Case) -> None:
    if case.config.more_scales or case.name in ("head_options", "head_no_decoder"):
        return  # the golden patches have the number of scales of 2024
    for pair, expected in case.pairs.items():
        seed = GOLDEN["patches"][f"{case.set}_{pair}"]["seed"]
        case.model.views = VTAMIQViews(protocol="grid", patches=64, repeats=1, seed=seed)
        with torch.no_grad():
            score = case.model(picture(DISTORTED[pair]), picture(f"{pair}_ref.png"))
        assert float(score) == pytest.approx(expected["q_ref_dist"], abs=TOLERANCE)


def test_identical_pictures_give_one_number(case: Case) -> None:
    identical = {expected["q_ref_ref"] for expected in case.pairs.values()}
    assert case.model.score_of_identical() == pytest.approx(identical.pop(), abs=TOLERANCE)
    assert not identical


def test_the_order_of_patches_makes_no_difference(case: Case) -> None:
    shuffled = torch.from_numpy(np.random.RandomState(0).permutation(64))
    for pair in case.pairs:
        tokens = case.class_tokens(pair)
        with torch.no_grad():
            inputs = [part if part is None else part[:, shuffled] for part in case.inputs(pair, "ref")]
            torch.testing.assert_close(case.model.encoder(*inputs), tokens["ref"], rtol=0, atol=CLOSE)


def test_bfloat16_stays_near_the_authors_scores(case: Case) -> None:
    exact = case.model.state_dict()
    rounded = Case(case.name, VTAMIQ(case.config).eval().requires_grad_(requires_grad=False))
    rounded.model.load_state_dict(exact)
    assert rounded.model.use_bfloat16_products()
    for pair, expected in case.pairs.items():
        tokens = rounded.class_tokens(pair)
        score = float(rounded.model.compare(tokens["dist"], tokens["ref"]))
        assert score == pytest.approx(expected["q_ref_dist"], abs=BFLOAT16_TOLERANCE)


def test_gives_the_authors_scores_in_double(case: Case) -> None:
    if "q_ref_dist_float64" not in case.pairs["astronaut"]:
        return
    double = Case(case.name, VTAMIQ(case.config).eval().requires_grad_(requires_grad=False).double())
    double.model.load_state_dict(case.model.state_dict())
    for pair, expected in case.pairs.items():
        tokens = double.class_tokens(pair, torch.float64)
        score = float(double.model.compare(tokens["dist"], tokens["ref"]))
        assert score == pytest.approx(expected["q_ref_dist_float64"], abs=5e-7)


def test_the_class_token_is_the_authors_after_every_layer(head: Case) -> None:
    with torch.no_grad():
        tokens = head.model.encoder.embedding(*head.inputs("astronaut", "ref"))
        for layer, expected in zip(
            head.model.encoder.layers, head.golden["astronaut_ref_cls_first4_after_each_layer"], strict=True
        ):
            tokens = layer(tokens)
            assert tokens[0, 0, :4].tolist() == pytest.approx(expected, abs=2 * CLOSE)


@pytest.mark.parametrize(
    ("adapter", "key"), [(0, "adapter_num_0"), (1, "adapter_num_1"), (None, "no_adapter")], ids=str
)
def test_either_set_of_adapters_can_be_used_or_none(options: Case, adapter: int | None, key: str) -> None:
    with torch.no_grad():
        tokens = options.model.encoder(*options.inputs("astronaut", "ref"), adapter=adapter)
    assert_described(tokens[0], options.golden[f"cls_ref_astronaut_{key}"], CLOSE)


@pytest.fixture(scope="module")
def options() -> Case:
    return Case("head_options", from_state_dict("head_options"))


@pytest.mark.parametrize("index", range(len(GOLDEN["position_lookup"])))
def test_looks_positions_up_as_the_authors_do(head: Case, index: int) -> None:
    expected = GOLDEN["position_lookup"][index]
    embedding = head.model.encoder.embedding
    row = int(embedding.rows(torch.tensor([[expected["uv_row_col"]]], dtype=torch.float32)))
    assert row == expected["index"]
    assert embedding.positions[0, row, :4].tolist() == pytest.approx(expected["embedding_first4"], abs=1e-7)


def test_positions_of_2021_are_one_row_off(paper_encoder: Encoder) -> None:
    case = Case("paper2021", VTAMIQ(paper_encoder.embedding.config))
    for pair, expected in case.pairs.items():
        _, places, _ = case.inputs(pair, "ref")
        assert places[0, :3].flatten().tolist() == pytest.approx(np.ravel(expected["uv_first3"]), abs=1e-7)
        rows = paper_encoder.embedding.rows(places)[0, :3]
        assert rows.tolist() == expected["posindex_first3_no_cls_offset"]


@pytest.fixture(scope="module")
def paper_encoder() -> Encoder:
    small = {"width": 32, "heads": 2, "mlp_width": 32, "layers": 1, "groups": 1, "blocks": 1}
    return Encoder(VTAMIQConfig.model_validate({**weights.PAPER, **small}))
