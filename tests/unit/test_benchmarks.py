"""What the benchmark says of its samples: ratios, percentiles, who wins, and the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import data, page, results, table
from benchmarks.measure import STANDARD_LIBRARY, foreign_modules, parts_of
from benchmarks.results import Results
from benchmarks.samples import Sample, percentile, ratios, select, spread, values
from benchmarks.settings import FULL, QUICK
from benchmarks.variants import Deployment
from benchmarks.verdict import comparisons, first_paragraph

TIMES = st.lists(st.floats(1e-4, 1e3), min_size=1, max_size=50)


@given(TIMES)
def test_spread_and_percentiles_are_values_in_order(times: list[float]) -> None:
    found = spread(times)
    assert found.minimum == min(times)
    assert found.maximum == max(times)
    assert found.minimum <= found.median <= found.maximum
    assert percentile(times, 0.5) in times
    assert percentile(times, 0.5) <= percentile(times, 0.99) <= found.maximum
    assert percentile(times, 1) == found.maximum


@pytest.mark.parametrize("summary", [spread, lambda none: percentile(none, 0.5)])
def test_no_samples_is_an_error_and_never_a_number(summary: object) -> None:
    assert callable(summary)
    with pytest.raises(ValueError, match="no values"):
        summary([])


@given(st.lists(st.tuples(st.floats(0.01, 10), st.floats(0.01, 10)), min_size=1, max_size=12))
def test_ratios_pair_the_runs_of_one_round(pairs: list[tuple[float, float]]) -> None:
    ours = [_sample("cold_start", "ours", number, [time]) for number, (time, _) in enumerate(pairs)]
    bare = [_sample("cold_start", "bare", number, [time]) for number, (_, time) in enumerate(pairs)]
    assert ratios(ours, list(reversed(bare))) == [time / beside for time, beside in pairs]


def test_a_round_without_its_pair_gives_no_ratio() -> None:
    ours = [_sample("cold_start", "ours", number, [1.0]) for number in range(3)]
    assert ratios(ours, [_sample("cold_start", "bare", 1, [0.5])]) == [2.0]


def test_parts_add_up_to_the_cold_start() -> None:
    moments = {
        "started": 10.02,
        "client": 10.05,
        "initialising": 10.06,
        "initialised": 10.56,
        "imports": 0.4,
        "asked": 10.57,
        "answered": 10.67,
        "late_imports": 0.03,
    }
    parts = parts_of(10.0, 0.7, moments)
    assert sum(parts.values()) == pytest.approx(0.7)
    assert parts["imports"] == pytest.approx(0.43)
    assert parts["model"] == pytest.approx(0.1)
    assert parts["first prediction"] == pytest.approx(0.07)
    assert parts["emulator"] >= 0


def test_a_module_from_anywhere_else_is_foreign() -> None:
    deployment = Deployment("x", Path("/f"), Path("/o/python"), Path("/c"), frozenset({"numpy"}))
    modules = {
        "builtin": None,
        "json": str(STANDARD_LIBRARY / "json" / "__init__.py"),
        "app": "/f/app.py",
        "awslambdaric": "/c/awslambdaric/__init__.py",
        "numpy.core": "/o/python/numpy/core/__init__.py",
        "pandas": "/o/python/pandas/__init__.py",
        "rich": str(STANDARD_LIBRARY / "site-packages" / "rich" / "__init__.py"),
        "elsewhere": "/home/me/elsewhere.py",
    }
    assert foreign_modules(modules, deployment) == ["elsewhere", "pandas", "rich"]


def test_where_a_peer_wins_the_first_paragraph_says_so() -> None:
    won = _results(ours=0.05, peer=0.5)
    assert not any(one.peer_wins for one in comparisons(won))
    assert first_paragraph(won).startswith("In none of the")
    lost = _results(ours=0.5, peer=0.05)
    assert [one.figure for one in comparisons(lost) if one.peer_wins] == ["cold start"]
    assert first_paragraph(lost).startswith("**A peer wins 1 of 2")
    assert "onnxruntime on forest, cold start" in first_paragraph(lost)
    assert page.text(lost, {}).split("\n\n")[1] == first_paragraph(lost)


def test_the_page_and_the_table_come_from_the_json_alone(tmp_path: Path) -> None:
    found = _results(ours=0.05, peer=0.5)
    results.write(found, tmp_path / "results.json")
    again = results.read(tmp_path / "results.json")
    assert again == found
    written = page.text(again, {"cold-start.svg": "Cold start"})
    assert "| skylayer, native | 50 · 51 · 52 |" in written
    assert "![Cold start](benchmarks/cold-start.svg)" in written
    assert "text, onnxruntime: it doesn't convert" in written
    assert "300.0 ✗" in table.rows_of(again, "forest")[2]


def test_samples_are_chosen_by_series_and_place() -> None:
    here = replace(_sample("batch_latency", "bare", 0, [1.0, 2.0]), at={"rows": 10.0})
    there = replace(here, at={"rows": 100.0})
    grown = replace(here, series="growth")
    chosen = select([here, there, grown], "batch_latency", "forest", "bare", at={"rows": 10.0})
    assert values(chosen) == [1.0, 2.0]


def test_tables_are_seeded_and_have_what_the_figures_promise() -> None:
    first, second = data.mixed(rows=60, ask=20), data.mixed(rows=60, ask=20)
    assert first.train.equals(second.train)
    assert list(first.target) == list(second.target)
    assert (len(first.numeric), len(first.other)) == (14, 6)
    assert first.train.isna().to_numpy().any()
    cells = [cell for row in data.instances(first.train) for cell in row.values()]
    assert None in cells
    assert all(cell is None or isinstance(cell, str | float) for cell in cells)


def test_the_full_run_has_ten_cold_starts_each_and_the_quick_one_the_same_figures() -> None:
    assert FULL.rounds >= 10
    assert FULL.uncompiled_rounds >= 10
    assert set(QUICK.models) <= set(FULL.models)
    assert min(QUICK.split_rounds, QUICK.batch_rounds, QUICK.uncompiled_rounds) >= 1


def _sample(figure: str, variant: str, number: int, taken: list[float]) -> Sample:
    return Sample(figure, "forest", variant, number, taken)


def _results(ours: float, peer: float) -> Results:
    cold = {"bare": 0.04, "skylayer, native": ours, "onnxruntime": peer}
    samples = [
        _sample("cold_start", variant, number, [round(seconds + number / 1_000, 7)])
        for number in range(3)
        for variant, seconds in cold.items()
    ]
    memory = {"bare": 1.5e7, "skylayer, native": 2e7, "onnxruntime": 6e7}
    samples += [_sample("peak_memory", variant, 0, [size]) for variant, size in memory.items()]
    sizes = {"bare": 1_000, "skylayer, native": 2_000_000, "onnxruntime": 300_000_000}
    return Results(
        kind="quick",
        settings={"rounds": 3, "growth": {}},
        environment={
            "processor": "P",
            "cores": 2,
            "memory_bytes": 2**33,
            "system": "S",
            "python": "3.13.0",
            "load": 0.5,
            "commit": "c",
            "versions": {"numpy": "2"},
        },
        models=[{"name": "forest", "estimator": "E", "rows": 1, "columns": 1, "tree_nodes": 7}],
        deployments=[
            {"model": "forest", "variant": name, "size": {"unpacked": size, "zipped": size // 3}}
            for name, size in sizes.items()
        ],
        skipped=[{"model": "text", "variant": "onnxruntime", "reason": "it doesn't convert"}],
        samples=samples,
    )
