"""What operators measure of a gateway. One registry an application, so tests never share one."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LATENCY_BUCKETS_SECONDS: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    1.5,
    5.0,
    30.0,
)
"""Fine below 100 ms, where polls live; 1.5 s is the promise for a poll after a crash."""


class GatewayMetrics:
    """Labels are route templates and outcomes, never ids: their number stays small."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._requests = Counter(
            "fvs_http_requests",
            "Requests by method, route template and status.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._latency = Histogram(
            "fvs_http_request_seconds",
            "Seconds from request to the end of the response.",
            ("method", "route"),
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )
        self.requests_open = Gauge(
            "fvs_http_requests_open", "Requests being answered.", registry=registry
        )
        self._polls = Counter(
            "fvs_status_polls",
            "Status polls by what answered: the live run or the stored row.",
            ("answer",),
            registry=registry,
        )
        self._queries = Counter(
            "fvs_status_queries",
            "Workflow queries by outcome; polls divided by queries is the coalescing.",
            ("outcome",),
            registry=registry,
        )
        self._submissions = Counter(
            "fvs_render_submissions",
            "Submitted renders by outcome.",
            ("outcome",),
            registry=registry,
        )
        self._webhooks = Counter(
            "fvs_stripe_webhooks",
            "Messages of the payment processor by what became of them.",
            ("outcome",),
            registry=registry,
        )

        self._mails = Counter(
            "fvs_mails", "Mails to people by what became of them.", ("outcome",), registry=registry
        )
        self._sign_ins = Counter(
            "fvs_sign_ins",
            "Attempts to sign in by what became of them.",
            ("outcome",),
            registry=registry,
        )
        self._top_ups = Counter(
            "fvs_top_ups",
            "Looks at purchases of credits that found something, by what was found.",
            ("finding",),
            registry=registry,
        )

    def request_done(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, str(status)).inc()
        self._latency.labels(method, route).observe(seconds)

    def poll_answered(self, answer: str) -> None:
        self._polls.labels(answer).inc()

    def query_ended(self, outcome: str) -> None:
        self._queries.labels(outcome).inc()

    def submission_ended(self, outcome: str) -> None:
        self._submissions.labels(outcome).inc()

    def webhook_ended(self, outcome: str) -> None:
        self._webhooks.labels(outcome).inc()

    def mail_ended(self, outcome: str) -> None:
        self._mails.labels(outcome).inc()

    def sign_in_ended(self, outcome: str) -> None:
        self._sign_ins.labels(outcome).inc()

    def top_up_found(self, finding: str) -> None:
        self._top_ups.labels(finding).inc()
