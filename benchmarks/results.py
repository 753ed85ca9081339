"""What a run found, and its JSON, in which every sample is kept."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.samples import Sample
from skylayer.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

# A tenth of a microsecond; bytes are whole numbers.
DIGITS = 7


@dataclass
class Results:
    """Everything that a run found, as its JSON holds it."""

    kind: str
    settings: dict[str, Any]
    environment: dict[str, Any]
    models: list[dict[str, Any]] = field(default_factory=list)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    # Each ratio beside that of the run that it was compared with, if it was.
    compared: list[dict[str, Any]] = field(default_factory=list)

    def skip(self, model: str, variant: str, reason: str) -> None:
        """Note what wasn't measured, and why."""
        self.skipped.append({"model": model, "variant": variant, "reason": reason})


def write(results: Results, file: Path) -> None:
    """Write results, one sample a line."""
    document = asdict(results)
    samples = [json.dumps(_rounded(sample)) for sample in document.pop("samples")]
    head = json.dumps(document, indent=1, ensure_ascii=False).rstrip().removesuffix("}").rstrip()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'{head},\n "samples": [\n' + ",\n".join(samples) + "\n]}\n", encoding="utf-8")


def read(file: Path) -> Results:
    """Read what `write` wrote. Raises `UserError` for anything else."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        samples = [Sample(**sample) for sample in document.pop("samples")]
        return Results(**document, samples=samples)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(f"{file} isn't the JSON of a run: {error}") from error


def _rounded(sample: dict[str, Any]) -> dict[str, Any]:
    return {**sample, "values": [round(value, DIGITS) for value in sample["values"]]}
