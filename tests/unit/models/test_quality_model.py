import pytest
import torch
from torch import Tensor

from acutance.models.quality_model import QualityModel


class Products(QualityModel):
    """Every way in is a product of matrices, which autocast would round."""

    def terms(self, distorted: Tensor, reference: Tensor | None = None) -> dict[str, Tensor]:
        return {"score": distorted @ distorted}

    def terms_at_depth(self, distorted: Tensor, reference: Tensor, depth: object) -> dict[str, Tensor]:
        return {"score": distorted @ reference}

    def terms_against(self, distorted: Tensor, features: list[Tensor]) -> dict[str, Tensor]:
        return {"score": distorted @ features[0]}

    def encode_reference(self, reference: Tensor) -> Tensor:
        return reference @ reference

    def map(self, distorted: Tensor, reference: Tensor) -> dict[str, Tensor]:
        return {"score": distorted @ reference}


@pytest.mark.parametrize("way_in", ["terms", "terms_at_depth", "terms_against", "encode_reference", "map"])
def test_autocast_changes_nothing_by_any_way_into_a_loaded_model(way_in: str):
    values = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    given = {
        "terms": (values,),
        "terms_at_depth": (values, values, None),
        "terms_against": (values, [values]),
        "encode_reference": (values,),
        "map": (values, values),
    }[way_in]
    model = Products()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = getattr(model, way_in)(*given)
        found = getattr(model.freeze(), way_in)(*given)
    expected = values @ values
    assert torch.equal(found if isinstance(found, Tensor) else found["score"], expected)
    assert not torch.equal(rounded if isinstance(rounded, Tensor) else rounded["score"], expected)
