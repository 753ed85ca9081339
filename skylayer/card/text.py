"""The model card: what the model is and how good, for a person."""

from __future__ import annotations

import re
from typing import Any

from serving.openapi.meanings import meaning
from skylayer.card.engines import COLD_STARTS, LIBRARIES
from skylayer.card.numbers import extent, metric, metric_name, number, rows

_NO_TEXT = "Nobody has written down its intended use, its data or its licence."


def write(manifest: dict[str, Any], card_text: str, pictures: list[str], sizes: dict[str, int]) -> str:
    """The card as Markdown, from a manifest that has no version yet.

    Follows the headings of Mitchell et al., "Model Cards for Model Reporting" (2019), as far as data tell.

    Args:
        manifest: Of the artifact.
        card_text: What the owner says of it, as Markdown with headings of the second level; may be empty.
        pictures: Lines on and of the plots.
        sizes: Bytes of the engines' files, by name.
    """
    lines = [
        f"# {manifest['name']}",
        "",
        f"A model for {manifest['task'].replace('_', ' ')}{_of(manifest['output'])}.",
        _trained(manifest["training"]),
        "",
        card_text.strip() or _NO_TEXT,
        "",
        "## Metrics",
        "",
        *_metrics(manifest["metrics"], manifest["task"]),
        *(["## Plots", ""] if pictures else []),
        *(line for picture in pictures for line in (picture, "")),
        *_answers(manifest),
        "## Input",
        "",
        "| column | kind | missing allowed | training range or categories |",
        "|---|---|---|---|",
        *(_column(column) for column in manifest["input"]["columns"]),
        "",
        "## Engine",
        "",
        f"{manifest['engine']}: {plain(manifest['engine_reason'])}",
        "",
        *_proof(manifest["engines"].get("native", {}).get("proof")),
        *_size(manifest, sizes),
        f"Cold start: {COLD_STARTS[manifest['engine']]}. Libraries: {LIBRARIES[manifest['engine']]}.",
        "",
        "## Versions",
        "",
        ", ".join(f"{name} {version}" for name, version in manifest["libraries"].items()) + ".",
        "",
    ]
    return "\n".join(lines)


def _answers(manifest: dict[str, Any]) -> list[str]:
    """What each field of an answer means."""
    output = manifest["output"]
    told = [(field, meaning(field, manifest["task"], output)) for field in output["fields"]]
    return ["## Answers", "", *(f"- `{field}`: {text}." for field, text in told if text), ""]


def _trained(training: dict[str, Any]) -> str:
    count = training.get("training_rows", training["rows"])
    if not count:
        return "Trained elsewhere, on data that are not known here."
    folds = f", cross-validated in {training['folds']} folds" if "folds" in training else ""
    holdout = f", evaluated on {training['holdout_rows']:,} others" if "holdout_rows" in training else ""
    return f"Trained on {rows(count)}{folds}{holdout}."


def _of(output: dict[str, Any]) -> str:
    told = f" of {', '.join(map(plain, output['targets']))}" if "targets" in output else ""
    classes = output.get("classes") or []
    if not classes or isinstance(classes[0], list) or len(classes) > _SHOWN_CATEGORIES:
        return told
    return f"{told}: {', '.join(map(plain, classes))}"


def _proof(proof: dict[str, Any] | None) -> list[str]:
    if proof is None:
        return []
    float32 = proof.get("float32")
    owner = "numpy" if float32 else "scikit-learn"
    lines = [
        f"- rows answered by both: {proof['rows']:,}, refused by both: {proof['refused_rows']:,}",
        f"- table entries compared: {proof['table_entries']:,}",
        f"- ties, which {owner}'s own rounding decides: {proof['ties']:,}{_differing(proof)}",
    ]
    for name, value in proof["largest_difference"].items():
        floor = proof["scikit_learn_floor"].get(name, 0.0)
        lines.append(f"- {name}: largest difference {value:.2g}; {owner} from itself {floor:.2g}")
    if float32:
        lines.append(
            f"- the same network in float32, as Keras computes it: at most {float32['largest_difference']:.2g} away "
            f"on {float32['rows']} rows, where {float32['bound']:.2g} is what rounding can do"
        )
    return [*lines, ""]


def _differing(proof: dict[str, Any]) -> str:
    """How many ties came out differently, which manifests of an earlier release don't say."""
    return f", of which came out differently: {proof['differing_ties']}" if "differing_ties" in proof else ""


def _size(manifest: dict[str, Any], sizes: dict[str, int]) -> list[str]:
    """What the function loads, beside what scikit-learn itself would."""
    engine, entries = manifest["engine"], manifest["engines"]
    told = f"Size: {_bytes(sizes[entries[engine]['file']])}"
    if engine != "sklearn" and "sklearn" in entries:
        told += f"; the estimator as scikit-learn has it: {_bytes(sizes[entries['sklearn']['file']])}"
    return [f"{told}.", ""]


_MEGABYTE = 1_000_000


def _bytes(size: int) -> str:
    return f"{size / _MEGABYTE:,.1f} MB" if size >= _MEGABYTE else f"{size / 1000:,.1f} kB"


_SHOWN_CATEGORIES = 12


def _column(column: dict[str, Any]) -> str:
    told = ""
    if "minimum" in column:
        told = extent(column["minimum"], column["maximum"])
    elif "categories" in column:
        shown = [plain(value) for value in column["categories"][:_SHOWN_CATEGORIES]]
        told = ", ".join(shown) + (" …" if len(column["categories"]) > _SHOWN_CATEGORIES else "")
    return (
        f"| {plain(column['name'])} | {column['kind']} | {'yes' if column['nullable'] else 'no'} | {told} |"
    )


_BASELINES = {
    "classification": "Baseline: always the most frequent class, with each class's share as its probability.",
    "regression": "Baseline: always the mean, whatever the row holds.",
}


def _metrics(metrics: dict[str, Any], task: str) -> list[str]:
    """A table of every metric in each part; the holdout's with its interval."""
    parts = [part for part in metrics if part != "holdout_interval"]
    if not parts:
        return ["None: there was no target.", ""]
    bounds = metrics.get("holdout_interval", {})
    titles = [
        part.replace("_", " ") + (" (95% interval)" if part == "holdout" and bounds else "") for part in parts
    ]
    lines = [f"| metric | {' | '.join(titles)} |", "|---" * (len(parts) + 1) + "|"]
    for name in dict.fromkeys(name for part in parts for name in metrics[part]):
        cells = []
        for part in parts:
            cell = metric(metrics[part][name]) if name in metrics[part] else ""
            if part == "holdout" and name in bounds:
                low, high = bounds[name]
                cell += f" ({number(low)} to {number(high)})"
            cells.append(cell)
        lines.append(f"| {plain(metric_name(name))} | {' | '.join(cells)} |")
    said = [_BASELINES[task], ""] if "baseline" in metrics else []
    return [*lines, "", *said]


# What would be markup, of CommonMark and of tables; an underscore inside of a word is none.
_MARKUP = re.compile(r"[\\`*\[\]<>&|~]|(?<![^\W_])_|_(?![^\W_])")


def plain(value: object) -> str:
    """A name or value of the data as Markdown that shows it and does nothing else, in one line.

    Who names a column `![x](http://…)` would have a picture fetched by whoever opens the card.
    """
    return _MARKUP.sub(r"\\\g<0>", " ".join(str(value).splitlines()))
