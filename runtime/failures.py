"""The last gate before Temporal's history: failures are written down without secrets.

Activities map their errors before they get here. This gate also covers what no activity sees: a
workflow's own failure, a workflow task that failed on a defect of ours, arguments that could not
be read.
"""

import dataclasses
from typing import Final

from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverter, PayloadConverter

from studio.contracts.redaction import redact_text


class RedactingFailureConverter(DefaultFailureConverter):
    """The SDK's converter, with the secrets taken out of messages and stack traces."""

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        super().to_failure(exception, payload_converter, failure)
        link: Failure | None = failure
        while link is not None:
            link.message = redact_text(link.message)
            link.stack_trace = redact_text(link.stack_trace)
            link = link.cause if link.HasField("cause") else None


data_converter: Final[DataConverter] = dataclasses.replace(
    pydantic_data_converter, failure_converter_class=RedactingFailureConverter
)
"""Of every client and worker of the product: models as JSON, failures without secrets."""
