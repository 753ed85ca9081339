"""Open an artifact and ask it, in process, through the code that the Lambda runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from serving import artifact, model
from skylayer.artifact.onnx_library import use_onnx_library
from skylayer.compiler.kernel_build import KernelError, use_host_kernel
from skylayer.errors import UserError, one_line

if TYPE_CHECKING:
    import os


def load(folder: str | os.PathLike[str]) -> model.Model:
    """The run-time model of an artifact in this clone, where no layer lies that its engine's library comes from.

    Raises:
        ArtifactError: The folder is no artifact.
        UserError: The library can't be had on this machine.
    """
    find_libraries(artifact.read_manifest(folder))
    return model.load(folder)


def find_libraries(manifest: dict[str, Any]) -> None:
    """Let the engine of this process, and of those that it starts, find the shared library that it needs here.

    Raises:
        UserError: The library can't be had on this machine.
    """
    if manifest["engine"] == "onnx":
        use_onnx_library(manifest["engines"]["onnx"]["requirements"]["onnxruntime"])
    elif manifest["engine"] == "native":
        try:
            use_host_kernel()
        except KernelError as error:
            raise UserError(f"{error}") from error


_LONGEST = 300  # characters of what went wrong


class OpenModel:
    """An opened artifact.

    Attributes:
        manifest: What it says of itself.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self.manifest = artifact.verify(path)
            self._model = load(path)
        except artifact.ArtifactError as error:
            raise UserError(f"{error}") from error
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            # A manifest that somebody wrote by hand, its digests included.
            raise UserError(
                f"{path} is malformed: its {artifact.MANIFEST} or a file of it leads to "
                f"{type(error).__name__}: {one_line(str(error), _LONGEST)}."
            ) from error

    def predict(self, instances: Any) -> dict[str, Any]:
        """Answer rows as `POST /predict` would.

        Args:
            instances: What the estimator itself takes: a DataFrame, an array of shape (rows, columns) or a list or
                Series of texts; or rows, each an object by column name or a list in the columns' order.

        Returns:
            The API's body: `predictions` and, as the estimator has them, `probabilities`, `scores` or
            `distances`, one item a row.

        Raises:
            serving.errors.Problem: Values that don't fit the schema, all of them named.
            UserError: It is nothing of this.
        """
        from skylayer.data.instances import as_instances  # noqa: PLC0415 - pandas takes a second

        return self._model.predict_instances(as_instances(instances), bounded=False)


def open(path: str | os.PathLike[str]) -> OpenModel:  # noqa: A001 - reads as skylayer.open()
    """Verify an artifact and load it.

    Args:
        path: Its folder, as `package` gave it.

    Raises:
        UserError: A file of it is missing, extra or altered, its format is a newer one, or its manifest is malformed.
    """
    return OpenModel(path)
