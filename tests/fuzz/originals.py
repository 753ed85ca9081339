"""Whole model files of every format, for `imports` to damage."""

from __future__ import annotations

import io
import json
import pickle
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import h5py
import joblib
import numpy as np
import onnx
import skops.io
from skl2onnx import to_onnx
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

import skylayer
from skylayer.formats.exporting import export
from skylayer.formats.keras.files import _snake

RANDOM = np.random.default_rng(0)
NUMBERS = RANDOM.normal(size=(40, 3)).round(2)
LABELS = np.where(NUMBERS[:, 0] > 0, "yes", "no")
TEXTS = [f"{a} {b}" for a, b in RANDOM.choice(["good", "bad", "film"], (40, 2))]
INTEGRATION = Path(__file__).parents[1] / "integration"
KERAS = INTEGRATION / "keras2" / "sequential.h5"
# Of libraries that needn't be installed.
FOREIGN = {
    "json-xgboost": "boosters/xgboost-1.7.6.json",
    "ubj-xgboost": "boosters/xgboost-1.7.6.ubj",
    "json-catboost": "boosters/catboost-two.json",
    "cbm-catboost": "boosters/catboost-two.cbm",
    "pmml-forest": "pmml/forest-of-three.pmml",
    "pmml-linear": "pmml/logistic-three.pmml",
}


def write(folder: Path) -> None:
    """Write the originals: the first part of a file's name says its format, the digit of a pickle its protocol."""
    estimators: dict[str, Any] = {
        "logistic": make_pipeline(StandardScaler(), LogisticRegression()).fit(NUMBERS, LABELS),
        "forest": RandomForestClassifier(2, max_depth=3, random_state=0).fit(NUMBERS, LABELS),
        "histogram": HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=4).fit(NUMBERS, LABELS),
        "neighbours": KNeighborsClassifier(3).fit(NUMBERS, LABELS),
        "vectors": SVC().fit(NUMBERS, LABELS),
        "columns": make_pipeline(
            make_column_transformer((OneHotEncoder(handle_unknown="ignore"), [0]), remainder="passthrough"),
            LogisticRegression(),
        ).fit(NUMBERS, LABELS),
        "texts": make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS),
    }
    for number, (name, estimator) in enumerate(estimators.items()):
        protocol = (5, 4, 2, 0)[number % 4]
        (folder / f"pickle-{name}.{protocol}").write_bytes(pickle.dumps(estimator, protocol))
        (folder / f"skops-{name}").write_bytes(skops.io.dumps(estimator))
    joblib.dump(estimators["forest"], folder / "pickle-joblib.4")
    (folder / "zlib-forest").write_bytes(zlib.compress(pickle.dumps(estimators["forest"])))
    graph = to_onnx(estimators["logistic"], NUMBERS[:1].astype(np.float32), options={"zipmap": False})
    (folder / "onnx-logistic").write_bytes(onnx.ModelProto.SerializeToString(graph))
    (folder / "keras-hdf5").write_bytes(KERAS.read_bytes())
    (folder / "keras-zip").write_bytes(_keras_zip())
    for name, kept in FOREIGN.items():
        (folder / name).write_bytes((INTEGRATION / kept).read_bytes())
    (folder / "hdf5-logistic").write_bytes(_exported(estimators["logistic"]))


def _keras_zip() -> bytes:
    """The network of KERAS in the layout of Keras 3."""
    with h5py.File(KERAS) as old:
        config = json.loads(old.attrs["model_config"])
        content = io.BytesIO()
        with h5py.File(content, "w") as made:
            counts: dict[str, int] = {}
            for layer in config["config"]["layers"]:
                snake = _snake(layer["class_name"])
                count = counts[snake] = counts.get(snake, -1) + 1
                variables = made.create_group(
                    f"layers/{snake}_{count}/vars" if count else f"layers/{snake}/vars"
                )
                name = layer["config"]["name"]
                stored = old["model_weights"].get(name)
                names = [] if stored is None else stored.attrs["weight_names"]
                for place, weight in enumerate(names):
                    variables[str(place)] = stored[weight][()]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.0.0"}))
        archive.writestr("model.weights.h5", content.getvalue())
    return out.getvalue()


def _exported(estimator: Any) -> bytes:
    with tempfile.TemporaryDirectory() as home:
        folder = skylayer.package(estimator, NUMBERS, LABELS, name="model", directory=home, proof_rows=100)
        path = Path(home, "model.h5")
        export(folder, "hdf5", path)
        return path.read_bytes()
