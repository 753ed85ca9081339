"""The command line: one module of `skylayer.commands` for each verb, imported only when it is called.

A module has `add_arguments(parser)` and `run(options)`; `EXAMPLES` are the lines that its `--help` ends with.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from skylayer.errors import UserError

COMMANDS = {
    "train": "Train, evaluate and package the estimator of training/pipeline.py",
    "predict": "Predictions of the champion for the rows of a CSV file",
    "up": "Deploy onto an emulator on this machine and show a first answer",
    "down": "Stop the emulator",
    "status": "What runs, as lines that a shell can eval",
    "logs": "What the function logged",
    "import": "Package a model that comes as a pickle, joblib, skops, Keras, HDF5 or ONNX file",
    "export": "Write a version as a joblib, pickle, skops, HDF5 or ONNX file",
    "push": "Copy a model version into a store",
    "versions": "List the model versions in a store",
    "promote": "Let a version in a store answer: all requests, a share of them, or none as a shadow",
    "rollback": "End a roll-out, or return to the champion before",
    "prune": "Remove old versions from a store",
    "report": "Open the champion's model card",
    "openapi": "Write the OpenAPI document of the champion's API",
    "diagram": "Draw the template into docs/architecture.md",
    "client": "Generate a typed client of the champion's API",
    "coverage": "Which of scikit-learn's predictors compile, as docs/coverage.md",
    "formats": "What a model weighs in each format and how long it takes to open, in docs/formats.md",
    "build": "Lay layers and function into .aws-sam/build for AWS",
    "deploy": "Build and deploy to AWS",
    "start_api": "The API in a container: the real sam local start-api on what make build made",
    "destroy": "Delete a stack and name what stays",
    "key": "Show or replace the API key of a stack",
    "metrics": "What each model version answered, and how fast",
    "dashboard": "Metrics and alarms of a stack",
    "cost": "What a month costs, beside other ways to serve",
    "doctor": "What this machine lacks, and how to mend it",
    "audit": "Known vulnerabilities, licences and secrets",
    "bootstrap": "What an AWS account needs before the first deployment",
    "layer": "Lay the content of a layer into a folder (sam build calls this)",
    "function": "Lay the code of a function into a folder (sam build calls this)",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one verb."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="skylayer", description="The verbs behind `make`.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    chosen = arguments[0] if arguments else None
    for verb, summary in COMMANDS.items():
        verb_parser = verbs.add_parser(
            verb,
            help=summary,
            description=f"{summary}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if verb == chosen:
            module = import_module(f"skylayer.commands.{verb}")
            module.add_arguments(verb_parser)
            verb_parser.epilog = _epilog(getattr(module, "EXAMPLES", ()))
            verb_parser.set_defaults(run=module.run)
    try:
        options = parser.parse_args(arguments)
        return int(options.run(options) or 0)
    except UserError as error:
        print(f"skylayer {chosen}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"skylayer {chosen}: interrupted; run it again to go on.", file=sys.stderr)
        return 130


def _epilog(examples: tuple[str, ...]) -> str | None:
    """What a verb's help ends with: itself at work, by the Makefile's verb."""
    return "\n  ".join(("examples:", *examples)) if examples else None


if __name__ == "__main__":
    sys.exit(main())
