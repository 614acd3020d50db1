"""What the console's benchmark says of its rounds."""

from typing import Final

from pydantic import JsonValue

from bench.console_rounds import (
    BARE,
    CALLERS,
    GATEWAY,
    KINDS,
    PAGE_TOGETHER,
    POLL_TOGETHER,
    Comparison,
)
from bench.options import Options
from bench.quote_rounds import Sample
from bench.result import Finding, Row, rounded, show
from bench.status_polls import TARGET_RATIO as POLL_TARGET_RATIO

NAME: Final = "console"
UNIT: Final = "pages/s"
TARGETS: Final = {PAGE_TOGETHER: 0.1, POLL_TOGETHER: POLL_TARGET_RATIO}
"""Least ratios. A page reads twenty-one renders and writes each of them into a template: that may
come to ten times the cost of an answer that is only sent.
"""


def finding(options: Options, comparison: Comparison) -> Finding:
    """The pages side by side; the targets are held against pages and polls."""
    details: dict[str, JsonValue] = {
        "target_ratios_min": dict(TARGETS),
        "target_met": all(comparison.ratio(kind) >= least for kind, least in TARGETS.items()),
        **{kind: _compared(comparison, kind) for kind in KINDS},
        "resident_mib": {side: list(mib) for side, mib in comparison.resident_mib.items()},
        "callers": CALLERS,
        "renders_on_the_page": len(comparison.films.listed),
        "renders_polled": len(comparison.films.making),
        "rounds": len(comparison.samples[PAGE_TOGETHER, GATEWAY]),
    }
    _show(options, comparison)
    return Finding(
        NAME,
        comparison.rate(PAGE_TOGETHER, GATEWAY),
        UNIT,
        comparison.rate(PAGE_TOGETHER, BARE),
        comparison.ratio(PAGE_TOGETHER),
        details,
    )


def _compared(comparison: Comparison, kind: str) -> dict[str, JsonValue]:
    sides: dict[str, JsonValue] = {
        side: {"a_second": comparison.rate(kind, side), **_figures(comparison.whole(kind, side))}
        for side in (GATEWAY, BARE)
    }
    return {"ratio": comparison.ratio(kind), **sides}


def _figures(sample: Sample) -> dict[str, float]:
    return {"p50_ms": sample.p50_ms, "p95_ms": sample.p95_ms, "cpu_ms": sample.all_cpu_ms}


def _show(options: Options, comparison: Comparison) -> None:
    rows: list[Row] = []
    for kind in KINDS:
        target = f" (≥ {TARGETS[kind]})" if kind in TARGETS else ""
        mine, theirs = (f"{comparison.rate(kind, side):g}/s" for side in (GATEWAY, BARE))
        ratio = f"{comparison.ratio(kind):.2f}{target}"
        rows.append(Row(kind.replace("_", " "), mine, theirs, ratio))
        ours, bare = (_figures(comparison.whole(kind, side)) for side in (GATEWAY, BARE))
        rows += [Row(f"  {name}", f"{ours[name]:g}", f"{bare[name]:g}") for name in ours]
    mib = comparison.resident_mib
    grown = rounded(mib[GATEWAY][-1] - mib[GATEWAY][0])
    rows.append(
        Row("memory", f"{mib[GATEWAY][-1]:g} MiB", f"{mib[BARE][-1]:g} MiB", f"{grown:+g} MiB")
    )
    show(options.console, f"Pages and polls beside bare routes: {CALLERS} callers, and 1", rows)
