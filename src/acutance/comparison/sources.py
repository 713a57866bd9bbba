"""Where the scores of methods come from: models that look at their pictures, or a file of ``acutance score``."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from acutance.catalog import CATALOG, GROUPS, Precision, catalogue_name, model_names
from acutance.comparison.files import SCORES_NAME
from acutance.comparison.folders import MethodPlan, Place, match_methods
from acutance.comparison.results import PictureScores
from acutance.comparison.rows import gather_rows, read_method_rows
from acutance.errors import ConfigError, EvaluationError
from acutance.evaluation.score_files import demand_directions
from acutance.scoring.left_out import LeftOut
from acutance.scoring.pairing import Pair, Pairing
from acutance.scoring.provenance import describe_run, provenance_path
from acutance.scoring.request import Options, ScoreRequest
from acutance.scoring.score_file import ScoreFile
from acutance.scoring.settings import ScoringSettings
from acutance.scoring.trained import ModelChoice, Weights
from acutance.types import Better, OnProgress
from acutance.weights.digest import sha256_of

Models = ModelChoice | Sequence[ModelChoice] | None


class ScoredByModels:
    """Scores that models will give to the pictures of the methods.

    All methods of a picture come together, so that its reference is decoded and encoded once.

    Args:
        folders: The folder of each method.
        reference: The undistorted picture, or a folder of them.
        model: Names or loaded models; ``None`` for the default ones.
        weights: A file for the models that have weights, or files by model name.
        options: Options by model name.
        settings: How to score.
        pair_by: How names meet in the folders.
        allow_unmatched: Take the pictures that all methods have when some lack others.

    Raises:
        PairingError: Pictures that are not in all folders.
        ConfigError: Models, weights or options that do not fit.
        InputError: Folders that do not exist or hold no pictures.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        reference: Place | None,
        model: Models,
        *,
        weights: Weights | None = None,
        options: Options | None = None,
        settings: ScoringSettings,
        pair_by: str = "path",
        allow_unmatched: bool = False,
    ) -> None:
        self.plan = match_methods(folders, reference, pair_by=pair_by)
        self.plan.demand_usable(allow_unmatched=allow_unmatched)
        pairs = [Pair(image, one.reference) for one in self.plan.pictures for image in one.images.values()]
        self._request = ScoreRequest(
            Pairing(pairs, unread=self.plan.unread),
            None,
            model,
            weights=weights,
            options=options,
            settings=settings,
        )
        self.left_out = self._request.left_out
        self._file: ScoreFile | None = None

    @property
    def models(self) -> list[str]:
        """Names of the models, in their order."""
        return self._request.names

    @property
    def better(self) -> dict[str, Better]:
        """Which direction is better, by model; known when they are loaded."""
        return {model: loaded.info.better for model, loaded in zip(self.models, self._request.models, strict=True)}

    def report(self) -> list[str]:
        """What a user should know before the work begins."""
        passed = len(self.plan.ignored)
        what = "files that are no pictures by their names" if passed > 1 else "file that is no picture by its name"
        lines = [_headline(len(self.plan.pictures), self), *([f"passed over {passed} {what}"] if passed else [])]
        return lines + self.left_out.before()

    def demand_place(self, folder: Path, *, resume: bool, overwrite: bool) -> None:
        """Check where scores will go, touching nothing; from then on they do.

        Raises:
            ConfigError: A file that cannot be written, exists, or was begun by another run.
        """
        self._file = self._request.output(folder / SCORES_NAME, resume=resume, overwrite=overwrite)

    def load_models(
        self, *, device: str, precision: Precision, offline: bool, on_progress: OnProgress | None = None
    ) -> list[str]:
        """Load the models; see ``ScoreRequest.load_models``."""
        return self._request.load_models(device=device, precision=precision, offline=offline, on_progress=on_progress)

    def pictures(self, on_progress: OnProgress | None = None) -> list[PictureScores]:
        """Every picture with its scores, made now; models must be loaded."""
        request, file = self._request, self._file
        rows = request.rows(on_progress) if file is None else request.to_file(file, on_progress)
        return gather_rows(self.plan.pictures, self.models, rows)

    def provenance(self) -> dict[str, object]:
        """What the scores depend on, as plain JSON values; models must be loaded."""
        request, settings = self._request, self._request.settings
        described = describe_run(request.models, settings.background, request.pairing.pairs, settings.hdr_peak)
        return described | self.left_out.fields()


