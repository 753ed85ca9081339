"""One module for each verb, and a few that verbs share."""

from __future__ import annotations

from pathlib import Path

SHARED = {
    "coverage_cases",
    "coverage_sweep",
    "derived_files",
    "development",
    "progress",
    "stack_options",
    "store_options",
    "variables",
    "version_option",
}


def verbs() -> list[str]:
    """The verbs, by the alphabet."""
    found = {path.stem for path in Path(__file__).parent.glob("*.py")} - {"__init__"} - SHARED
    return sorted(name.replace("_", "-") for name in found)
