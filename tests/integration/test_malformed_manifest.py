"""A manifest with right digests whose members are missing or of another type: one line says so, and no KeyError."""

from __future__ import annotations

import copy
import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

import skylayer
from serving import artifact
from serving.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRAME = pd.DataFrame({"x": np.arange(40.0), "n": np.arange(40), "kind": ["a", "b"] * 20})
REPLACED: tuple[Any, ...] = (None, True, 7, -1.5, "x", [], [None], {}, {"x": []})
# What nobody reads to answer, or is a text for people.
UNREAD = {"metrics", "training", "libraries", "created", "engine_reason"}


@pytest.fixture(scope="module", params=["native", "sklearn"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    steps: list[Any] = [make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough")]
    if request.param == "sklearn":
        steps.append(FunctionTransformer(np.asarray))
    estimator = make_pipeline(*steps, LogisticRegression(max_iter=5000)).fit(FRAME, [0, 1] * 20)
    home = tmp_path_factory.mktemp("home")
    made = skylayer.package(estimator, FRAME, [0, 1] * 20, name="model", directory=home, proof_rows=100)
    assert artifact.read_manifest(made)["engine"] == request.param
    return made


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each member of a manifest."""
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(members):
        if not path and key in UNREAD:
            continue
        yield (*path, key)
        yield from places(value, (*path, key))


def changes(manifest: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each member taken out, and replaced by a value of each other type."""
    for path in places(manifest):
        for value in ("removed", *REPLACED):
            changed = copy.deepcopy(manifest)
            node = changed
            for key in path[:-1]:
                node = node[key]
            if value == "removed":
                del node[path[-1]]
            else:
                node[path[-1]] = value
            yield f"{path} {value!r}", changed


def test_a_malformed_manifest_is_a_user_error_or_answers(folder: Path, tmp_path: Path) -> None:
    manifest = artifact.read_manifest(folder)
    rows = FRAME.head(2).to_dict("records")
    copied = tmp_path / "copied"
    shutil.copytree(folder, copied)
    (copied / artifact.MANIFEST).chmod(0o644)
    outcomes = {"refused": 0, "answered": 0}
    for what, changed in changes(manifest):
        changed["version"] = artifact.version_of(changed)
        (copied / artifact.MANIFEST).write_text(json.dumps(changed), encoding="utf-8")
        try:
            answer = skylayer.open(copied).predict(rows)
        except (skylayer.UserError, Problem) as error:
            assert str(error)  # noqa: PT017 - any other exception fails the test
            outcomes["refused"] += 1
        except Exception as error:
            raise AssertionError(what) from error
        else:
            assert "predictions" in answer, what
            outcomes["answered"] += 1
    assert outcomes["refused"] > 200
    assert outcomes["answered"] > 50
