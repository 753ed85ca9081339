"""The real SAM CLI: its settings in samconfig.toml, and its runs with what they print kept in a file."""

from __future__ import annotations

import shlex
import subprocess
import tomllib
from typing import TYPE_CHECKING, Any

from skylayer import project
from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

CONFIG = project.ROOT / "samconfig.toml"
BUILD = project.ROOT / ".aws-sam" / "build"
CACHE = project.ROOT / ".aws-sam" / "cache"


def environments() -> dict[str, Any]:
    """The sections of samconfig.toml, by name."""
    sections = tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    return {name: section for name, section in sections.items() if name != "version"}


def parameters(config_env: str, command: str) -> dict[str, str]:
    """What samconfig.toml gives to a command, its section `global` included.

    Raises UserError if there is no such environment.
    """
    known = environments()
    if config_env not in known:
        raise UserError(f"samconfig.toml has no environment {config_env}; it has {', '.join(known)}.")
    chosen = known[config_env]
    return {
        **chosen.get("global", {}).get("parameters", {}),
        **chosen.get(command, {}).get("parameters", {}),
    }


def stack_name(config_env: str) -> str:
    """The name of an environment's stack. Raises UserError where samconfig.toml gives none."""
    name: str | None = parameters(config_env, "deploy").get("stack_name")
    if not name:
        raise UserError(f"samconfig.toml gives no stack_name for {config_env}.")
    return name


def overrides(config_env: str) -> dict[str, str]:
    """The template's parameters that samconfig.toml sets for an environment, by name."""
    return parse_overrides(parameters(config_env, "deploy").get("parameter_overrides", ""))


def parse_overrides(written: Any) -> dict[str, str]:
    """`parameter_overrides` in each form that SAM reads in its settings, by name of the parameter.

    Args:
        written: "Name=value …", "ParameterKey=Name,ParameterValue=value …", a list of these, or a table.

    Raises:
        UserError: It names a file, or is none of these.
    """
    if isinstance(written, dict):
        return {name: _as_text(value) for name, value in written.items()}
    if isinstance(written, list):
        return {name: value for part in written for name, value in parse_overrides(part).items()}
    found = {}
    for pair in shlex.split(str(written)):
        name, equals, value = (
            pair.removeprefix("ParameterKey=").replace(",ParameterValue=", "=", 1).partition("=")
        )
        if not equals:
            raise UserError(
                f"parameter_overrides in samconfig.toml holds {pair!r}. Write each as Name=value, in samconfig.toml "
                "itself: what stands in another file isn't read."
            )
        found[name] = value
    return found


def as_arguments(overrides: Mapping[str, str]) -> list[str]:
    """Values of parameters as SAM's option takes them: in quotes, since it refuses an empty value without."""
    escaped = {name: value.replace('"', r"\"") for name, value in overrides.items()}
    return [f'{name}="{value}"' for name, value in escaped.items()]


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(str(part).strip() for part in value if part not in (None, ""))
    return str(value)


def run(
    arguments: list[str], environment: Mapping[str, str], log: Path, on_line: Callable[[str], None]
) -> None:
    """Run `sam` from the root of the project; each line that it prints goes to `log` and to `on_line`.

    Raises UserError, with the last lines of what it said, if it fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [project.program("sam"), *arguments]
    lines: list[str] = []
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(  # noqa: S603
            command,
            cwd=project.ROOT,
            env={**environment, "SAM_CLI_TELEMETRY": "0", "UV": project.uv()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        try:
            for line in process.stdout or ():
                file.write(line)
                file.flush()
                if line.strip():
                    lines.append(line.strip())
                    on_line(line.strip())
        except BaseException:
            process.terminate()
            raise
        finally:
            process.wait()
    if process.returncode:
        raise UserError(f"sam {arguments[0]} failed: {_reason(lines)} (all of it: {log})")


def _reason(lines: list[str]) -> str:
    """The line that says why: our own, if the makefile failed by it, else SAM's error, else the last one."""
    for mark in ("skylayer layer: ", "skylayer function: "):
        for line in lines:
            if mark in line:
                return line[line.index(mark) + len(mark) :]
    errors = [line for line in lines if line.startswith(("Error:", "Build Failed", "ResourceStatusReason"))]
    return (errors or lines or ["it said nothing"])[-1]
