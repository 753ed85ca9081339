"""A bounded sample of `make slow`: no request takes long, and what is refused as too much says what would be taken."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from serving import api, limits
from serving.http import Request
from slow import campaign, models
from slow.requests import Plan, cell, request

if TYPE_CHECKING:
    from serving.model import Model


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    folder = tmp_path_factory.mktemp("models")
    return {kind: models.make(kind, folder, 150) for kind in ("radius", "characters", "own")}


@pytest.mark.parametrize("kind", ["radius", "characters", "own"])
def test_no_request_of_a_sample_takes_long(kind: str, made: dict[str, Model]) -> None:
    found = campaign.search(made[kind], 12, seed=3)
    assert 0 < found.seconds < campaign.MOST_SECONDS


def test_a_request_that_takes_too_long_is_told(
    made: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign, "MOST_SECONDS", 0.0)
    with pytest.raises(campaign.TooSlow, match=r"radius: \d+\.\d+ s, status \d+"):
        campaign.search(made["radius"], 1, seed=3)


def ask(model: Model, rows: int, characters: int = 0) -> tuple[int, Any]:
    plan = Plan("predict", rows, characters, "the north ", 1.0, "nothing")
    response = api.handle(request(plan, model, random.Random(0)), model)  # noqa: S311 - reproducible, not secret
    return response.status, json.loads(response.body)


@pytest.mark.parametrize("kind", ["characters", "own"])
def test_a_text_of_five_megabytes_is_refused_and_what_would_be_taken_is(
    kind: str, made: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_SECONDS", 0.3)
    status, problem = ask(made[kind], 1, 5_000_000)
    assert status == 413
    most = problem["limits"]["characters"]
    assert 1_000 < most < 4_000_000
    assert ask(made[kind], 1, most)[0] == 200


def test_rows_that_take_longer_than_a_request_may_are_refused_and_fewer_are_taken(
    made: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = made["radius"]
    row = next(n for n in range(1, 10**9) if limits.rows_in_time(n) <= model.engine.most_rows)
    monkeypatch.setattr(model.engine, "most_rows", 20)
    assert row > 100, "nanoseconds of a row"
    assert model.most_rows == 20
    for route, body in {
        "/predict": {"instances": [[0.0] * 3] * 21},
        "/invocations": {"instances": [[0.0] * 3] * 21},
        "/v2/models/radius/infer": {
            "inputs": [{"name": "x", "shape": [21, 3], "datatype": "FP64", "data": [0.0] * 63}]
        },
    }.items():
        response = api.handle(Request("POST", route, {}, json.dumps(body).encode()), model)
        assert response.status == 413, route
        assert "at most 20 are taken at a time" in response.body
    assert ask(model, 20)[0] == 200
    assert json.loads(api.handle(Request("GET", "/model"), model).body)["limits"]["rows"] == 20


def test_the_short_cut_takes_no_more_rows_than_the_long_way(
    made: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = made["radius"]
    body = json.dumps({"instances": [dict.fromkeys(("x0", "x1", "x2"), 0.5)] * 3}).encode()
    assert model.predict_json(body) is not None
    monkeypatch.setattr(model.engine, "most_rows", 2)
    assert model.predict_json(body) is None


def test_a_whole_number_beyond_a_double_is_written_as_a_cell_too() -> None:
    assert cell(10**400) == "1.000e+400"
