"""What the benchmark says of its samples: ratios, percentiles, who wins, and the page."""

from __future__ import annotations

import io
import marshal
import zipfile
from dataclasses import asdict, replace
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from benchmarks import bytecode, data, page, results, table
from benchmarks.checks import STANDARD_LIBRARY, foreign_modules
from benchmarks.comparison import Agreement, compare, restored, summary
from benchmarks.measure import parts_of
from benchmarks.progress import Progress, clock
from benchmarks.results import Results
from benchmarks.samples import Sample, Spread, percentile, ratios, select, spread, values
from benchmarks.settings import CHIEF, FULL, GROWTH, PACKAGES, QUICK, SHARES
from benchmarks.sizes import Sizes
from benchmarks.targets import verdicts
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
    assert first_paragraph(lost).startswith("**A peer wins 1 of 3")
    assert "forest: cold start 0.10 \N{MULTIPLICATION SIGN} (onnxruntime)" in first_paragraph(lost)
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


@pytest.mark.parametrize(("width", "tables"), [(200, 1), (80, 4)])
def test_a_narrow_terminal_gets_every_figure_unbroken(width: int, tables: int) -> None:
    shown = io.StringIO()
    found = _results(ours=0.05, peer=0.5)
    table.show(found, Console(file=shown, width=width))
    assert shown.getvalue().count("variant") == tables
    assert {heading for group in table.NARROW for heading in group} == set(table.HEADINGS)
    for cell in table.rows_of(found, "forest")[2]:
        assert cell in shown.getvalue()
    assert "skipped: text, onnxruntime: it doesn't convert" in shown.getvalue()
    assert "met: peak memory, forest: 20 (at most 30 MB)" in shown.getvalue()


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


def test_every_section_has_a_budget_and_all_of_them_keep_the_limit() -> None:
    assert sum(QUICK.budget.values()) <= 150
    assert sum(FULL.budget.values()) <= 22 * 60
    assert QUICK.sections == (PACKAGES, *QUICK.models)
    assert FULL.sections == (PACKAGES, *FULL.models, SHARES, GROWTH)
    for settings in (QUICK, FULL):
        for model in FULL.models:
            assert set(settings.only((model,)).budget) >= {PACKAGES, model}
    assert FULL.only((CHIEF,)).sections == (PACKAGES, CHIEF, SHARES)
    assert FULL.only(("mlp",)).sections == (PACKAGES, "mlp")


def test_progress_tells_each_step_once_and_each_section_beside_its_budget() -> None:
    told = io.StringIO()
    with Progress(Console(file=told, width=200), QUICK) as progress:
        progress.section("forest")
        for variant in ("bare", "onnxruntime"):
            progress.say("round 1 of 3", variant)
    expected = clock(sum(QUICK.budget.values()))
    assert told.getvalue().splitlines() == [
        f"0:00 of about {expected}  forest: round 1 of 3",
        f"0:00  forest: 0 s (budget {QUICK.budget['forest']} s)",
    ]
    assert clock(125.9) == "2:05"


@pytest.mark.parametrize(
    ("other", "agrees"),
    [
        ((1.0, 1.1, 1.2), True),
        ((1.19, 1.3, 1.4), True),  # they meet at an end
        ((1.25, 1.3, 1.4), False),
        ((0.5, 0.6, 0.9), False),
    ],
)
def test_two_runs_agree_where_their_spreads_meet(other: tuple[float, float, float], agrees: bool) -> None:
    here, there = Spread(1.0, 1.1, 1.2), Spread(*other)
    for first, second in ((here, there), (there, here)):
        one = Agreement("forest", "cold start", "onnxruntime", "bare", first, second)
        assert one.agrees is agrees
        assert one.change == pytest.approx(second.median / first.median - 1)


@given(st.lists(st.floats(0.1, 10), min_size=3, max_size=3), st.floats(0.99, 1.01))
def test_a_run_agrees_with_itself_and_with_what_nothing_here_resolves(
    times: list[float], drift: float
) -> None:
    here = spread(times)
    assert Agreement("m", "f", "v", "b", here, here.scaled(drift)).agrees


