"""Decisions behind `make cost`, `make metrics`, `make audit`, `make doctor` and `make deploy`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from skylayer.__main__ import main
from skylayer.aws import prices
from skylayer.aws.request_log import measure
from skylayer.commands import audit, deploy
from skylayer.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_bill_is_the_sum_of_its_parts_and_grows_with_the_load() -> None:
    small = prices.bills(1_000_000, 1, 1024, "native", "x86_64")
    large = prices.bills(2_000_000, 1, 1024, "native", "x86_64")
    for bill in small:
        assert bill.dollars == pytest.approx(sum(bill.parts.values()))
    assert large[0].dollars == pytest.approx(2 * small[0].dollars)
    assert large[-1].dollars == small[-1].dollars
    assert prices.bills(1_000_000, 1, 1024, "native", "arm64")[0].dollars < small[0].dollars
    assert prices.bills(1_000_000, 1, 1024, "sklearn", "x86_64")[0].dollars > small[0].dollars


def test_every_price_has_its_page_and_says_what_it_was_compared_with() -> None:
    for price in prices.PRICES.values():
        assert price.source.startswith("https://aws.amazon.com/")
        assert re.search(r"\b20\d\d\b", price.seen)
    every = {id(value) for value in vars(prices).values() if isinstance(value, prices.Price)}
    assert every == {id(price) for price in prices.PRICES.values()}
    assert sorted(name for names in prices.provenance().values() for name in names) == sorted(prices.PRICES)


def test_less_memory_is_less_processor() -> None:
    assert prices.milliseconds("native", 1_000, 128) > prices.milliseconds("native", 1_000, 1_769)
    assert prices.milliseconds("native", 1_000, 1_769) == prices.milliseconds("native", 1_000, 3_008)


@pytest.mark.parametrize(("option", "value"), [("REQUESTS", "0"), ("ROWS", "many"), ("MEMORY", "-1")])
def test_a_load_that_is_none_is_refused(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", f"{option}={value}"]) == 2
    assert "whole number above 0" in capsys.readouterr().err


def test_metrics_are_counted_by_version_and_other_lines_passed_over() -> None:
    line = {
        "_aws": {},
        "version": "a",
        "requests": 1,
        "rows": 3,
        "cold_starts": 1,
        "latency_ms": 2.0,
        "outcome": "ok",
    }
    later = {**line, "cold_starts": 0, "latency_ms": 8.0, "outcome": "too-large"}
    other = {**line, "version": "b"}
    lines = [json.dumps(each) for each in (line, later, other)]
    found = measure(["START RequestId: 1", "[]", "{}", '{"_aws": {}, "golden_row_failures": 0}', *lines])
    assert (found["a"].requests, found["a"].rows, found["a"].cold_starts) == (2, 6, 1)
    assert found["a"].outcomes == {"ok": 1, "too-large": 1}
    assert (found["a"].latency(0.5), found["a"].latency(0.99)) == (8.0, 8.0)
    assert found["b"].requests == 1


@pytest.mark.parametrize(
    ("text", "permissive"),
    [
        ("BSD-3-Clause", True),
        ("Apache Software License", True),
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("", False),
    ],
)
def test_licences_that_ask_for_a_look_are_told_apart(text: str, permissive: bool) -> None:
    assert audit.is_permissive(text) is permissive


@pytest.mark.parametrize(
    ("report", "line"),
    [
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', None),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}]}',
            "a 1 X-1 (fixed in 2)",
        ),
        (
            '{"dependencies": [{"name": "a", "skip_reason": "unknown"}, {"name": "b", "version": "1"}]}',
            "NOT CHECKED, not known to pip-audit's service: a",
        ),
        (
            '{"dependencies": [{"name": "a", "skip_reason": "unknown"}]}',
            "NOT CHECKED, pip-audit's service knows none of the 1 packages: is it a mirror?",
        ),
        ("", "NOT CHECKED, pip-audit could not reach its service: no route to host"),
    ],
)
def test_an_audit_that_could_not_look_is_not_clean(report: str, line: str | None) -> None:
    assert audit.vulnerabilities(report, "Traceback\nno route to host\n") == line


def checked(*failed: dict[str, str], parsing_errors: int = 0) -> str:
    """A report of checkov."""
    summary = {"parsing_errors": parsing_errors}
    return json.dumps({"results": {"failed_checks": failed}, "summary": summary})


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (checked(), None),
        (checked({"resource": "X::Y.B", "check_id": "CKV_1", "check_name": "log"}), "B CKV_1 (log)"),
        (checked(parsing_errors=1), "NOT CHECKED, 1 of 2 templates can't be read by checkov"),
        ("", f"NOT CHECKED, {audit.CHECKOV} does not run: no such package"),
    ],
)
def test_a_template_that_could_not_be_read_is_not_clean(report: str, line: str | None) -> None:
    assert audit.misconfigurations(report, "no such package\n") == line


def test_a_build_says_what_it_was_made_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARCHITECTURE", raising=False)
    with pytest.raises(UserError, match="make build"):
        deploy.built_architecture(tmp_path, None)
    (tmp_path / "RuntimeLayer").mkdir()
    for stamped, architecture in (("arm64", "arm64"), ("any", "x86_64")):
        (tmp_path / "RuntimeLayer" / "runtime.json").write_text(json.dumps({"architecture": stamped}))
        assert deploy.built_architecture(tmp_path, None) == architecture


def test_doctor_has_a_remedy_for_whatever_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 9
    for line in lines:
        assert line.startswith("ok ") or ". For " in line


def test_bootstrap_refuses_what_is_no_repository(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bootstrap-aws", "APPLY=nobody"]) == 2
    assert "owner/name" in capsys.readouterr().err


def test_metrics_by_method_and_traces_are_in_the_bill() -> None:
    parts = {
        name: dollars
        for bill in prices.bills(10_000_000, 1, 1024, "native", "x86_64")
        for name, dollars in bill.parts.items()
    }
    assert parts["detailed metrics"] == pytest.approx(24 * 5 * 0.30)
    assert parts["traces"] == pytest.approx((2_628_000 + 0.05 * 7_372_000) * 5 / 1e6)
    assert prices.traces(1_000) == 1_000
