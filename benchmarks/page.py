"""`docs/benchmarks.md`, written from a run's JSON and nothing else."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.comparison import restored, summary
from benchmarks.measure import PARTS
from benchmarks.samples import percentile, ratios, select, spread, values
from benchmarks.settings import ROWS
from benchmarks.table import HEADINGS, NONE, rows_of, three
from benchmarks.targets import verdicts
from benchmarks.verdict import comparisons, first_paragraph, rows_per_second

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.results import Results

GROWN = {
    "trees": "trees, 20 columns",
    "rows": "rows in every request, the first included, 50 trees",
    "columns": "columns, 50 trees",
    "categories": "categories in each of 6 columns, 50 trees",
}
GLANCE = ("cold start", "peak memory", "unpacked size", "1 row", "1,000 rows")
METHOD = """\
Every variant runs under AWS's own Runtime Interface Emulator with the real runtime client, one runtime process
that starts at its first request, as on Lambda. The interpreter is isolated (`-I -S -B`): it can import the
function's folder, `/opt/python`, the runtime client and the standard library, and every run begins by checking
each imported module against that. Skylayer's function and layers are laid by the code that `sam build` calls.
Peers are byte-compiled, have one thread as Skylayer has, and are the files in `benchmarks/peers/`, each a screen
long. All answer the same API Gateway event, rows as objects by column name.

- **Cold start**: from the request that makes the emulator spawn the process to its first answer with status 200.
- **Ratios** divide pair by pair: the two runs of one round. The order within a round is drawn anew each time.
  `make bench COMPARE=earlier.json` sets two runs side by side: they agree on a ratio where their spreads, minimum
  to maximum of three pairs or more, meet (a spread counts as 1% wide on either side at least).
- **Peak memory**: `VmHWM` of the runtime process after its first answer.
- **p50, p99**: through the emulator, one row a request. **Handler**: the same call without emulator, in a row.
- **Split**: from runs of their own with clocks in them; imports are counted wherever they happen.
- **Sizes**: function and layers, against Lambda's 262,144,000 bytes unpacked and 50 MiB for one archive that is
  uploaded as it is; ✗ is over the limit (a larger archive can go through S3).
- **Labels ≠, largest Δ**: rows whose label differs from scikit-learn's own, and the largest difference of a
  probability.
- A request of 10,000 rows is measured only where its answer and body stay under Lambda's 6 MB and the API's limits.
- Everything is seeded; the page cache is warm. Absolute times are this machine's: compare ratios."""


def write(results: Results, docs: Path) -> None:
    """Write the page and its plots."""
    from benchmarks import plots  # matplotlib, which only this needs

    drawn = plots.draw(results, docs / "benchmarks")
    (docs / "benchmarks.md").write_text(text(results, drawn), encoding="utf-8")


