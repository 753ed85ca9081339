"""The line of a request as CloudWatch reads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from serving import golden
from skylayer.compiler.kernel_build import use_host_kernel

ROOT = Path(__file__).parents[2]
PROGRAM = """
from serving import gateway, model
handler = gateway.handler(lambda: loaded)
loaded = model.load(model.locate())
for body in ('{"instances": [{}]}', "{", "{"):
    event = {"httpMethod": "POST", "resource": "/predict", "headers": {}, "body": body}
    handler(event, None)
"""


def lines(**variables: str) -> list[dict[str, Any]]:
    artifacts = ROOT / "model_artifacts"
    champion = artifacts / (artifacts / "champion").read_text(encoding="utf-8").strip()
    use_host_kernel()
    environment = {
        **os.environ,
        "SKYLAYER_MODEL": str(champion),
        "AWS_LAMBDA_FUNCTION_NAME": "one",
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]


def test_metrics_are_members_of_the_line_of_a_request() -> None:
    measured = lines(SKYLAYER_METRICS="on")
    assert len(measured) == 3
    assert [line["cold_starts"] for line in measured] == [1, 0, 0]
    for line in measured:
        for directive in line["_aws"]["CloudWatchMetrics"]:
            assert directive["Namespace"] == "Skylayer"
            for dimensions in directive["Dimensions"]:
                assert all(isinstance(line[name], str) for name in dimensions)
            for metric in directive["Metrics"]:
                assert isinstance(line[metric["Name"]], int | float), metric
        assert isinstance(line["_aws"]["Timestamp"], int)


def test_without_the_owners_wish_there_are_none() -> None:
    assert all("_aws" not in line for line in lines())


def test_a_golden_row_that_differs_is_named() -> None:
    expected = {"predictions": ["a", "b"], "probabilities": [[0.1, 0.9], [0.5, 0.5]]}
    assert golden.difference(expected, json.loads(json.dumps(expected))) is None
    close = {**expected, "probabilities": [[0.1 + 1e-13, 0.9], [0.5, 0.5]]}
    assert golden.difference(expected, close) is None
    wrong = {**expected, "probabilities": [[0.1, 0.9], [0.5, 0.6]]}
    assert (
        golden.difference(expected, wrong) == "probabilities of row 1 should be [0.5, 0.5] and is [0.5, 0.6]"
    )
    assert golden.difference(expected, {"predictions": ["a"]}) == "predictions should have 2 rows"
    assert golden.difference({"predictions": [1]}, {"predictions": [True]}) is not None
