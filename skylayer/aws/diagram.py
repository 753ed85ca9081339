"""The template as a picture: a Mermaid flowchart of its resources, section by section, and what refers to what."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

# They only tie two others together, so they are lines of the picture and no boxes.
TIES = {
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::UsagePlanKey",
    "AWS::Lambda::Permission",
    "AWS::S3::BucketPolicy",
    "AWS::WAFv2::WebACLAssociation",
}

_SECTION = re.compile(r"^  # ── (?P<title>.+?) ─+$")
_RESOURCE = re.compile(r"^  (?P<name>[A-Za-z0-9]+):$")
_SUBSTITUTED = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")


class Box(NamedTuple):
    """Resources that are drawn as one: a required one alone, optional ones of a section and type together."""

    names: tuple[str, ...]
    kind: str
    optional: bool

    @property
    def key(self) -> str:
        """What the picture calls it."""
        return self.names[0]


def draw(text: str, template: dict[str, Any]) -> str:
    """The flowchart.

    Args:
        text: The template as it is written: the headings of its sections are comments.
        template: The same, parsed, in CloudFormation's long form ({"Ref": …}).

    Returns:
        Mermaid's text, https://mermaid.js.org/syntax/flowchart.html; optional parts have the class `optional`.
    """
    resources: dict[str, Any] = template["Resources"]
    sections = {title: _boxes(names, resources) for title, names in _sections(text, resources).items()}
    home = {name: box.key for boxes in sections.values() for box in boxes for name in box.names}
    lines = ["flowchart LR", "  caller([caller]) --> Api"]
    for number, (title, boxes) in enumerate(sections.items()):
        lines += [f'  subgraph section{number}["{title}"]', *map(_box, boxes), "  end"]
    lines += _arrows(resources, home)
    optional = [box.key for boxes in sections.values() for box in boxes if box.optional]
    lines += ["  classDef optional stroke-dasharray: 4 4", f"  class {','.join(optional)} optional"]
    return "\n".join(lines) + "\n"


def _sections(text: str, resources: dict[str, Any]) -> dict[str, list[str]]:
    """The names of the resources below each heading, in the order of the template."""
    sections: dict[str, list[str]] = {}
    title = ""
    for line in text[text.index("\nResources:\n") : text.index("\nOutputs:\n")].splitlines():
        if heading := _SECTION.match(line):
            title = re.split("[:,]", heading["title"])[0]
        elif (found := _RESOURCE.match(line)) and found["name"] in resources:
            sections.setdefault(title, []).append(found["name"])
    return sections


def _boxes(names: list[str], resources: dict[str, Any]) -> list[Box]:
    grouped: dict[tuple[str, str], list[str]] = {}
    for name in names:
        kind = resources[name]["Type"]
        if kind not in TIES:
            grouped.setdefault((kind, resources[name].get("Condition") or name), []).append(name)
    return [
        Box(tuple(together), kind, "Condition" in resources[together[0]])
        for (kind, _), together in grouped.items()
    ]


def _box(box: Box) -> str:
    kind = box.kind.removeprefix("AWS::").replace("::", " ")
    return f'    {box.key}["{"<br>".join(box.names)}<br><small>{kind}</small>"]'


def _arrows(resources: dict[str, Any], home: dict[str, str]) -> list[str]:
    """An arrow from each box to those that it refers to; a plain line where something ties two together."""
    arrows: list[tuple[str, str]] = []
    ties: list[tuple[str, ...]] = []
    for name, resource in resources.items():
        others = dict.fromkeys(
            home[other] for other in _references(resource.get("Properties")) if other in home
        )
        if name in home:
            arrows += [(home[name], other) for other in others if other != home[name]]
        elif len(others) > 1:
            ties.append(tuple(others))
    joined = {frozenset(arrow) for arrow in arrows}
    return [
        *(f"  {one} --> {other}" for one, other in dict.fromkeys(arrows)),
        *(f"  {' --- '.join(tied)}" for tied in ties if frozenset(tied) not in joined),
    ]


def _references(value: Any) -> list[str]:
    """Names that a part of the template refers to, by Ref, Fn::GetAtt or Fn::Sub."""
    if isinstance(value, list):
        return [name for part in value for name in _references(part)]
    if not isinstance(value, dict):
        return []
    if set(value) == {"Ref"}:
        return [value["Ref"]]
    if set(value) == {"Fn::GetAtt"}:
        attribute = value["Fn::GetAtt"]
        return [attribute.split(".")[0] if isinstance(attribute, str) else attribute[0]]
    if set(value) == {"Fn::Sub"}:
        substituted = value["Fn::Sub"]
        text, more = substituted if isinstance(substituted, list) else (substituted, {})
        return [*_SUBSTITUTED.findall(text), *_references(more)]
    return [name for part in value.values() for name in _references(part)]