def text(results: Results, drawn: dict[str, str]) -> str:
    """Give the page; `drawn` has the plots' file names and titles."""
    plots = {name: f"![{title}](benchmarks/{name})" for name, title in drawn.items()}
    parts = [
        "# Benchmarks",
        first_paragraph(results),
        (
            "`make bench` takes these figures again on your machine (`make bench QUICK=1` in three minutes); this page "
            f"is written from [benchmarks.json](benchmarks.json), which keeps every sample. Its run: {results.kind}."
        ),
        _glance(results),
        plots.get("cold-start.svg", ""),
        plots.get("throughput.svg", ""),
        _targets(results),
        *_models(results),
        _comparisons(results),
        *_throughput(results),
        *_splits(results),
        *_shares(results),
        *_growth(results),
        plots.get("growth.svg", ""),
        _two_runs(results),
        "## Method",
        METHOD,
        _environment(results),
        _skipped(results),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _glance(results: Results) -> str:
    found = {(one.model, one.figure): one for one in comparisons(results)}
    rows = []
    for model in (described["name"] for described in results.models):
        cells = [found.get((model, figure)) for figure in GLANCE]
        if any(cells):
            rows.append([model, *(f"{one.ratio.median:.1f} × {one.peer}" if one else NONE for one in cells)])
    if not rows:
        return ""
    heading = (
        "## At a glance\n\nWhat the best peer that predicts takes, in multiples of what Skylayer takes with the engine "
        "that training chooses, the native one wherever a pipeline compiles. Below 1 the peer wins.\n\n"
    )
    return heading + _table(("pipeline", *GLANCE), rows)


def _targets(results: Results) -> str:
    judged = verdicts(results)
    if not judged:
        return ""
    rows = [
        [
            "met" if one.met else "**missed**",
            f"{one.target.name}, {one.target.model}",
            f"{one.figure:.3g} {one.target.unit}",
            one.bound,
        ]
        for one in judged
    ]
    return "## Targets of the native engine\n\n" + _table(("", "target", "found", "limit"), rows)


def _models(results: Results) -> list[str]:
    parts = ["## Figures", "Minimum · median · maximum where there are three numbers."]
    for model in results.models:
        nodes = f", {model['tree_nodes']:,} nodes" if model["tree_nodes"] else ""
        parts += [
            f"### {model['name']}",
            f"{model['estimator']}; {model['rows']:,} rows × {model['columns']} columns{nodes}.",
            _table(HEADINGS, rows_of(results, model["name"])),
        ]
    return parts


def _comparisons(results: Results) -> str:
    rows = [
        [one.model, one.figure, one.product, one.peer, three(one.ratio, "{:.2f}")]
        for one in comparisons(results)
    ]
    headings = ("pipeline", "figure", "Skylayer", "best peer", "peer ÷ Skylayer")
    return "## Pair by pair\n\n" + _table(headings, rows)


def _throughput(results: Results) -> list[str]:
    parts = ["## Rows per second, by rows in a request"]
    for model in (described["name"] for described in results.models):
        rows = []
        for variant in _variants(results, model):
            speeds = rows_per_second(results, model, variant)
            if speeds:
                cells = [f"{speeds[count]:,.0f}" if count in speeds else NONE for count in ROWS]
                rows.append([variant, *cells])
        parts += [f"### {model}: throughput", _table(("variant", *(f"{count:,}" for count in ROWS)), rows)]
    return parts


def _splits(results: Results) -> list[str]:
    parts = ["## What a cold start is made of", "Medians, in ms."]
    for model in (described["name"] for described in results.models):
        rows = []
        for variant in _variants(results, model):
            cells = [values(select(results.samples, f"cold_start: {part}", model, variant)) for part in PARTS]
            if all(cells):
                rows.append([variant, *(f"{median(cell) * 1_000:.1f}" for cell in cells)])
        parts += [f"### {model}: cold start", _table(("variant", *PARTS), rows)]
    return parts


def _shares(results: Results) -> list[str]:
    samples = select(results.samples, "cold_start", series="allotment")
    if not samples:
        return []
    model = samples[0].model
    sizes = sorted({sample.at["megabytes"] for sample in samples})
    rows = []
    for variant in dict.fromkeys(sample.variant for sample in samples):
        cells = [variant]
        for size in sizes:
            at = {"megabytes": size}
            cold = select(samples, "cold_start", model, variant, series="allotment", at=at)
            bare = select(samples, "cold_start", model, "bare", series="allotment", at=at)
            warm = values(select(results.samples, "warm_latency", model, variant, series="allotment", at=at))
            beside = ratios(cold, bare)
            cells.append(
                f"{spread(values(cold)).median:.2f} s · {spread(beside).median:.1f} × · "
                f"{percentile(warm, 0.5) * 1_000:.1f} ms"
                if cold and beside
                else "doesn't fit"
            )
        rows.append(cells)
    return [
        "## With Lambda's share of a processor",
        (
            f"{model}: cold start, its ratio to bare and warm p50, under a control group that gives the memory and the "
            "share of a CPU that Lambda gives (one at 1,769 MB). The share holds from the first instruction on."
        ),
        _table(("variant", *(f"{size:,.0f} MB" for size in sizes)), rows),
    ]


def _growth(results: Results) -> list[str]:
    parts = []
    for over in results.settings.get("growth", {}):
        samples = [s for s in select(results.samples, "cold_start", series="growth") if over in s.at]
        sizes = sorted({sample.at[over] for sample in samples})
        rows = []
        for variant in dict.fromkeys(variant.variant for variant in samples):
            cells = [variant]
            for size in sizes:
                at = {over: size}
                cold, memory, warm = (
                    values(select(results.samples, figure, None, variant, series="growth", at=at))
                    for figure in ("cold_start", "peak_memory", "warm_latency")
                )
                cells.append(
                    f"{median(cold) * 1e3:.0f} ms · {median(memory) / 1e6:.0f} MB · {median(warm) * 1e3:.3g} ms"
                    if cold
                    else NONE
                )
            rows.append(cells)
        if rows:
            parts += [
                f"### Over {GROWN[over]}",
                _table(("variant", *(f"{size:,.0f}" for size in sizes)), rows),
            ]
    return ["## Growth", "A forest: cold start · peak memory · warm p50.", *parts] if parts else []


def _two_runs(results: Results) -> str:
    compared = restored(results.compared)
    if not compared:
        return ""
    rows = [
        [
            one.model,
            one.figure,
            f"{one.variant} ÷ {one.beside}",
            *(three(s, "{:.2f}") for s in (one.first, one.second)),
        ]
        for one in compared
        if not one.agrees
    ]
    differing = (
        "\n\n" + _table(("pipeline", "figure", "ratio", "run before", "this run"), rows) if rows else ""
    )
    return f"## Beside the run before\n\n{summary(compared)}.{differing}"


def _environment(results: Results) -> str:
    stated = results.environment
    versions = ", ".join(f"{name} {version}" for name, version in stated["versions"].items() if version)
    return (
        f"## Machine and versions\n\n{stated['processor']}, {stated['cores']} cores, "
        f"{stated['memory_bytes'] / 2**30:.0f} GiB; {stated['system']}; load {stated['load']:.1f} at the start; "
        f"Python {stated['python']}; {versions}. Commit {stated['commit']}; {results.settings['rounds']} rounds."
    )


def _skipped(results: Results) -> str:
    lines = [f"- {one['model']}, {one['variant']}: {one['reason']}" for one in results.skipped]
    return "## Not measured\n\n" + "\n".join(lines) if lines else ""


def _variants(results: Results, model: str) -> list[str]:
    return [found["variant"] for found in results.deployments if found["model"] == model]


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
