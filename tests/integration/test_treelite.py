"""treelite's checkpoints: native, and equal to what its GTIL answered to 10,000 rows when the files were written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from record_treelite import ROWS, rows

import skylayer
from skylayer.errors import UserError
from skylayer.formats.importing import import_model

HOME = Path(__file__).parent / "treelite_files"
ANSWERS = dict(np.load(HOME / "treelite.npz"))
FLOAT32 = 4 * 2.0**-23  # of one answer, a few last digits: the C library's exponential isn't numpy's
CLASSES = {"xgboost-two": 2, "xgboost-three": 3, "forest-of-three": 3, "boosted-two": 2, "boosted-three": 3}


def bring(path: Path, home: Path, **options: Any) -> Any:
    settings: dict[str, Any] = {"trust": None, "sample": None, "name": None, "proof_rows": 600}
    folder = import_model(path, directory=home / "artifacts", progress=lambda _: None, **settings | options)
    return skylayer.open(folder)


@pytest.mark.parametrize("name", [name for name in ANSWERS if " " not in name])
def test_a_checkpoint_is_native_and_answers_as_gtil_did(name: str, tmp_path: Path) -> None:
    model = bring(HOME / f"{name}.bin", tmp_path)
    manifest = model.manifest
    assert (manifest["engine"], list(manifest["engines"])) == ("native", ["native"])
    assert manifest["training"]["imported"]["format"] == "treelite"
    assert manifest["libraries"]["treelite"].startswith("4.")
    data = [[None if np.isnan(value) else value for value in row] for row in rows(ROWS, 1).tolist()]
    got = model.predict([dict(zip(["f0", "f1", "f2", "f3"], row, strict=True)) for row in data])
    numbers = np.asarray(got["probabilities" if name in CLASSES else "predictions"]).reshape(ROWS, -1)
    if name in CLASSES:
        assert manifest["output"]["classes"] == list(range(CLASSES[name]))
        assert got["predictions"] == numbers.argmax(axis=1).tolist()
        numbers = numbers[:, 1:] if ANSWERS[name].shape[1] == 1 else numbers
    # GTIL's softmax takes its exponentials in float32 whatever the model's type is.
    tolerance = FLOAT32 if name.startswith("xgboost") or name == "boosted-three" else 1e-12
    np.testing.assert_allclose(numbers[::10], ANSWERS[name], rtol=tolerance, atol=1e-12)
    sums = numbers.reshape(100, 100, -1).sum(axis=1)
    np.testing.assert_allclose(sums, ANSWERS[f"{name} sums"], rtol=tolerance, atol=1e-10)


def test_labels_can_be_given_and_a_damaged_file_is_told(tmp_path: Path) -> None:
    model = bring(HOME / "xgboost-two.bin", tmp_path, classes=["no", "yes"])
    assert model.manifest["output"]["classes"] == ["no", "yes"]
    content = (HOME / "xgboost-two.bin").read_bytes()
    path = tmp_path / "half.bin"
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match="is cut off or damaged: it ends early"):
        bring(path, tmp_path)
    path.write_bytes(b"\3" + content[1:])
    with pytest.raises(UserError, match="it is of treelite 3, and checkpoints of treelite 4 are read"):
        bring(path, tmp_path)
