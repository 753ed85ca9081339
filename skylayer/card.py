"""The model card: what the model is and how good, for a person."""

from __future__ import annotations

from typing import Any


def write_card(manifest: dict[str, Any]) -> str:
    """The card as Markdown, from a manifest that has no version yet.

    Follows the headings of Mitchell et al., "Model Cards for Model Reporting" (2019), as far as data tell.
    """
    training = manifest["training"]
    lines = [
        f"# {manifest['name']}",
        "",
        f"A model for {manifest['task'].replace('_', ' ')}"
        + (f" of {', '.join(manifest['output']['targets'])}." if "targets" in manifest["output"] else "."),
        "",
        f"Trained on {training.get('training_rows', training['rows'])} rows"
        + (f", evaluated on {training['holdout_rows']} others." if "holdout_rows" in training else "."),
        "",
        "## Input",
        "",
        "| column | kind | missing allowed | training range or categories |",
        "|---|---|---|---|",
        *(_column(column) for column in manifest["input"]["columns"]),
        "",
        "## Metrics",
        "",
        *_metrics(manifest["metrics"]),
        "## Engine",
        "",
        f"{manifest['engine']}: {manifest['engine_reason']}",
        "",
        *_proof(manifest["engines"].get("native", {}).get("proof")),
        "## Versions",
        "",
        *(f"- {name} {version}" for name, version in manifest["libraries"].items()),
        "",
    ]
    return "\n".join(lines)


def _proof(proof: dict[str, Any] | None) -> list[str]:
    if proof is None:
        return []
    lines = [
        f"- rows answered by both: {proof['rows']}, refused by both: {proof['refused_rows']}",
        f"- table entries compared: {proof['table_entries']}",
        f"- ties (scikit-learn contradicts itself there): {proof['ties']}",
    ]
    for name, value in proof["largest_difference"].items():
        floor = proof["scikit_learn_floor"].get(name, 0.0)
        lines.append(f"- {name}: largest difference {value:.2g}; scikit-learn from itself {floor:.2g}")
    return [*lines, ""]


_SHOWN_CATEGORIES = 12


def _column(column: dict[str, Any]) -> str:
    extent = ""
    if "minimum" in column:
        extent = f"{column['minimum']:g} to {column['maximum']:g}"
    elif "categories" in column:
        shown = [_cell(value) for value in column["categories"][:_SHOWN_CATEGORIES]]
        extent = ", ".join(shown) + (" …" if len(column["categories"]) > _SHOWN_CATEGORIES else "")
    return (
        f"| {_cell(column['name'])} | {column['kind']} | {'yes' if column['nullable'] else 'no'} | {extent} |"
    )


def _metrics(metrics: dict[str, Any]) -> list[str]:
    lines = []
    for part, values in metrics.items():
        lines += [f"### {part.replace('_', ' ').capitalize()}", ""]
        lines += [f"- {name.replace('_', ' ')}: {_number(value)}" for name, value in values.items()]
        lines.append("")
    return lines


def _number(value: Any) -> str:
    if isinstance(value, dict):
        return f"{value['mean']:.4g} ± {value['standard_deviation']:.2g}"
    return f"{value:.4g}"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
