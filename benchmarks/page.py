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
Every variant runs under AWS's own Runtime Interface Emulator with the real runtime client. As on Lambda, the runtime
process starts at its first request. The interpreter is isolated (`-I -S -B`). It can import the function's folder,
`/opt/python`, the runtime client and the standard library. Every run first checks that no other module was imported.
Skylayer's function and layers are built by the code that `sam build` calls. The peers are the files in
`benchmarks/peers/`, each a screen long. They are byte-compiled and use one thread, like Skylayer. All variants answer
the same API Gateway event, whose rows are objects by column name.

The variant with the runtime loop is started by it, as with `FastStart=on`; *bare, in C* is a loop of the same kind that
answers a constant. Neither has an interpreter's parts, so they have no split, and no handler by itself.

- **Cold start**: from the request that makes the emulator start the process to the first answer with status 200.
- **Ratios**: each is taken within a pair, the two runs of one round. The order within a round is random.
  `make bench COMPARE=earlier.json` compares two runs. They agree on a ratio if their ranges overlap. A range goes from
  minimum to maximum, needs at least three pairs, and is widened to 1% on either side if it is narrower.
- **Peak memory**: `VmHWM` of the runtime process after its first answer.
- **p50, p99**: through the emulator, with one row in a request. **Handler**: the same call without the emulator.
- **Split**: from separate runs with timers. Imports are counted wherever they happen.
- **Sizes**: function and layers, beside Lambda's limits of 262,144,000 bytes unpacked and 50 MiB for one archive that
  is uploaded directly. ✗ is over the limit. A larger archive can be uploaded through S3.
- **Labels ≠, largest Δ**: rows whose label differs from scikit-learn's own, and the largest difference of a
  probability.
- **10,000 rows**: measured only if body and answer stay under Lambda's 6 MB and the API's limits.
- Everything is seeded, and the page cache is warm. Absolute times depend on the machine, so compare ratios."""


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
            "`make bench` measures these figures on your machine, `make bench QUICK=1` some of them in three minutes. "
            "This page is written from [benchmarks.json](benchmarks.json), which keeps every sample. The run was: "
            f"{results.kind}."
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
        "## At a glance\n\nEach figure is the best peer's, divided by Skylayer's. Skylayer's engine is the one "
        "that training chooses: the native one if the pipeline compiles. Below 1 the peer wins.\n\n"
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
