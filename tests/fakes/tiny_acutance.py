"""The command, with a tiny encoder in A-FINE: python -m tests.fakes.tiny_acutance train afine-stage1 ..."""

from acutance.cli.app import main
from acutance.models.afine import model
from tests.fakes.afine_training import tiny_encoder

if __name__ == "__main__":
    setattr(model, "ClipImageEncoder", tiny_encoder)  # noqa: B010
    main()
