"""Write a fitted estimator as an artifact: one immutable folder, named by the digest of its content."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving import artifact
from serving.schema import MISSING
from skylayer import card
from skylayer.artifact import engines
from skylayer.artifact.drafts import DRAFT, UNFINISHED, sweep_drafts
from skylayer.artifact.golden import make_golden
from skylayer.artifact.probing import only, widened
from skylayer.artifact.verify import AnswersDiffer, verify
from skylayer.data.dataset import as_dataset
from skylayer.data.instances import columns_of
from skylayer.data.schema import infer
from skylayer.data.statistics import describe
from skylayer.errors import UserError
from skylayer.proof.native import ROWS as PROOF_ROWS
from skylayer.train.scores import measure
from skylayer.train.tasks import check_estimator, check_fitted, check_target, classes_of, task_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from skylayer.artifact.engines import Engines
    from skylayer.card.plots import Plot
    from skylayer.data.dataset import Dataset
    from skylayer.data.schema import Schema

    Chooser = Callable[[engines.FittedModel], Engines]

_READ_ONLY = 0o444


def package(
    estimator: Any,
    X: Any,  # noqa: N803 - as scikit-learn names it
    y: Any = None,
    *,
    name: str,
    directory: str | os.PathLike[str],
    metrics: dict[str, Any] | None = None,
    training: dict[str, Any] | None = None,
    plots: Sequence[Plot] = (),
    plot_notes: Sequence[str] = (),
    importance: dict[str, float] | None = None,
    card_text: str = "",
    strict: bool | Sequence[str] = False,
    proof_rows: int = PROOF_ROWS,
    progress: Callable[[float], None] = lambda _: None,
    step: Callable[[str], None] = lambda _: None,
    choose: Chooser = engines.choose,
) -> Path:
    """Write a fitted estimator and what is known of its data as an artifact.

    Args:
        estimator: Fitted scikit-learn estimator or Pipeline, or one with its interface.
        X: The data that it was fitted on, as it was given to `fit`: a DataFrame, an array of shape (rows,
            columns), or a list of texts. The schema of requests is inferred from it.
        y: The target, shape (rows,) or (rows, outputs); may be left out.
        name: Of the model: letters, digits, `-` and `_`, at most 63.
        directory: Where artifacts are kept; the new one is `<directory>/<name>/<version>`.
        metrics: What an evaluation found: part, such as `holdout`, -> metric -> value. Without it, they are
            measured on X and y; a classifier or regressor without y has none.
        training: Numbers of rows and folds that the card tells; without it, the rows of X.
        plots: Pictures for the model card.
        plot_notes: Sentences on pictures that aren't there.
        importance: Column -> what it is worth to the estimator; a form shows the most important first.
        card_text: What the model card says of intended use and licence, as Markdown.
        strict: Columns that take no missing value, and no fraction among integers, unless the training data had
            some; True for all. The others take what the estimator takes.
        proof_rows: About how many rows the proof of the native engine replays; costly estimators get fewer.
        progress: Told the share of the proof that is done, from 0 to 1.
        step: Told what is being done, before each step.
        choose: Prepares the engines; another one for what is no estimator of scikit-learn's.

    Returns:
        The artifact's folder. If the same content is there already, nothing is written.

    Raises:
        UserError: Something of this can't be served; the message says what, and the fix.
    """
    check_name(name)
    check_estimator(estimator)
    step("Make golden rows")
    check_fitted(estimator)
    task = task_of(estimator)
    dataset = as_dataset(X)
    _check_columns(estimator, dataset)
    target = check_target(task, y, dataset.rows)
    inferred = infer(dataset)
    columns = columns_of(dataset, inferred)
    golden = make_golden(estimator, inferred, columns, task)

    step("Ask the estimator what requests may carry")

    def choose_for(schema: Schema) -> Engines:
        fields, cells = tuple(golden["answers"]), list(columns.values())
        return choose(engines.FittedModel(estimator, schema, fields, cells, proof_rows, progress))

    wide = widened(estimator, inferred, columns, task, strict=_strict(strict, list(columns)))
    step("Compile and prove")
    schema, chosen = _widest(wide, choose_for)
    if metrics is None:
        unmeasured = target.values is None and task in {"classification", "regression"}
        metrics = {} if unmeasured else {"data": measure(estimator, X, target.values, task)}
    step("Write the artifact and ask it")
    statistics = as_json(describe(columns, schema, target, importance or {}))

    def write_with(chosen: Engines) -> Path:
        manifest = {
            "format": artifact.FORMAT,
            "name": name,
            "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "task": task,
            "engine": chosen.chosen,
            "engine_reason": chosen.reason,
            "engines": chosen.entries,
            "input": schema.to_manifest(),
            "output": _output(estimator, task, golden, target.names),
            "metrics": metrics,
            "training": {"rows": dataset.rows} if training is None else training,
            "libraries": chosen.libraries,
        }
        sizes = {file: len(content) for file, content in chosen.files.items()}
        files = {artifact.GOLDEN: as_json(golden), artifact.STATISTICS: statistics}
        files |= chosen.files | card.files(manifest, card_text, plots, sizes, plot_notes)
        return write(
            Path(directory, name), manifest, files, lambda folder: verify(folder, estimator, X, columns)
        )

    try:
        return write_with(chosen)
    except AnswersDiffer as error:
        if chosen.chosen != "native" or "sklearn" not in chosen.entries:
            raise
        return write_with(chosen.without_native(f"The compiled table did not pass the last check: {error}"))


def _strict(strict: bool | Sequence[str], names: list[str]) -> Sequence[str]:
    """The names of the columns that are to take no more than the training data had.

    Raises:
        UserError: One of them is no column.
    """
    if isinstance(strict, bool):
        return names if strict else ()
    unknown = [name for name in strict if name not in names]
    if unknown:
        raise UserError(f"STRICT names {unknown[0]!r}, which is no column of the data: {', '.join(names)}.")
    return strict


def _widest(wide: Schema, choose: Callable[[Schema], Engines]) -> tuple[Schema, Engines]:
    """The widest schema that costs no estimator its native engine, and the engines that go with it.

    What a step does with a value that training didn't have may be what doesn't compile.
    """
    schema, chosen = wide, choose(wide)
    for narrower in (only(wide, MISSING), only(wide, "")):
        if chosen.chosen == "native" or narrower == schema:
            continue
        other = choose(narrower)
        if other.chosen == "native":
            return narrower, other
    return schema, chosen


def check_name(name: str) -> None:
    """Refuse what can't name a model, since it names a folder and stands in addresses.

    Raises:
        UserError: Says what may.
    """
    if not isinstance(name, str) or not re.fullmatch(artifact.NAME_PATTERN, name):
        raise UserError(
            f"The name {name!r} is not allowed. Use up to 63 letters, digits, - and _; not - or _ first."
        )


def _check_columns(estimator: Any, dataset: Dataset) -> None:
    expected = getattr(estimator, "feature_names_in_", None)
    given = list(dataset.frame.columns)
    # LightGBM notes a column's name with underscores for its spaces, and looks at no name when it predicts.
    underscored = ["_".join(name.split()) for name in given]
    if expected is not None and dataset.container == "frame" and list(expected) not in (given, underscored):
        raise UserError(
            f"The estimator was fitted on the columns {', '.join(expected)} and the data has "
            f"{', '.join(given)}. Give the data that it was fitted on, columns in the same order."
        )
    count = getattr(estimator, "n_features_in_", None)
    if count is not None and dataset.container != "texts" and count != len(given):
        raise UserError(
            f"The estimator was fitted on {count} columns and the data has {len(given)}. "
            "Give the data that it was fitted on."
        )


def _output(estimator: Any, task: str, golden: dict[str, Any], targets: tuple[str, ...]) -> dict[str, Any]:
    output: dict[str, Any] = {"fields": list(golden["answers"])}
    classes = classes_of(estimator) if task == "classification" else None
    if classes is not None:
        output["classes"] = classes
    if task in {"classification", "regression"}:
        output["targets"] = list(targets) or ["target"]
    return output


def write(
    home: Path, manifest: dict[str, Any], files: dict[str, bytes], check: Callable[[Path], None]
) -> Path:
    """Write everything beside its place, look at it as a reader would, then rename it: all or nothing.

    Args:
        home: Where the versions of this model are kept.
        manifest: Without the digests of the files and the version, which are entered here.
        files: Content by name.
        check: Asked to look at the draft; raises where it doesn't answer as it should.

    Returns:
        The artifact's folder; if the same content is there already, nothing is written.

    Raises:
        UserError: It is not what can be served.
    """
    home.mkdir(parents=True, exist_ok=True)
    sweep_drafts(home, datetime.now(UTC) - UNFINISHED)
    draft = Path(tempfile.mkdtemp(prefix=f"{DRAFT}{os.getpid()}-", dir=home))
    try:
        draft.chmod(0o755)
        for name, content in sorted(files.items()):
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        manifest["files"] = {
            name: {"sha256": artifact.digest_of(draft / name), "size": len(files[name])}
            for name in sorted(files)
        }
        manifest["version"] = artifact.version_of(manifest)
        place = home / str(manifest["version"])
        (draft / artifact.MANIFEST).write_bytes(as_json(manifest))
        artifact.verify(draft)
        if place.exists():
            return _same(place)
        check(draft)
        artifact.verify(draft)
        for name in [*files, artifact.MANIFEST]:
            (draft / name).chmod(_READ_ONLY)
        draft.rename(place)
    except artifact.ArtifactError as error:
        raise UserError(f"{error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return place


def _same(place: Path) -> Path:
    try:
        artifact.verify(place)
    except artifact.ArtifactError as error:
        raise UserError(f"{error} Delete the folder and train again.") from error
    return place


def as_json(value: object) -> bytes:
    """A value as a JSON file of an artifact."""
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
