"""Networks written by Keras answer as Keras does, and what has no equivalent is refused by its layer's name."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
import pytest
from conftest import serve

import skylayer
from serving import artifact
from skylayer.compiler.keras import evaluation
from skylayer.errors import UserError
from skylayer.formats.importing import import_model
from skylayer.formats.keras import files, parsing

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
import keras
from keras import layers

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Build = Callable[[], keras.Model]

ROWS = 40
RANDOM = np.random.RandomState(0)
KERAS_2 = Path(__file__).with_name("keras2")
FORMS = ("keras", "h5")


@pytest.fixture(autouse=True)
def _repeatable() -> None:
    RANDOM.seed(0)
    keras.utils.set_random_seed(0)


def sequential(*inner: keras.Layer, width: int = 5) -> keras.Model:
    return keras.Sequential([keras.Input((width,)), *inner])


def activation(name: str) -> Build:
    return lambda: sequential(layers.Dense(6, activation=name), layers.Dense(3))


def layer(make: Callable[[], keras.Layer]) -> Build:
    return lambda: sequential(layers.Dense(6), make(), layers.Dense(3, activation="softmax"))


def functional() -> keras.Model:
    """Numbers, two codes that share an embedding, one by itself; joined, with a way around a layer."""
    numbers = keras.Input((3,), name="numbers")
    codes, single = (
        keras.Input((2,), name="codes", dtype="int32"),
        keras.Input((), name="single", dtype="int32"),
    )
    embedding = layers.Embedding(6, 2)
    parts = [numbers, layers.Flatten()(embedding(codes)), layers.Embedding(4, 3)(single)]
    x = start = layers.Dense(4, activation="relu")(layers.Concatenate()(parts))
    for join in (
        layers.Add,
        layers.Multiply,
        layers.Average,
        layers.Maximum,
        layers.Minimum,
        layers.Subtract,
    ):
        x = join()([layers.Dense(4)(x), start])
    return keras.Model([numbers, codes, single], layers.Dense(1, activation="sigmoid")(x))


def words() -> keras.Model:
    """The average of embedded codes."""
    codes = keras.Input((7,), dtype="int32")
    x = layers.GlobalAveragePooling1D()(layers.Embedding(9, 4)(codes))
    return keras.Model(codes, layers.Dense(2)(layers.Flatten()(layers.Reshape((2, -1))(x))))


def image() -> keras.Model:
    pixels = keras.Input((6, 5), name="pixels")
    x = layers.Flatten()(layers.Rescaling(1 / 255, offset=-0.5)(pixels))
    return keras.Model(pixels, layers.Dense(10, activation="softmax")(layers.Dense(8, activation="relu")(x)))


def normalised(**options: Any) -> keras.Model:
    adapted = layers.Normalization(**options)
    adapted.adapt(RANDOM.normal(3.0, 2.0, size=(50, 5)).astype(np.float32))
    return sequential(adapted, layers.Dense(3))


NETWORKS: dict[str, Build] = {
    **{
        name: activation(name)
        for name in (
            "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "sigmoid", "hard_sigmoid", "tanh", "softmax",
            "log_softmax", "softplus", "softsign", "gelu", "silu", "swish", "hard_silu", "exponential", "mish",
        )
    },
    "ReLU": layer(lambda: layers.ReLU(max_value=1.5, negative_slope=0.1)),
    "LeakyReLU": layer(layers.LeakyReLU),
    "PReLU": layer(layers.PReLU),
    "ELU": layer(lambda: layers.ELU(0.7)),
    "Softmax": layer(layers.Softmax),
    "Activation": layer(lambda: layers.Activation("tanh")),
    "activation as a layer": layer(lambda: layers.Dense(4, activation=layers.LeakyReLU(negative_slope=0.2))),
    "BatchNormalization": layer(layers.BatchNormalization),
    "BatchNormalization of the mean alone": layer(lambda: layers.BatchNormalization(scale=False, center=False)),
    "Dropout": layer(lambda: layers.Dropout(0.5)),
    "no bias": layer(lambda: layers.Dense(4, use_bias=False)),
    "Normalization": normalised,
    "Normalization of all as one": lambda: normalised(axis=None),
    "Normalization given": lambda: sequential(
        layers.Normalization(mean=[1.0, 2, 3, 4, 5], variance=[1.0, 4, 9, 16, 25]), layers.Dense(1)
    ),
    "inverse Normalization": lambda: sequential(
        layers.Normalization(mean=2.0, variance=9.0, axis=None, invert=True), layers.Dense(1)
    ),
    "Functional": functional,
    "words": words,
    "image": image,
}  # fmt: skip


def weighted(model: keras.Model) -> keras.Model:
    """A network whose every weight matters, as if it had been trained."""
    for variable in model.variables:
        if variable.path.startswith("normalization") or "seed" in variable.path:
            continue  # what was adapted to data stays
        values = RANDOM.normal(size=variable.shape) * 0.7
        variable.assign(np.abs(values) + 0.3 if "variance" in variable.name else values)
    return model


def rows_of(model: keras.Model) -> tuple[list[NDArray[Any]], NDArray[Any]]:
    """Rows for Keras, an array for each input, and the same as one table."""
    parts = []
    for source in model.inputs:
        shape = (ROWS, *source.shape[1:])
        whole = source.dtype.startswith("int")
        parts.append(RANDOM.randint(0, 4, shape) if whole else RANDOM.normal(0, 3, shape).astype(np.float32))
    return parts, np.hstack([part.reshape(ROWS, -1) for part in parts])


def ask(model: keras.Model, parts: list[NDArray[Any]]) -> NDArray[Any]:
    answer: NDArray[Any] = np.asarray(model(parts if len(parts) > 1 else parts[0], training=False))
    return answer.astype(np.float64)


def save(model: keras.Model, path: Path) -> Path:
    model.save(path)
    return path


def bring(path: Path, home: Path, **options: Any) -> Path:
    settings: dict[str, Any] = {"trust": None, "sample": None, "name": None, "proof_rows": 300}
    return import_model(
        path, directory=home / "artifacts", progress=lambda _: None, **{**settings, **options}
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_keras_lies_within_what_float32_rounds(name: str, tmp_path: Path) -> None:
    model = weighted(NETWORKS[name]())
    parts, table = rows_of(model)
    expected = ask(model, parts)
    for form in FORMS:
        path = save(model, tmp_path / f"model.{form}")
        stored = (files.read_zip if form == "keras" else files.read_hdf5)(path, path.read_bytes())
        network = parsing.parse(path, stored)
        exact, allowed = evaluation.error_bounds(network, table)
        assert exact.shape == expected.shape
        assert (np.abs(expected - exact) <= allowed).all(), np.abs(expected - exact).max()
        assert (np.abs(evaluation.evaluate(network, table, np.float32) - exact) <= allowed).all()
        # The bound tells a wrong network from a rounded one.
        assert np.median(allowed) < 2e-2 * np.median(np.abs(exact))


@pytest.mark.parametrize("form", FORMS)
def test_what_is_served_is_what_keras_answers(form: str, tmp_path: Path) -> None:
    for build in (functional, image, NETWORKS["PReLU"], NETWORKS["gelu"], NETWORKS["hard_silu"]):
        model = weighted(build())
        parts, table = rows_of(model)
        expected = ask(model, parts)
        folder = bring(save(model, tmp_path / f"network.{form}"), tmp_path)
        manifest = artifact.verify(folder)
        assert set(manifest["engines"]) == {"native"}
        whole = [column["kind"] == "integer" for column in manifest["input"]["columns"]]
        rows = [[int(v) if w else float(v) for v, w in zip(row, whole, strict=True)] for row in table]
        answer = skylayer.open(folder).predict(rows)
        if expected.shape[1] == 1:
            assert np.allclose([p[1] for p in answer["probabilities"]], expected[:, 0], atol=1e-5)
        elif "probabilities" in answer:
            assert np.allclose(answer["probabilities"], expected, atol=1e-5)
            assert answer["predictions"] == expected.argmax(axis=1).tolist()
        else:
            assert np.allclose(answer["predictions"], expected, rtol=1e-5, atol=1e-5)
        float32 = manifest["engines"]["native"]["proof"]["float32"]
        assert 0 < float32["largest_difference"] <= float32["bound"]
        assert "as Keras computes it" in (folder / artifact.MODEL_CARD).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["sequential", "functional"])
def test_the_function_answers_what_keras_2_did(name: str, tmp_path: Path) -> None:
    """From the file to the body of a response, by the handler that is deployed."""
    answered = json.loads((KERAS_2 / f"{name}.json").read_text(encoding="utf-8"))
    client = serve(bring(KERAS_2 / f"{name}.h5", tmp_path))
    whole = client.send(None, "/model", "GET").json()["input"]["columns"]
    rows = [
        [int(v) if column["kind"] == "integer" else v for v, column in zip(row, whole, strict=True)]
        for row in answered["rows"]
    ]
    answer = client.post({"instances": rows})
    assert answer.status == 200, answer.body
    found = np.asarray(answer.json()["probabilities"])
    expected = np.asarray(answered["answers"])
    assert np.allclose(found if name == "sequential" else found[:, 1:], expected, atol=1e-6)


@pytest.mark.parametrize("name", ["sequential", "functional"])
def test_files_of_keras_2_on_tensorflow(name: str) -> None:
    """Written and answered by tf_keras 2.21: adapted normalisation, hard_sigmoid with its old slope, gelu, alpha."""
    path = KERAS_2 / f"{name}.h5"
    stored = files.read_hdf5(path, path.read_bytes())
    assert stored.version == "2.21.0"
    answered = json.loads((KERAS_2 / f"{name}.json").read_text(encoding="utf-8"))
    exact, allowed = evaluation.error_bounds(parsing.parse(path, stored), np.asarray(answered["rows"]))
    assert (np.abs(np.asarray(answered["answers"]) - exact) <= np.minimum(allowed, 1e-5)).all()


def test_classes_and_columns_are_what_the_user_says(tmp_path: Path) -> None:
    path = save(
        weighted(sequential(layers.Dense(3, activation="softmax"), width=2)), tmp_path / "flowers.keras"
    )
    sample = tmp_path / "rows.csv"
    table = RANDOM.normal(size=(30, 2))
    pd.DataFrame(table, columns=["length", "width"]).to_csv(sample, index=False)
    folder = bring(path, tmp_path, sample=sample, classes=["setosa", "versicolor", "virginica"])
    manifest = artifact.verify(folder)
    assert [column["name"] for column in manifest["input"]["columns"]] == ["length", "width"]
    assert manifest["output"]["classes"] == ["setosa", "versicolor", "virginica"]
    assert manifest["training"]["imported"]["format"] == "keras"
    answer = skylayer.open(folder).predict([{"length": 1.0, "width": -2.0}])
    assert answer["predictions"][0] == answer["classes"][int(np.argmax(answer["probabilities"][0]))]

    def refuse(match: str, **options: Any) -> None:
        with pytest.raises(UserError, match=match) as refusal:
            bring(path, tmp_path, **{"sample": sample, **options})
        assert "\n" not in str(refusal.value)

    refuse("CLASSES names 2 classes; .* has 3", classes=["a", "b"])
    pd.DataFrame({"a": [1.0], "b": [2.0], "c": [3.0]}).to_csv(sample, index=False)
    refuse(r"has 3 columns; the network takes 2, in the order x0, x1")
    pd.DataFrame({"a": [1.0], "b": ["text"]}).to_csv(sample, index=False)
    refuse(r"column 'b' must hold numbers and nothing else")
    number = save(weighted(sequential(layers.Dense(1))), tmp_path / "number.keras")
    with pytest.raises(UserError, match=r"CLASSES was given, and .* ends in numbers"):
        bring(number, tmp_path, classes=["a", "b"])


def test_codes_that_an_embedding_does_not_have_are_refused(tmp_path: Path) -> None:
    path = save(weighted(words()), tmp_path / "words.h5")
    model = skylayer.open(bring(path, tmp_path))
    with pytest.raises(Exception, match="refuses an instance") as refusal:
        model.predict([[0, 1, 2, 3, 4, 5, 9]])
    assert "0 to 8" in str(vars(refusal.value))
    sample = tmp_path / "rows.csv"
    pd.DataFrame(np.full((3, 7), 9)).to_csv(sample, index=False)
    with pytest.raises(UserError, match="must hold the codes 0 to 8"):
        bring(path, tmp_path, sample=sample)
    pd.DataFrame(np.full((3, 7), 0.5)).to_csv(sample, index=False)
    with pytest.raises(UserError, match="must hold whole numbers"):
        bring(path, tmp_path, sample=sample)


def convolution() -> keras.Model:
    pixels = keras.Input((8, 8, 1))
    return keras.Model(pixels, layers.Dense(1)(layers.Flatten()(layers.Conv2D(2, 3, name="edges")(pixels))))


def two_outputs() -> keras.Model:
    x = keras.Input((3,))
    return keras.Model(x, [layers.Dense(1)(x), layers.Dense(2)(x)])


def custom(x: Any) -> Any:
    return x * 2


REFUSED: dict[str, tuple[Build, str]] = {
    "convolution": (convolution, r"layer 'edges' \(Conv2D\) has no native equivalent"),
    "nested": (
        lambda: sequential(keras.Sequential([layers.Dense(2)], name="inner")),
        r"layer 'inner' \(Sequential\) has no native equivalent",
    ),
    "own function": (activation(custom), r"has activation='custom', which has no native equivalent"),  # type: ignore[arg-type]
    "unknown function": (activation("sparsemax"), r"has activation='sparsemax'"),
    "any length": (
        lambda: keras.Sequential([keras.Input((None,), name="words"), layers.Embedding(5, 2)]),
        "input 'words' takes rows of any length",
    ),
    "texts": (
        lambda: keras.Sequential([keras.Input((1,), dtype="string", name="text"), layers.Identity()]),
        "input 'text' takes values of string",
    ),
    "two outputs": (two_outputs, "has 2 outputs"),
    "float16": (
        lambda: sequential(layers.Dense(2, dtype="float16", name="half")),
        r"layer 'half' \(Dense\) computes in float16",
    ),
    "threshold": (
        layer(lambda: layers.ReLU(threshold=1.0, name="step")),
        r"layer 'step' \(ReLU\) has a thresh",
    ),
    "masks": (
        lambda: keras.Sequential(
            [
                keras.Input((4,)),
                layers.Embedding(5, 2, mask_zero=True),
                layers.GlobalAveragePooling1D(name="mean"),
            ]
        ),
        r"layer 'mean' .* leaves out what an Embedding with mask_zero=True masks",
    ),
    "a matrix": (
        lambda: keras.Sequential([keras.Input((4,)), layers.Embedding(5, 2)]),
        r"its result has the shape \(4, 2\)",
    ),
    "another axis": (
        lambda: keras.Sequential(
            [keras.Input((4, 2)), layers.BatchNormalization(axis=1, name="rows"), layers.Flatten()]
        ),
        r"layer 'rows' \(BatchNormalization\) has axis=1",
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_equivalent_is_named(case: str, form: str, tmp_path: Path) -> None:
    build, match = REFUSED[case]
    path = save(build(), tmp_path / f"model.{form}")
    with pytest.raises(UserError, match=match) as refusal:
        bring(path, tmp_path)
    assert "\n" not in str(refusal.value)


def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path) -> None:
    model = weighted(sequential(layers.Dense(2)))
    for form in FORMS:
        content = save(model, tmp_path / f"model.{form}").read_bytes()
        for cut in (len(content) // 3, len(content) - 40):
            path = tmp_path / f"half.{form}"
            path.write_bytes(content[:cut])
            with pytest.raises(UserError, match="cut off or damaged") as refusal:
                bring(path, tmp_path)
            assert "\n" not in str(refusal.value)
    weights = tmp_path / "model.weights.h5"
    model.save_weights(weights)
    with pytest.raises(UserError, match="HDF5 without a model"):
        bring(weights, tmp_path)


def change(path: Path, to: Path, change_config: Callable[[Any], None]) -> Path:
    """The same zip with another configuration."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                change_config(config)
                content = json.dumps(config).encode()
            new.writestr(name, content)
    return to


