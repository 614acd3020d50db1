"""What activities add to the worker's metrics, through the meter of the Temporal SDK.

It adds the activity's type, task queue and namespace itself. Our own labels come from closed sets;
anything else, such as a code that a library invented, is counted as `other`, so that neither a
secret nor an endless number of series gets in.
"""

import re
from typing import Final

from temporalio import activity

OTHER: Final = "other"
_WORD: Final = re.compile(r"[a-z]+(?:[_-][a-z]+){0,5}\Z")
WORD_LENGTH_MAX: Final = 40
"""Our longest error code has 23 characters."""


def word(text: str | None) -> str:
    """The text if it is plain words, as codes and providers are, else `other`."""
    if text is None or len(text) > WORD_LENGTH_MAX or not _WORD.match(text):
        return OTHER
    return text


def count_failure(code: str | None) -> None:
    """An activity's attempt failed; `code` is that of the studio's error, or `unexpected`."""
    _count("fvs_activity_failures", "Failed attempts of activities, by code.", code=code)


def count_attempt(provider: str, state: str) -> None:
    """An order of a clip was accepted, rejected, lost, or its outcome is unknown; an accepted one
    was filmed or failed, or it was withdrawn, which not_stopped says the provider could not do.
    """
    _count(
        "fvs_provider_attempts",
        "Orders of clips, by provider and the states that they reached.",
        provider=provider,
        state=state,
    )


def count_film_misses(checks: list[str]) -> None:
    """A finished film does not meet these of its checks, such as its loudness."""
    for check in checks:
        _count("fvs_film_check_misses", "Films that miss a promised measure.", check=check)


def count_payment(outcome: str) -> None:
    """A payment of a quote came to an end: paid, declined, action_required, or stray."""
    _count("fvs_quote_payments", "Payments of quotes, by outcome.", outcome=outcome)


def count_refund(state: str) -> None:
    """A refund changed; failed and canceled ones wait for an operator."""
    _count("fvs_quote_refunds", "Changes of refunds, by state.", state=state)


def count_top_up(finding: str) -> None:
    """A look at a purchase of credits found something; a mismatch waits for an operator."""
    _count("fvs_top_ups", "Findings about purchases of credits.", finding=finding)


def count_mail(outcome: str) -> None:
    """A mail to the owner of an account was sent, or could not be."""
    _count("fvs_mails", "Mails to people by what became of them.", outcome=outcome)


def count_sweep(*, started: int, closed: int) -> None:
    """What a sweep picked up."""
    description = "Renders that a sweep had to start or close."
    _count("fvs_sweep_renders", description, amount=started, action="started")
    _count("fvs_sweep_renders", description, amount=closed, action="closed")


def count_drift(findings: int) -> None:
    """What a sweep found in the ledger that does not add up; found again, it counts again."""
    _count("fvs_ledger_drift_findings", "What does not add up in the ledger.", amount=findings)


def count_released(credits_released: int) -> None:
    """Credits that a sweep gave back for a render that could not close its record itself."""
    _count(
        "fvs_credits_released",
        "Held credits given back, by kind of line.",
        amount=credits_released,
        kind="swept",
    )


def _count(name: str, description: str, amount: int = 1, **labels: str | None) -> None:
    counter = activity.metric_meter().create_counter(name, description)
    counter.add(amount, {label: word(text) for label, text in labels.items()})
