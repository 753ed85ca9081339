"""PMML's regressions (https://dmg.org/pmml/v4-4-1/Regression.html), over fields or over sums of trees."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.formats.boosters.errors import Damaged, NotServed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.forests.forest import Tree
    from skylayer.formats.pmml.elements import Element
    from skylayer.formats.pmml.fields import DataField, Fields

_LINKS = {"none": "identity", "exp": "exponential", "logit": "sigmoid", "softmax": "softmax"}


@dataclass(frozen=True, eq=False)
class Sums:
    """What a model adds up.

    Attributes:
        trees: Of a model of trees.
        outputs: How many sums there are.
        bias: Added to each.
        scale: What each is multiplied by, one for all or shape (outputs,).
        divisor: What each is divided by.
        link: What is made of them.
        weights: Of a regression: output and input, and what the input is multiplied by.
        complete: Whether a missing value has no answer.
    """

    trees: tuple[Tree, ...]
    outputs: int
    bias: NDArray[np.float64]
    scale: Any = 1.0
    divisor: float = 1.0
    link: str = "identity"
    weights: dict[tuple[int, int], float] = field(default_factory=dict)
    complete: bool = True

    def weights_of(self, inputs: int) -> NDArray[np.float64] | None:
        """The weights as a matrix, shape (outputs, inputs); None if there are none."""
        if not self.weights:
            return None
        matrix = np.zeros((self.outputs, inputs))
        for (output, place), weight in self.weights.items():
            matrix[output, place] = weight
        return matrix


def regression_of(
    model: Element, fields: Fields, target: DataField | None, named: dict[str, Sums] | None = None
) -> tuple[Sums, list[Any] | None]:
    """A RegressionModel.

    Args:
        model: The element.
        fields: Of the document.
        target: The field that it predicts, if it is known.
        named: Sums of trees that it reads instead of fields, by their names.

    Returns:
        Its sums, and its classes if it is a classifier.

    Raises:
        Damaged: It is no such model.
        NotServed: It has a part or a link that isn't known here.
    """
    if model.one("Targets") is not None:
        raise NotServed("its regression has targets of its own")
    normalization = model.get("normalizationMethod", "none")
    link = _LINKS.get(normalization)
    tables = list(model.all("RegressionTable"))
    if link is None or not tables:
        raise NotServed(f"its regression has the normalizationMethod {normalization[:40]}")
    if model.get("functionName") != "classification":
        if len(tables) != 1 or link not in {"identity", "exponential", "sigmoid"}:
            raise NotServed(
                f"its regression has {len(tables)} tables and normalizationMethod {normalization}"
            )
        return _summed(tables, fields, named, link), None
    order = _classes(tables, target)
    if link == "softmax" and len(tables) > 1:
        if len(tables) == 2 and not tables[1].children and tables[1].number("intercept") == 0:  # noqa: PLR2004
            # A softmax over y and 0 is the logistic function of y.
            return _summed(tables[:1], fields, named, "sigmoid"), order[::-1]
        return _summed(tables, fields, named, link), order
    if link != "sigmoid" or len(tables) != 2 or tables[1].children:  # noqa: PLR2004 - of two classes
        raise NotServed(f"its classifier has {len(tables)} tables and normalizationMethod {normalization}")
    return _summed(tables[:1], fields, named, link), order[::-1]


def _classes(tables: list[Element], target: DataField | None) -> list[Any]:
    """The labels of the tables, as the target's type has them."""
    texts = [table.get("targetCategory") for table in tables]
    known = {} if target is None else {f"{value}".lower(): value for value in target.values}
    if len(set(texts)) < len(texts):
        raise Damaged("two tables of its regression are for one class")
    return [known.get(text.lower(), text) for text in texts]


def _summed(tables: list[Element], fields: Fields, named: dict[str, Sums] | None, link: str) -> Sums:
    if named is not None:
        return _of_sums(tables, named, link)
    weights: dict[tuple[int, int], float] = {}
    for output, table in enumerate(tables):
        for term in table.children:
            if term.name == "Extension":
                continue
            if term.name == "NumericPredictor" and term.get("exponent", "1") in {"1", "1.0"}:
                place = fields.number(term.get("name"))
            elif term.name == "CategoricalPredictor":
                place = fields.indicator(term.get("name"), [term.get("value")])
            else:
                raise NotServed(f"its regression has a {term.name[:40]} or an exponent")
            if (output, place) in weights:
                raise Damaged("a field stands twice in a table of its regression")
            weights[output, place] = term.number("coefficient")
    bias = np.array([table.number("intercept") for table in tables])
    return Sums((), len(tables), bias, link=link, weights=weights)


def _of_sums(tables: list[Element], named: dict[str, Sums], link: str) -> Sums:
    """A regression of sums of trees, each of which one table multiplies and moves."""
    trees: list[Tree] = []
    scale, bias = np.ones(len(tables)), np.zeros(len(tables))
    complete, read = False, []
    for output, table in enumerate(tables):
        terms = [term for term in table.children if term.name != "Extension"]
        if len(terms) != 1 or terms[0].name != "NumericPredictor" or terms[0].get("exponent", "1") != "1":
            raise NotServed("a table of its chain doesn't read one sum")
        name = terms[0].get("name")
        sums = named.get(name)
        if sums is None or sums.divisor != 1.0 or name in read:
            raise NotServed(f"its chain reads {name[:40]}, which is no sum of trees of its own")
        read.append(name)
        coefficient = terms[0].number("coefficient")
        scale[output] = float(np.asarray(sums.scale)) * coefficient
        bias[output] = float(sums.bias[0]) * coefficient + table.number("intercept")
        trees += [replace(tree, output=output) for tree in sums.trees]
        complete = complete or sums.complete
    return Sums(tuple(trees), len(tables), bias, scale=scale, link=link, complete=complete)
