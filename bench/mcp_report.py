"""What MCP's benchmark says of its rounds."""

from typing import Final

from pydantic import JsonValue

from bench.mcp_roads import MODERN, PLAIN, REVISIONS
from bench.mcp_rounds import CALLERS, KINDS, STATUS_TOGETHER, SUBMITTERS, Comparison
from bench.options import Options
from bench.quote_rounds import Sample
from bench.result import Finding, Row, rounded, show

NAME: Final = "mcp"
UNIT: Final = "calls/s"
TARGET_RATIO: Final = 0.3
"""Of polls side by side by either revision: what the protocol and its SDK put around a use case
may cost twice what the use case does over plain HTTP, with all that HTTP needs.
"""
REPLACED: Final = (
    "clips are never ready: each polled render stays at filming",
    "submitted renders have no worker: their runs are started at Temporal and wait",
    "calls of the older revision come without its handshake, which leaves nothing behind here",
)


def finding(options: Options, comparison: Comparison) -> Finding:
    """The newest revision's polls side by side; the target is held against every revision's."""
    worst = min(comparison.ratio(STATUS_TOGETHER, revision) for revision in REVISIONS)
    details: dict[str, JsonValue] = {
        "target_ratio_min": TARGET_RATIO,
        "target_met": worst >= TARGET_RATIO,
        **{kind: _compared(comparison, kind) for kind in KINDS},
        "gateway_mib_while_polled": list(comparison.polled_mib),
        "gateway_mib_while_submitted": list(comparison.submitted_mib),
        "callers": CALLERS,
        "submitters": SUBMITTERS,
        "rounds": len(comparison.samples[STATUS_TOGETHER, PLAIN]),
        "replaced": list(REPLACED),
    }
    _show(options, comparison)
    return Finding(
        NAME,
        comparison.rate(STATUS_TOGETHER, MODERN),
        UNIT,
        comparison.rate(STATUS_TOGETHER, PLAIN),
        comparison.ratio(STATUS_TOGETHER, MODERN),
        details,
    )


def _compared(comparison: Comparison, kind: str) -> dict[str, JsonValue]:
    return {
        road: {
            "a_second": comparison.rate(kind, road),
            "ratio": comparison.ratio(kind, road),
            **_latencies(comparison.whole(kind, road)),
        }
        for road in (PLAIN, *REVISIONS)
    }


def _latencies(sample: Sample) -> dict[str, JsonValue]:
    return {
        "p50_ms": sample.p50_ms,
        "p95_ms": sample.p95_ms,
        "cpu_ms_of_gateway": sample.all_cpu_ms,
        "measured": len(sample.milliseconds),
    }


def _show(options: Options, comparison: Comparison) -> None:
    rows: list[Row] = []
    for kind in KINDS:
        for revision in REVISIONS:
            mine, theirs = (comparison.whole(kind, road) for road in (revision, PLAIN))
            ratio = comparison.ratio(kind, revision)
            target = f" (≥ {TARGET_RATIO})" if kind == STATUS_TOGETHER else ""
            rows += [
                Row(
                    f"{kind.replace('_', ' ')}, {revision}",
                    f"{comparison.rate(kind, revision):g}/s",
                    f"{comparison.rate(kind, PLAIN):g}/s",
                    f"{ratio:.2f}{target}",
                ),
                *(
                    Row(f"  {name}", f"{value:g}", f"{baseline:g}")
                    for name, value, baseline in (
                        ("p50, ms", mine.p50_ms, theirs.p50_ms),
                        ("p95, ms", mine.p95_ms, theirs.p95_ms),
                        ("gateway's processor time, ms", mine.all_cpu_ms, theirs.all_cpu_ms),
                    )
                ),
            ]
    for what, mib in (("polled", comparison.polled_mib), ("submitted", comparison.submitted_mib)):
        grown = rounded(mib[-1] - mib[0])
        rows.append(Row(f"gateway's memory while {what}", f"{mib[-1]:g} MiB", "", f"{grown:+g}"))
    callers = f"{CALLERS} callers; submissions, {SUBMITTERS}"
    show(options.console, f"Tools of MCP beside plain HTTP: polls, 1 and {callers}", rows)
