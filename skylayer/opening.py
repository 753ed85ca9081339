"""Open an artifact and ask it, in process, through the code that the Lambda runs."""

from __future__ import annotations

import os
from typing import Any

from serving import artifact, model
from skylayer.errors import UserError
from skylayer.kernel_build import KernelError, use_host_kernel


class OpenModel:
    """An opened artifact.

    Attributes:
        manifest: What it says of itself.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self.manifest = artifact.verify(path)
            if self.manifest["engine"] == "native":
                use_host_kernel()
            self._model = model.load(os.fspath(path))
        except (artifact.ArtifactError, KernelError) as error:
            raise UserError(f"{error}") from error

    def predict(self, instances: list[Any]) -> dict[str, Any]:
        """Answer rows as `POST /predict` would.

        Args:
            instances: Rows, each an object by column name or a list in the columns' order.

        Returns:
            The API's body: `predictions` and, as the estimator has them, `probabilities`, `scores` or
            `distances`, one item a row.

        Raises:
            serving.errors.Problem: Values that don't fit the schema, all of them named.
        """
        return self._model.predict_instances(instances)


def open(path: str | os.PathLike[str]) -> OpenModel:  # noqa: A001 - reads as skylayer.open()
    """Verify an artifact and load it.

    Args:
        path: Its folder, as `package` gave it.

    Raises:
        UserError: A file of it is missing, extra or altered, or its format is a newer one.
    """
    return OpenModel(path)
