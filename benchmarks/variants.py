"""What is measured, and the folders that each variant's function is made of."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import joblib

from benchmarks.onnx_conversion import to_onnx

if TYPE_CHECKING:
    from benchmarks.models import Model
    from benchmarks.workspace import Workspace

PEERS = Path(__file__).resolve().parent / "peers"
SKLEARN = frozenset({"sklearn", "numpy", "scipy", "joblib", "threadpoolctl", "narwhals", "cloudpickle"})
PANDAS = SKLEARN | {"pandas", "dateutil", "six", "pytz", "tzdata"}
POWERTOOLS = frozenset({"aws_lambda_powertools", "jmespath", "typing_extensions"})
ONNX = frozenset({"onnxruntime", "numpy"})
CLIENT = ("awslambdaric",)


class NotServedError(Exception):
    """A variant can't serve a model; the message says why."""


@dataclass(frozen=True)
class Peer:
    """One way to serve a model: a file of `peers/`, its packages, and the packages it may import."""

    name: str
    file: str
    packages: tuple[str, ...] = ()
    may_import: frozenset[str] = frozenset()
    writes: str = "nothing"
    compiled: bool = True
    predicts: bool = True


PEER_VARIANTS = (
    Peer("bare", "bare.py", predicts=False),
    Peer("powertools", "powertools.py", ("aws-lambda-powertools",), POWERTOOLS, predicts=False),
    Peer("sklearn-joblib, arrays", "sklearn_arrays.py", ("scikit-learn",), SKLEARN, "on_array"),
    Peer("sklearn-joblib, pandas", "sklearn_pandas.py", ("scikit-learn", "pandas"), PANDAS, "on_frame"),
    Peer(
        "sklearn-joblib, arrays, no .pyc",
        "sklearn_arrays.py",
        ("scikit-learn",),
        SKLEARN,
        "on_array",
        compiled=False,
    ),
    Peer(
        "sklearn-joblib, pandas, no .pyc",
        "sklearn_pandas.py",
        ("scikit-learn", "pandas"),
        PANDAS,
        "on_frame",
        compiled=False,
    ),
    Peer("onnxruntime", "onnx_runtime.py", ("onnxruntime",), ONNX, "onnx"),
)


@dataclass(frozen=True)
class Deployment:
    """A function ready to start: its own folder, /opt/python, and the runtime client's folder.

    `wrapper` is what AWS_LAMBDA_EXEC_WRAPPER names; `interpreted` says whether it ever starts the interpreter.
    """

    variant: str
    function: Path
    opt: Path
    client: Path
    may_import: frozenset[str]
    predicts: bool = True
    cold_only: bool = False
    engine: str | None = None
    layers: tuple[Path, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    wrapper: Path | None = None
    interpreted: bool = True

    @property
    def folders(self) -> tuple[Path, ...]:
        """What is importable, in Lambda's order."""
        return (self.function, self.opt, self.client)

    @property
    def archives(self) -> tuple[Path, ...]:
        """What is uploaded: the function and its layers; a peer's packages are one layer."""
        return (self.function, *(self.layers or [self.opt]))


def deploy_peer(peer: Peer, model: Model, workspace: Workspace) -> Deployment:
    """Write one peer's function. Raises `NotServedError` or `UnreachableError`."""
    client = workspace.installer.install(CLIENT)
    opt = workspace.installer.install(peer.packages, compiled=peer.compiled)
    function = workspace.folder / "functions" / model.name / peer.name.replace(", ", "-").replace(" ", "-")
    shutil.rmtree(function, ignore_errors=True)
    function.mkdir(parents=True)
    shutil.copyfile(PEERS / peer.file, function / "app.py")
    if peer.writes != "nothing":
        _write_model(peer.writes, model, function)
    if peer.compiled:
        workspace.installer.compile(function)
    cold_only = not peer.compiled
    return Deployment(peer.name, function, opt, client, peer.may_import, peer.predicts, cold_only)


def _write_model(kind: str, model: Model, function: Path) -> None:
    if kind == "onnx":
        try:
            (function / "model.onnx").write_bytes(to_onnx(model))
        except ImportError as error:
            raise NotServedError(f"the converter isn't installed: {error}") from error
        except Exception as error:  # skl2onnx raises a dozen types of its own and of others
            raise NotServedError(f"skl2onnx: {type(error).__name__}: {str(error).strip()[:200]}") from error
        return
    estimator = getattr(model, kind)
    if estimator is None:
        raise NotServedError("the pipeline chooses columns by name and refuses arrays")
    joblib.dump(estimator, function / "model.joblib")
    dtypes = {name: str(dtype) for name, dtype in model.table.train.dtypes.items()}
    (function / "columns.json").write_text(json.dumps(dtypes))
