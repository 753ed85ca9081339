"""What IAM decides of a request, from the statements of a template: enough of it for this project's own policies.

The logic: an explicit Deny, then an Allow, else no.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NO_VALUE = object()


@dataclass(frozen=True)
class Request:
    """An action on a resource, by its ARN, with the condition keys that AWS sets for it."""

    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Template:
    """A template with its parameters chosen: `values` are those, pseudo parameters and `Logical.Attribute`s."""

    document: Mapping[str, Any]
    values: Mapping[str, str]

    def resolve(self, value: Any) -> Any:
        """A value without intrinsic functions.

        Raises:
            KeyError: Something has no value.
            ValueError: A function that isn't known here.
        """
        if isinstance(value, list):
            resolved = [self.resolve(each) for each in value]
            return [each for each in resolved if each is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
            ((name, argument),) = value.items()
            return self._function(name, argument)
        members = {name: self.resolve(each) for name, each in value.items()}
        return {name: each for name, each in members.items() if each is not NO_VALUE}

    def _function(self, name: str, argument: Any) -> Any:
        if name == "Ref":
            return NO_VALUE if argument == "AWS::NoValue" else self.values[argument]
        if name == "Fn::GetAtt":
            return self.values[".".join(argument)]
        if name == "Fn::Sub":
            return re.sub(r"\$\{([\w:.]+)\}", lambda match: self.values[match[1]], argument)
        if name == "Fn::If":
            return self.resolve(argument[1 if self.condition(argument[0]) else 2])
        raise ValueError(f"{name} is not known here")

    def condition(self, name: str) -> bool:
        """Whether a condition of the template holds."""
        return self._holds(self.document["Conditions"][name])

    def statements(self, role: str) -> list[dict[str, Any]]:
        """The statements of a role's own policies, or of a managed policy."""
        properties = self.document["Resources"][role]["Properties"]
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [properties])]
        return [statement for each in documents for statement in self.resolve(each)["Statement"]]

    def trust(self, role: str) -> list[dict[str, Any]]:
        """The statements that say who may take a role on."""
        document = self.document["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]
        found: list[dict[str, Any]] = self.resolve(document)["Statement"]
        return found

    def _holds(self, condition: Any) -> bool:
        ((name, argument),) = condition.items()
        if name == "Fn::Equals":
            left, right = self.resolve(argument)
            return bool(left == right)
        if name == "Fn::Not":
            return not self._holds(argument[0])
        if name == "Condition":
            return self.condition(argument)
        raise ValueError(f"{name} is not known here")


def allowed(request: Request, *policies: Iterable[Mapping[str, Any]]) -> bool:
    """Whether every one of some policies allows a request, such as a role's own and its permissions boundary."""
    decisions = [_decision(request, list(statements)) for statements in policies]
    return bool(decisions) and all(decisions)


def _decision(request: Request, statements: list[Mapping[str, Any]]) -> bool:
    effects = {statement["Effect"] for statement in statements if _applies(request, statement)}
    return effects == {"Allow"}


def _applies(request: Request, statement: Mapping[str, Any]) -> bool:
    unknown = set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition", "Principal"}
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} is not known here")
    return (
        any(_like(request.action.lower(), pattern.lower()) for pattern in _listed(statement["Action"]))
        and any(_like(request.resource, pattern) for pattern in _listed(statement.get("Resource", "*")))
        and all(
            _met(operator, request.context.get(key), _listed(values))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _met(operator: str, value: str | None, wanted: list[str]) -> bool:
    """Whether a condition holds; a key that the request lacks meets none of these operators."""
    if operator in {"ArnEquals", "ArnLike", "StringLike"}:
        return value is not None and any(_like(value, pattern) for pattern in wanted)
    if operator == "StringEquals":
        return value in wanted
    raise ValueError(f"{operator} is not known here")


def _like(text: str, pattern: str) -> bool:
    """IAM's wildcards: * for any characters, ? for one."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
