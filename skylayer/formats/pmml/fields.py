"""The fields of a PMML document: columns, what is derived from them, and the inputs that a model makes of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from skylayer.compiler.forests.forest import Input
from skylayer.formats.boosters.errors import Damaged, NotServed
from skylayer.formats.columns import Column
from skylayer.formats.pmml.elements import finite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skylayer.formats.pmml.elements import Element

_NUMBERS = {"double", "float", "integer"}
_OPERATORS = {"+", "-", "*", "/"}
_TREATMENTS = {"returnInvalid"}
_MOST_STEPS = 20


@dataclass(frozen=True)
class DataField:
    """A field of the data dictionary.

    Attributes:
        name: Of the column.
        kind: `double`, `float`, `integer`, `string` or `boolean`.
        values: Its categories; empty for a number.
    """

    name: str
    kind: str
    values: tuple[Any, ...]


@dataclass
class Fields:
    """What a model's fields are, and the inputs that it has asked for.

    Attributes:
        dictionary: Every field of the document by its name.
        columns: Names of the columns, in the order of the dictionary.
        derived: What is computed from a field, by name: the element that says how.
        inputs: Asked for so far.
    """

    dictionary: dict[str, DataField]
    columns: list[str]
    derived: dict[str, Element]
    inputs: dict[Input, int] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """The position of a field's number among the inputs.

        Raises:
            Damaged: There is no such field, or it is no number.
            NotServed: It is derived in a way that isn't known here.
        """
        source, steps = self._resolved(name)
        if source.kind not in _NUMBERS:
            raise Damaged(f"the field {source.name[:40]} is no number")
        return self._position(Input(self.columns.index(source.name), steps))

    def indicator(self, name: str, values: list[str]) -> int:
        """The position of the input that says whether a field is one of some values; errors as `number`."""
        source, steps = self._resolved(name)
        if not source.values or steps:
            raise NotServed(f"it asks the number {name[:40]} for single values")
        chosen = tuple(_typed(source.kind, value, source.name) for value in values)
        if not set(chosen) <= set(source.values):
            raise Damaged(f"the field {name[:40]} has no value {values[0][:40]!r}")
        return self._position(Input(self.columns.index(source.name), (), chosen, source.values))

    def _position(self, wanted: Input) -> int:
        return self.inputs.setdefault(wanted, len(self.inputs))

    def _resolved(self, name: str) -> tuple[DataField, tuple[tuple[str, float], ...]]:
        """The column that a field comes from, and the steps from it."""
        steps: list[tuple[str, float]] = []
        while name in self.derived:
            name, done = _derivation(self.derived[name])
            steps = done + steps
            if len(steps) > _MOST_STEPS:
                raise NotServed(f"a field is derived in more than {_MOST_STEPS} steps")
        if name not in self.columns:
            raise Damaged(f"there is no field {name[:40]}")
        return self.dictionary[name], tuple(steps)

    def described(self) -> list[Column]:
        """The columns, as a sample of them is read."""
        found = [self.dictionary[name] for name in self.columns]
        return [Column(each.name, each.values or None, each.kind == "integer") for each in found]

    def narrow(self) -> bool:
        """Whether the numbers are in float32.

        Raises:
            NotServed: Some are, and some aren't.
        """
        kinds = {self.dictionary[name].kind for name in self.columns} & {"double", "float"}
        if len(kinds) > 1:
            raise NotServed("some of its numbers are in single precision and some in double")
        return kinds == {"float"}


def fields_of(root: Element, model: Element) -> Fields:
    """The fields of a model.

    Raises:
        Damaged: A field isn't described.
        NotServed: A field is prepared in a way that isn't known here.
    """
    dictionary = root.one("DataDictionary")
    if dictionary is None:
        raise Damaged("it has no DataDictionary")
    known = {each.get("name"): _data_field(each) for each in dictionary.all("DataField")}
    schema = model.one("MiningSchema")
    if schema is None:
        raise Damaged("its model has no MiningSchema")
    used = {each.get("name") for each in schema.all("MiningField") if _is_active(each)}
    if not used or not used <= known.keys():
        raise Damaged("its model reads fields that aren't in the DataDictionary")
    derived = {each.get("name"): each for holder in _transformations(root, model) for each in holder.children}
    return Fields(known, [name for name in known if name in used], derived)


def target_of(fields: Fields, model: Element) -> DataField | None:
    """The field that a model predicts, if it says which."""
    schema = model.one("MiningSchema")
    found = [
        each.get("name")
        for each in (() if schema is None else schema.all("MiningField"))
        if each.get("usageType", "active") in {"target", "predicted"}
    ]
    return fields.dictionary.get(found[0]) if found else None


def _is_active(mining: Element) -> bool:
    if mining.get("usageType", "active") != "active":
        return False
    name = mining.get("name")[:40]
    for attribute in ("missingValueReplacement", "outliers"):
        if mining.get(attribute, "asIs") != "asIs":
            raise NotServed(f"it prepares the field {name} by {attribute}")
    if mining.get("invalidValueTreatment", "returnInvalid") not in _TREATMENTS:
        raise NotServed(f"it prepares the field {name} by invalidValueTreatment")
    return True


def _data_field(element: Element) -> DataField:
    name, kind = element.get("name"), element.get("dataType")
    if element.one("Interval") is not None:
        raise NotServed(f"it limits the numbers of the field {name[:40]}")
    found = [
        value.get("value") for value in element.all("Value") if value.get("property", "valid") == "valid"
    ]
    categorical = element.get("optype") != "continuous"
    if categorical and not found and kind == "boolean":
        found = ["false", "true"]
    return DataField(name, kind, tuple(_typed(kind, value, name) for value in found) if categorical else ())


def _typed(kind: str, value: str, name: str) -> Any:
    if kind == "integer":
        number = finite(value, f"a value of {name[:40]}")
        return int(number) if number.is_integer() else number
    if kind in {"double", "float"}:
        return finite(value, f"a value of {name[:40]}")
    if kind == "boolean":
        return value == "true"
    return value


def _transformations(root: Element, model: Element) -> Iterator[Element]:
    for holder in (root.one("TransformationDictionary"), model.one("LocalTransformations")):
        if holder is not None:
            for child in holder.children:
                if child.name != "DerivedField":
                    raise NotServed(f"its transformations have a {child.name[:40]}")
            yield holder


def _derivation(element: Element) -> tuple[str, list[tuple[str, float]]]:
    """The field that another is computed from, and the steps."""
    (how,) = (each for each in element.children if each.name != "Extension")
    steps: list[tuple[str, float]] = []
    while how.name == "Apply":
        function = how.get("function")
        if function not in _OPERATORS or len(how.children) != 2 or how.children[1].name != "Constant":  # noqa: PLR2004
            raise NotServed(f"it derives {element.get('name')[:40]} by {function[:40]}")
        steps.insert(0, (function, finite(how.children[1].text, "a Constant")))
        how = how.children[0]
    if how.name != "FieldRef":
        raise NotServed(f"it derives {element.get('name')[:40]} by {how.name[:40]}")
    return how.get("field"), steps
