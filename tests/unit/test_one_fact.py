"""Facts that must stand in two places, since a page or a file of another language needs them, too."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from samcli.yamlhelper import yaml_parse

from serving import gateway, limits, stores
from skylayer import project
from skylayer.aws import prices
from skylayer.commands import cost

ROOT = Path(__file__).parents[2]
MIB = 1024**2


def page(name: str) -> str:
    return " ".join((ROOT / "docs" / name).read_text(encoding="utf-8").split())


def test_a_bill_is_for_the_memory_that_the_template_gives() -> None:
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    defaults = {variable.name: variable.default for variable in cost.VARIABLES}
    assert defaults["MEMORY"] == template["Parameters"]["MemorySize"]["Default"]


def test_the_pages_tell_the_limits_of_a_request() -> None:
    taken = f"{limits.MAX_ROWS:,} rows and {limits.MAX_BODY_BYTES // MIB} MiB"
    assert f"At most {taken} are taken at a time." in page("call.md")
    assert f"at most {taken}; its answer at most {limits.MAX_ANSWER_BYTES // MIB} MiB" in page("limits.md")


def test_a_bill_is_for_the_alarms_and_methods_that_the_template_makes() -> None:
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    kinds = [part["Type"] for part in template["Resources"].values()]
    assert kinds.count("AWS::CloudWatch::Alarm") == prices.ALARMS
    paths = template["Resources"]["Api"]["Properties"]["DefinitionBody"]["paths"]
    methods = [(path, method) for path, operations in paths.items() for method in operations]
    assert sum(
        method in {"get", "post", "head", "x-amazon-apigateway-any-method"} for _, method in methods
    ) == (prices.METHODS)
    assert f"each of {prices.METHODS} methods" in page("operate.md")


def test_one_version_of_python_trains_builds_and_serves() -> None:
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    properties = [part["Properties"] for part in template["Resources"].values() if "Properties" in part]
    runtimes = {
        runtime
        for each in properties
        for runtime in (each.get("Runtime"), *each.get("CompatibleRuntimes", []))
        if runtime
    }
    assert runtimes == {f"python{project.python_version()}"}
    major, minor = project.python_version().split(".")
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert metadata["requires-python"] == f">={project.python_version()},<{major}.{int(minor) + 1}"
    for name in ("limits.md", "troubleshoot.md"):
        assert set(re.findall(r"Python (\d+\.\d+)", page(name))) == {project.python_version()}


def test_no_store_is_one_word() -> None:
    assert gateway.LAYER == stores.LAYER  # the gateway must not import stores on the way to a prediction