def test_only_ratios_that_both_runs_have_are_compared() -> None:
    first, second = _results(ours=0.05, peer=0.5), _results(ours=0.05, peer=0.9)
    compared = {(one.figure, one.variant, one.beside): one for one in compare(first, second)}
    assert set(compared) == {
        ("cold start", "skylayer, native", "bare"),
        ("cold start", "onnxruntime", "bare"),
        ("cold start", "onnxruntime", "skylayer, native"),
    }  # and not peak memory: one pair has no spread
    assert compared["cold start", "skylayer, native", "bare"].agrees
    assert not compared["cold start", "onnxruntime", "skylayer, native"].agrees
    assert summary(list(compared.values())).startswith("1 of 3 ratios agree")
    second.compared = [asdict(one) for one in compare(first, second)]
    assert restored(second.compared) == list(compared.values())
    written = page.text(second, {})
    assert "1 of 3 ratios agree" in written
    assert written.count("| forest | cold start | onnxruntime \N{DIVISION SIGN} ") == 2
    second.samples = [sample for sample in second.samples if sample.variant != "onnxruntime"]
    assert [one.variant for one in compare(first, second)] == ["skylayer, native"]
    assert summary([]) == "the two runs have no ratio in common"


def test_a_target_is_met_or_missed_by_its_figure_and_judged_only_where_it_was_taken() -> None:
    judged = {one.target.name: one for one in verdicts(_results(ours=0.05, peer=0.5))}
    assert set(judged) == {"cold start", "peak memory"}
    assert judged["cold start"].met
    assert str(judged["peak memory"]) == "met: peak memory, forest: 20 (at most 30 MB)"
    missed = verdicts(_results(ours=0.08, peer=0.5))[0]
    assert not missed.met
    assert str(missed).startswith("missed: cold start, forest: 1.98 (at most 1.3 ")


def test_speed_is_judged_beside_the_faster_of_scikit_learns_variants() -> None:
    found = _results(ours=0.05, peer=0.5)
    seconds = {"skylayer, native": 4e-5, "sklearn-joblib, arrays": 6e-3, "sklearn-joblib, pandas": 3e-3}
    found.samples += [
        replace(_sample("handler_latency", variant, 0, [taken]), at={"rows": 1.0})
        for variant, taken in seconds.items()
    ]
    judged = {one.target.name: one for one in verdicts(found)}
    beside = judged["a row in the handler, beside scikit-learn's"]
    assert beside.figure == pytest.approx(75)
    assert not beside.met
    assert judged["a row in the handler, p50"].met


def test_sizes_are_those_of_real_archives(tmp_path: Path) -> None:
    folder = tmp_path / "opt"
    (folder / "package").mkdir(parents=True)
    (folder / "package" / "größe.py").write_text("answer = 42\n" * 1_000)
    (folder / "data.bin").write_bytes(bytes(range(256)) * 300)
    with zipfile.ZipFile(tmp_path / "real.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.rglob("*.*"):
            archive.write(path, path.relative_to(folder))
    real = (tmp_path / "real.zip").stat().st_size
    for _ in range(2):  # the second time from what the first has kept
        found = Sizes(tmp_path / "deflated.json").of((folder, folder))
        assert found == {"unpacked": 2 * 88_800, "zipped": 2 * real, "largest archive": real}


def test_a_module_is_compiled_once_however_many_folders_have_it(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "module.py").write_text("def f():\n    return 1\n")
        (folder / "template.py").write_text("class {name}:\n")
        bytecode.compile_folder(folder, store)
        compiled = Path(cache_from_source(str(folder / "module.py")))
        content = compiled.read_bytes()
        assert content[4] == 1  # checked by no timestamp (PEP 552)
        code = marshal.loads(content[16:])  # noqa: S302  made here
        assert code.co_filename == "/opt/python/module.py"
        assert not Path(cache_from_source(str(folder / "template.py"))).exists()
        assert len(list(store.iterdir())) == 1
        kept = next(store.iterdir())
        kept.write_bytes(content[:16] + marshal.dumps(compile("marked", "/opt/python/module.py", "exec")))
    # What the second folder got came from the store, which the first pass had altered.
    assert marshal.loads(content[16:]).co_names == ("marked",)  # noqa: S302


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
            {
                "model": "forest",
                "variant": name,
                "size": {"unpacked": size, "zipped": size // 3, "largest archive": size // 3},
            }
            for name, size in sizes.items()
        ],
        skipped=[{"model": "text", "variant": "onnxruntime", "reason": "it doesn't convert"}],
        samples=samples,
    )
