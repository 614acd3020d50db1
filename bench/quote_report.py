"""What the quotes' benchmark says of its rounds."""

from typing import Final

from pydantic import JsonValue

from bench.options import Options
from bench.quote_rounds import ASKERS, KINDS, PAYERS, Measured, Sample, together
from bench.result import Finding, Row, rounded, show

NAME: Final = "quotes"
UNIT: Final = "quotes/s"
TARGET_RATIO: Final = 0.2
ADDED_MS_MAX: Final = 500.0
"""What a durable payment may add to a lone payer's wait. A card's bank takes a second or two."""

REAL: Final = (
    "gateway process: pricing, frozen plan, challenge, rows, claim, receipt",
    "Temporal's development server, PaidRenderWorkflow and the start of its RenderWorkflow",
    "worker process: activities of payments and credits, SQLite with synchronous=FULL",
    "Stripe's SDK, and signed webhooks of the stand-in to the gateway",
)
REPLACED: Final = (
    "Stripe and the card's bank: a local stand-in that answers within milliseconds",
    "the film: each paid render waits at its first stage",
    "the payer's wallet: tokens are minted at the stand-in before the clock runs",
    "limits: quotes a minute and activities of the worker, which held renders occupy, are raised",
)


def finding(options: Options, ours: Measured, bare: Measured, *, charged_once: int) -> Finding:
    value, baseline = ours.quotes_a_second, bare.quotes_a_second
    ratio = rounded(value / baseline)
    added_ms = rounded(together(ours.alone).p50_ms - together(bare.alone).p50_ms)
    details: dict[str, JsonValue] = {
        "target_ratio_min": TARGET_RATIO,
        "target_payment_added_ms_max": ADDED_MS_MAX,
        "target_met": ratio >= TARGET_RATIO and added_ms <= ADDED_MS_MAX,
        "payment_added_ms": added_ms,
        **{name: _compared(kind(ours), kind(bare)) for name, kind in KINDS.items()},
        "askers": ASKERS,
        "payers": PAYERS,
        "rounds": len(ours.quotes),
        "payments_charged_exactly_once": charged_once,
        "real": list(REAL),
        "replaced": list(REPLACED),
    }
    _show(options, ours, bare, ratio=ratio, added_ms=added_ms, charged_once=charged_once)
    return Finding(NAME, value, UNIT, baseline, ratio, details)


def _compared(ours: list[Sample], bare: list[Sample]) -> dict[str, JsonValue]:
    mine, theirs = together(ours), together(bare)
    return {
        "a_second": mine.rate,
        "p50_ms": mine.p50_ms,
        "p99_ms": mine.p99_ms,
        "baseline_a_second": theirs.rate,
        "baseline_p50_ms": theirs.p50_ms,
        "baseline_p99_ms": theirs.p99_ms,
        "measured": len(mine.milliseconds),
        "baseline_measured": len(theirs.milliseconds),
        "cpu_ms_of_each": {**mine.cpu_ms(), **theirs.cpu_ms()},
    }


def _show(
    options: Options,
    ours: Measured,
    bare: Measured,
    *,
    ratio: float,
    added_ms: float,
    charged_once: int,
) -> None:
    value, baseline = f"{ours.quotes_a_second:g}", f"{bare.quotes_a_second:g}"
    rows = [Row("quotes a second", value, baseline, f"{ratio:.2f} (≥ {TARGET_RATIO})")]
    for name, kind in KINDS.items():
        mine, theirs = together(kind(ours)), together(kind(bare))
        rows.append(Row(name.replace("_", " "), f"{mine.rate:g}/s", f"{theirs.rate:g}/s"))
        rows += [
            Row("  p50, ms", f"{mine.p50_ms:g}", f"{theirs.p50_ms:g}"),
            Row("  p99, ms", f"{mine.p99_ms:g}", f"{theirs.p99_ms:g}"),
            Row("  processor time, ms", f"{mine.all_cpu_ms:g}", f"{theirs.all_cpu_ms:g}"),
        ]
    added = f"+{added_ms:g} ms (≤ {ADDED_MS_MAX:g})"
    rows.append(Row("what a lone payer waits longer, p50", added))
    rows.append(Row("quotes that were charged exactly once", f"all {charged_once}"))
    show(options.console, f"Quotes, {ASKERS} callers; payments, 1 and {PAYERS} payers", rows)