class ScoredInFile:
    """Scores that are in a file already; no picture is looked for.

    Args:
        path: A file of ``acutance score`` on the folders.
        folders: The folder of each method.
        model: Names of the models to take; ``None`` for all.
        better: Directions of models of which neither the file nor the catalogue has one.
        pair_by: How names meet in the folders.
        allow_unmatched: Take the pictures that all methods have when some lack others.

    Raises:
        PairingError: Pictures that not every method has.
        ConfigError: A loaded model.
        EvaluationError: A file that cannot be read, lacks a model or a method, or holds a model of unknown direction;
            a direction of another model.
    """

    def __init__(
        self,
        path: Path,
        folders: Mapping[str, Path],
        model: Models,
        *,
        better: Mapping[str, Better] | None = None,
        pair_by: str = "path",
        allow_unmatched: bool = False,
    ) -> None:
        found = read_method_rows(path, folders, _names(model), pair_by=pair_by, better=better)
        found.plan.demand_usable(allow_unmatched=allow_unmatched)
        self.plan: MethodPlan = found.plan
        self.models = found.models
        demand_directions(better or {}, found.models)
        self.better: dict[str, Better] = {name: _direction(name, asked) for name, asked in found.asked.items()}
        self.left_out = LeftOut()
        self._path = path
        self._strays = found.strays
        self._pictures = found.pictures

    def report(self) -> list[str]:
        """What a user should know before the work begins."""
        strays = f"passed over {self._strays} picture{'s' if self._strays > 1 else ''} in other folders"
        return [_headline(len(self._pictures), self), *([strays] if self._strays else [])]

    def demand_place(self, folder: Path, *, resume: bool, overwrite: bool) -> None:
        """Nothing to check: no scores are written."""

    def load_models(
        self, *, device: str, precision: Precision, offline: bool, on_progress: OnProgress | None = None
    ) -> list[str]:
        """Nothing to load."""
        return []

    def pictures(self, on_progress: OnProgress | None = None) -> list[PictureScores]:
        """Every picture with its scores."""
        return self._pictures

    def provenance(self) -> dict[str, object]:
        """What is written beside the file, its name and its checksum."""
        try:
            beside = json.loads(provenance_path(self._path).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            beside = None
        return {
            **(beside if isinstance(beside, dict) else {}),
            "file": str(self._path),
            "sha256": sha256_of(self._path),
        }


def _headline(count: int, source: ScoredByModels | ScoredInFile) -> str:
    methods, models = ", ".join(source.plan.methods), ", ".join(source.models)
    return f"{count} picture{'s' if count != 1 else ''} of {methods} by {models}"


def _names(model: Models) -> list[str] | None:
    if model is None:
        return None
    names: list[str] = []
    for choice in model if isinstance(model, list | tuple) else [model]:
        if not isinstance(choice, str):
            raise ConfigError(f"Expected names of models beside a file of scores, got a {type(choice).__name__}.")
        for name in model_names(choice):
            names += GROUPS.get(catalogue_name(name), (name,))
    return names


def _direction(model: str, asked: Better | None) -> Better:
    if asked is not None:
        return asked
    if catalogue_name(model) in CATALOG:
        return CATALOG[catalogue_name(model)].info.better
    raise EvaluationError(
        f"Expected the direction of the scores of {model}, which neither the file nor the catalogue tells, got none. "
        f"Say --better {model}=higher or --better {model}=lower, or choose models with --model."
    )
