"""Objects of a class that no constructor of theirs has seen."""

from __future__ import annotations

import inspect
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def parameters(kind: type) -> Mapping[str, Any]:
    """The parameters of a constructor that have a default, with it."""
    signature = inspect.signature(kind.__init__)  # type: ignore[misc]
    return MappingProxyType({
        name: parameter.default
        for name, parameter in signature.parameters.items()
        if parameter.default is not inspect.Parameter.empty
    })  # fmt: skip


def fitted(kind: type, /, **attributes: Any) -> Any:
    """An estimator with the default parameters and with these attributes, made by `__new__` alone."""
    estimator: Any = object.__new__(kind)
    vars(estimator).update(parameters(kind), **attributes)
    return estimator
