"""`import`: import a model from a file into model_artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.commands import derived_files, progress
from skylayer.commands.variables import Variable, whole
from skylayer.errors import UserError
from skylayer.formats import budget

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (
    Variable(
        "MODEL",
        "pickle, joblib, skops, XGBoost, LightGBM, CatBoost, treelite, PMML, Keras, ONNX or HDF5 file",
        Path,
        required=True,
    ),
    Variable("SAMPLE", "CSV file with rows like those of requests", Path),
    Variable("NAME", "name of the model (default: the file's)"),
    Variable("CLASSES", "labels of the outputs, where the file has none, in their order: a,b,c"),
    Variable("TRUST", "SHA-256 of the file: open it although it is a pickle"),
    Variable(
        "SECONDS",
        f"to read the file in; the whole import may take ten times as many (default {budget.DEFAULT.seconds})",
        whole,
        budget.DEFAULT.seconds,
    ),
    Variable(
        "MEMORY",
        f"MB that the import may take (default {budget.DEFAULT.memory // budget.MEGABYTE})",
        whole,
        budget.DEFAULT.memory // budget.MEGABYTE,
    ),
    Variable(
        "EXPANSION",
        f"MB of the file when it is decompressed (default {budget.DEFAULT.expansion // budget.MEGABYTE})",
        whole,
        budget.DEFAULT.expansion // budget.MEGABYTE,
    ),
)
EXAMPLES = (
    "make import MODEL=model.joblib SAMPLE=rows.csv",
    "make import MODEL=model.joblib SAMPLE=rows.csv NAME=churn TRUST=<the digest that the first try prints>",
    "make import MODEL=model.onnx SAMPLE=rows.csv",
    "make import MODEL=xgboost.json SAMPLE=rows.csv CLASSES=no,yes",
)


def run(options: Options) -> int:
    """Open, package, prove, make it the champion; in another environment if another scikit-learn wrote it."""
    from skylayer.formats.confined import Task, import_confined
    from skylayer.formats.other_version import OtherVersion, run_with, runs_with_it

    task = Task(
        options.model,
        trust=options.trust,
        sample=options.sample,
        name=options.name,
        classes=_labels(options.classes),
        directory=project.ARTIFACTS,
        log=project.STATE / "logs" / "import.log",
    )
    limits = budget.Budget(
        options.seconds, options.memory * budget.MEGABYTE, options.expansion * budget.MEGABYTE
    )
    try:
        with progress.shown("Import and prove", print) as told:
            folder = import_confined(task, limits, told.proof)
    except OtherVersion as other:
        if runs_with_it():
            raise UserError(f"{options.model} was {other}.") from None
        run_with(other.written, "import", options.given)
        return 0
    from serving import artifact

    manifest = artifact.read_manifest(folder)
    project.set_champion(folder)
    derived_files.write(folder, project.ARTIFACTS.parent)
    print(f"{folder.parent.name} {folder.name} is the champion: {folder}")
    print(f"Engine {manifest['engine']}: {manifest['engine_reason']}")
    if options.sample is None:
        print(
            "Its statistics are of made-up rows: import it with SAMPLE=rows.csv before you watch for drift."
        )
    return 0


def _labels(text: str | None) -> list[str] | list[int] | None:
    """Labels from the command line; numbers if all of them are."""
    if text is None:
        return None
    labels = [label.strip() for label in text.split(",")]
    if len(set(labels)) < len(labels) or "" in labels:
        raise UserError(f"CLASSES={text} must be different labels with commas between them.")
    return [int(label) for label in labels] if all(label.isdecimal() for label in labels) else labels