def test_a_configuration_that_lies_is_refused(tmp_path: Path) -> None:
    path = save(weighted(sequential(layers.Dense(2, name="dense"))), tmp_path / "model.keras")

    def dense(config: Any) -> Any:
        return config["config"]["layers"][-1]["config"]

    lies: dict[str, Callable[[Any], None]] = {
        r"weights of the shape \(5, 2\) where \(5, 3\)": lambda config: dense(config).update(units=3),
        "is damaged": lambda config: dense(config).pop("units"),
        "a model of the class Villain": lambda config: config.update(class_name="Villain"),
        "lacks its weights": lambda config: dense(config).update(name="other"),
        "is quantized": lambda config: dense(config).update(quantization_config={"mode": "int8"}),
        "no network of named layers": lambda config: config.update(config={"layers": [1]}),
    }
    for match, lie in lies.items():
        with pytest.raises(UserError, match=match) as refusal:
            bring(change(path, tmp_path / "lie.keras", lie), tmp_path)
        assert "\n" not in str(refusal.value)


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = save(weighted(sequential(layers.Dense(2))), tmp_path / "model.h5")
    with h5py.File(path, "r+") as file:
        found: list[Any] = []
        file.visititems(lambda _, item: found.append(item) if isinstance(item, h5py.Dataset) else None)
        found[0][...] = np.nan
    with pytest.raises(UserError, match="has weights that are no finite numbers"):
        bring(path, tmp_path)
