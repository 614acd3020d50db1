"""Metrics as Prometheus reads them: over HTTP, in its text format."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx2
from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True)
class Scrape:
    """One answer of `/metrics`."""

    text: str

    def value(self, name: str, labels: Mapping[str, str] | None = None) -> float:
        """The sum of the samples of that name that have (at least) these labels."""
        wanted = (labels or {}).items()
        return sum(
            sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
            if sample.name == name and wanted <= sample.labels.items()
        )

    def names(self) -> set[str]:
        return {
            sample.name
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
        }

    def label_values(self) -> set[str]:
        return {
            value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
            for value in sample.labels.values()
        }


def scrape(port: int) -> Scrape:
    response = httpx2.get(f"http://127.0.0.1:{port}/metrics", timeout=10)
    assert response.status_code == 200, response.text
    return Scrape(response.text)
