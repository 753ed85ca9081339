"""The tables in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from benchmarks.comparison import Agreement, summary
from benchmarks.samples import Spread, percentile, ratios, select, spread, values
from benchmarks.targets import verdicts
from skylayer.aws.quotas import UNZIPPED

if TYPE_CHECKING:
    from rich.console import Console

    from benchmarks.results import Results
    from benchmarks.samples import Sample

# Of one archive that is uploaded as it is; a larger one goes through S3.
ZIPPED_LIMIT = 50 * 1024 * 1024
NONE = "–"

_FEW_MEGABYTES = 10e6


def show(results: Results, console: Console) -> None:
    """Print one table a model, what was skipped, and which targets are met."""
    groups = [HEADINGS] if console.width >= WIDE else NARROW
    for model in results.models:
        rows = [dict(zip(HEADINGS, row, strict=True)) for row in rows_of(results, model["name"])]
        for group in groups:
            table = Table(title=model["name"], title_justify="left")
            for heading in group:
                table.add_column(heading, justify="left" if heading == "variant" else "right")
            for row in rows:
                table.add_row(*(row[heading] for heading in group))
            console.print(table)
    console.print(
        "cold start and its ratio to bare: minimum · median · maximum; ratios pair by pair within a round"
    )
    for skipped in results.skipped:
        console.print(
            f"skipped: {skipped['model']}, {skipped['variant']}: {skipped['reason']}",
            soft_wrap=True,
            markup=False,
            highlight=False,
        )
    for verdict in verdicts(results):
        console.print(str(verdict), style=None if verdict.met else "red", highlight=False, soft_wrap=True)


def show_comparison(compared: list[Agreement], console: Console) -> None:
    """Print every ratio of two runs, and how far they agree."""
    table = Table(title="two runs: minimum · median · maximum", title_justify="left")
    for heading in ("pipeline", "figure", "ratio", "first run", "second run", "change", ""):
        table.add_column(heading, justify="left" if heading in ("pipeline", "figure", "ratio") else "right")
    for one in compared:
        table.add_row(
            one.model,
            one.figure,
            f"{one.variant} ÷ {one.beside}",
            three(one.first, "{:.2f}"),
            three(one.second, "{:.2f}"),
            f"{one.change:+.1%}",
            "agrees" if one.agrees else "[red]differs[/red]",
        )
    console.print(table)
    console.print(summary(compared), highlight=False)


HEADINGS = (
    "variant",
    "cold start, ms",
    "× bare",
    "peak memory, MB",
    "p50, ms",
    "p99, ms",
    "handler p50, ms",
    "1,000 rows, ms",
    "unpacked, MB",
    "zipped, MB",
    "labels ≠",
    "largest Δ",
)
# One table takes so many characters; in a narrower terminal its columns stand in four.
WIDE = 180
NARROW = (
    ("variant", "cold start, ms", "× bare"),
    ("variant", "p50, ms", "p99, ms", "handler p50, ms", "1,000 rows, ms"),
    ("variant", "peak memory, MB", "unpacked, MB", "zipped, MB"),
    ("variant", "labels ≠", "largest Δ"),
)


def rows_of(results: Results, model: str) -> list[list[str]]:
    """Give the table of one model as text, a row for each variant, in the order of deployment."""
    return [_row(results, found) for found in results.deployments if found["model"] == model]


def _row(results: Results, found: dict[str, Any]) -> list[str]:
    model, variant = found["model"], found["variant"]

    def of(figure: str, rows: float | None = None) -> list[Sample]:
        at = {} if rows is None else {"rows": rows}
        return select(results.samples, figure, model, variant, at=at)

    cold = of("cold_start")
    beside = ratios(cold, select(results.samples, "cold_start", model, "bare"))
    agreement = found.get("agreement")
    return [
        variant,
        three(spread(values(cold)).scaled(1_000), "{:.0f}"),
        three(spread(beside), "{:.2f}") if beside else NONE,
        _memory(spread(values(of("peak_memory"))).median),
        _milliseconds(of("warm_latency"), 0.5),
        _milliseconds(of("warm_latency"), 0.99),
        _milliseconds(of("handler_latency", rows=1), 0.5),
        _milliseconds(of("batch_latency", rows=1_000), 0.5),
        megabytes(found["size"]["unpacked"], over=found["size"]["unpacked"] > UNZIPPED.maximum),
        megabytes(found["size"]["zipped"], over=found["size"]["largest archive"] > ZIPPED_LIMIT),
        f"{agreement['labels_different']} of {agreement['rows']:,}" if agreement else NONE,
        f"{agreement['largest_difference']:.0e}" if agreement and "largest_difference" in agreement else NONE,
    ]


def three(figures: Spread, form: str) -> str:
    """Write minimum, median and maximum."""
    return " · ".join(form.format(number) for number in (figures.minimum, figures.median, figures.maximum))


def megabytes(size: int, *, over: bool) -> str:
    """Write bytes as MB and mark what Lambda refuses."""
    return f"{size / 1e6:.1f}{' ✗' * over}"


def _memory(size: float) -> str:
    """Write bytes as MB, with a digit behind the point where there are few."""
    return f"{size / 1e6:.0f}" if size >= _FEW_MEGABYTES else f"{size / 1e6:.1f}"


def _milliseconds(samples: list[Sample], share: float) -> str:
    if not samples:
        return NONE
    value = percentile(values(samples), share) * 1_000
    return f"{value:.3f}" if value < 1 else f"{value:.1f}"
