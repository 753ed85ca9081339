"""The command line: `python -m skylayer VERB NAME=value …`, which is what `make VERB NAME=value …` calls.

A verb is the module of its name in `skylayer.commands`, imported only when it is called. The first line of its
docstring is its summary, VARIABLES lists what it takes, EXAMPLES shows it at work, and `run(options)` does it.
`help VERB=…` prints all this.
"""

from __future__ import annotations

import os
import select
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from skylayer import commands
from skylayer.commands import variables
from skylayer.commands.variables import Variable
from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

INTERRUPTED = 130
PIPE_CLOSED = 141
HELP = "help"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; 2, and one line on standard error, where the user has something to fix."""
    # Threads of an estimator that wait for each other sleep: where other programs share the cores, such as on a
    # runner of CI, waiting busily made each fit of HistGradientBoosting 20 times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    verb, *pairs = (sys.argv[1:] if arguments is None else arguments) or [HELP]
    given = variables.from_make(os.environ)
    for name in given:
        # What a verb runs is told nothing by make.
        del os.environ[f"{variables.FROM_MAKE}{name}"]
    try:
        code = _run(verb, given | variables.from_arguments(pairs))
        sys.stdout.flush()
        return code  # noqa: TRY300 - what the flush raises is handled below
    except UserError as error:
        print(f"skylayer {verb}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"skylayer {verb}: interrupted; run it again to go on.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        if not _is_unread():
            raise
        # What Python would still write at its end goes nowhere: docs.python.org/3/library/signal.html, on SIGPIPE.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED


def _is_unread() -> bool:
    """Whether nobody reads our output any more, such as `| head`, which has seen enough."""
    asked = select.poll()
    asked.register(sys.stdout.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in asked.poll(0))


def load(verb: str) -> ModuleType:
    """The module of a verb. Raises UserError if there is none."""
    if verb not in commands.verbs():
        raise UserError(f"there is no verb {verb!r}; `make` lists those there are.")
    return import_module(f"skylayer.commands.{verb.replace('-', '_')}")


def _run(verb: str, given: Mapping[str, str]) -> int:
    if verb == HELP:
        options = variables.read([Variable("VERB", "the verb to explain", required=True)], given)
        print(explained(options.verb))
        return 0
    module = load(verb)
    return int(module.run(variables.read(module.VARIABLES, given)) or 0)


def explained(verb: str) -> str:
    """A verb's summary, each of its variables, and its examples."""
    module = load(verb)
    names = [f"{variable.name}=…" for variable in module.VARIABLES]
    width = max(map(len, names), default=0)
    takes = [
        f"  {name:{width}}  {variable.meaning}{' (required)' if variable.required else ''}"
        for name, variable in zip(names, module.VARIABLES, strict=True)
    ]
    summary = (module.__doc__ or "").splitlines()[0].partition(": ")[2]
    examples = [f"  {example}" for example in getattr(module, "EXAMPLES", ())]
    return "\n".join([f"make {verb}: {summary}", *takes, "examples:", *examples])


if __name__ == "__main__":
    sys.exit(main())
