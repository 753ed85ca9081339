"""The VERSION of the verbs on a version in model_artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer import project
from skylayer.commands.variables import Variable
from skylayer.stores.layer import LayerStore
from skylayer.stores.rollouts import resolve

if TYPE_CHECKING:
    from pathlib import Path

    from skylayer.commands.variables import Options

VERSION = Variable("VERSION", "version in model_artifacts (default: the champion)")


def artifact_of(options: Options) -> Path:
    """The folder of the version that was given, or of the champion.

    Raises:
        UserError: There is none, or the text begins several.
    """
    if not options.version:
        return project.champion()
    return project.ARTIFACTS / resolve(options.version, LayerStore().versions())
