"""What the packages of other servers' clients have written is answered as the estimator does."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from peers.clients import ARRAY, FRAME, RECORDED, ROWS, TWO, fitted, recorded, served
from serving.answered import fields_of
from serving.http import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from peers.clients import Case

DOCUMENT = json.loads(RECORDED.read_text(encoding="utf-8"))
EVERY = [(package, name) for package, made in DOCUMENT.items() for name in made["requests"]]
READ = [(package, name) for package, name in EVERY if "binary" not in name]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], dict[str, Any]]:
    return served(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def expected() -> dict[str, dict[str, Any]]:
    """What each estimator says of the rows that were sent."""
    rows = {ARRAY: np.array(ROWS), FRAME: TWO}
    return {
        name: {
            "predictions": estimator.predict(rows[name]).tolist(),
            "probabilities": estimator.predict_proba(rows[name]).tolist(),
        }
        for name, (estimator, _) in fitted().items()
    }


def of(package: str, name: str) -> Case:
    text = DOCUMENT[package]["requests"][name].get("body", "")
    return recorded(package, package, name, name, FRAME if "island" in text else ARRAY)


def response_of(answer: dict[str, Any]) -> Response:
    body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"]
    return Response(answer["statusCode"], answer["headers"], body)


@pytest.mark.parametrize(("package", "name"), READ)
def test_a_recorded_request_is_answered_as_the_estimator_does(
    package: str, name: str, ask: Callable[[Case], dict[str, Any]], expected: dict[str, dict[str, Any]]
) -> None:
    case = of(package, name)
    answer = ask(case)
    assert answer["statusCode"] == 200, answer
    found = fields_of(response_of(answer))["predictions"]
    wanted = expected[case.model]["probabilities" if name == "params" else "predictions"]
    if answer["headers"]["content-type"].startswith("text/csv"):
        found = [row[0] for row in found]
    assert found == wanted[: len(found)]
    assert len(found) == (1 if "a row" in name else 2)


@pytest.mark.parametrize(("package", "name"), [each for each in EVERY if each not in READ])
def test_tensors_in_binary_are_refused_with_the_way_to_send_them(
    package: str, name: str, ask: Callable[[Case], dict[str, Any]]
) -> None:
    answer = ask(of(package, name))
    assert answer["statusCode"] == 400
    assert "binary_data=False" in json.loads(answer["body"])["error"]


def test_every_client_of_the_page_is_among_the_recorded() -> None:
    assert set(DOCUMENT) == {"kserve", "mlflow-skinny", "sagemaker", "tritonclient"}
    assert all(made["version"][0].isdigit() for made in DOCUMENT.values())
