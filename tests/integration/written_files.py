"""Files that other versions wrote, and what they answered there: the archives of `other_versions`."""

from __future__ import annotations

import json
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HOME = Path(__file__).parent / "other_versions"


def written(pattern: str) -> list[str]:
    """Names of the archives, which begin with what the pattern matches."""
    return sorted(path.name.removesuffix(".tar.xz") for path in HOME.glob(f"{pattern}*.tar.xz"))


@cache
def files(version: str) -> dict[str, bytes]:
    """Content of each file of an archive."""
    with tarfile.open(HOME / f"{version}.tar.xz") as archive:
        return {
            Path(member.name).name: file.read()
            for member in archive.getmembers()
            if (file := archive.extractfile(member)) is not None
        }


@cache
def answers(version: str) -> dict[str, Any]:
    """For each model of an archive its rows and its answers."""
    models: dict[str, Any] = json.loads(files(version)["answers.json"])["models"]
    return models


def rows_of(entry: dict[str, Any]) -> Any:
    """The rows of a model in the container that it was fitted on."""
    rows = entry["rows"]
    if isinstance(rows[0], dict):
        return pd.DataFrame(rows)
    return rows if isinstance(rows[0], str) else np.array(rows, dtype=float)
