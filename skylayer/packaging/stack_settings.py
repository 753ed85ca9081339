"""What samconfig.toml gives to stacks, held against the template before anything is sent."""

from __future__ import annotations

import re

from skylayer import project
from skylayer.aws import quotas, sam
from skylayer.errors import UserError

_PARAMETERS = re.compile(r"^Parameters:\n(?:(?: .*|#.*)?\n)*", re.MULTILINE)
_NAME = re.compile(r"^  (\w+):$", re.MULTILINE)
HOOK = "CodeDeployHook_"  # before the name of the stack, since AWS's policy for CodeDeploy asks for it


def declared() -> str:
    """The section of template.yaml that declares its parameters, as it is written."""
    return "".join(_PARAMETERS.findall((project.ROOT / "template.yaml").read_text(encoding="utf-8")))


def check(*environments: str) -> None:
    """Hold the settings of some environments, of all if none is named, against what the template and Lambda take.

    Raises UserError with all that doesn't fit.
    """
    known = set(_NAME.findall(declared()))
    wrong = [reason for name in environments or sam.environments() for reason in _mismatches(name, known)]
    if wrong:
        raise UserError(f"samconfig.toml doesn't fit template.yaml. {' '.join(wrong)}")


def _mismatches(environment: str, known: set[str]) -> list[str]:
    given = sam.overrides(environment)
    # SAM passes over such a name without a word.
    reasons = [
        f"{environment} sets {name}, which is no parameter of the template."
        for name in given
        if name not in known
    ]
    stack = sam.parameters(environment, "deploy").get("stack_name", "")
    if given.get("GradualDeployment") == "true":
        exceeded = quotas.exceeded(quotas.FUNCTION_NAME, len(HOOK + stack))
        if exceeded:
            most = quotas.FUNCTION_NAME.maximum - len(HOOK)
            reasons.append(
                f"{environment} names its stack {stack}: with GradualDeployment a name has at most {most} characters, "
                f"since its hook is {HOOK}{stack} ({exceeded})."
            )
    return reasons
