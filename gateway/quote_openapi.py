"""What the OpenAPI document says of quotes: their body, their headers, their 402."""

from typing import Final

from gateway.openapi import Fragment, Responses, problems

_SCHEMAS: Final = "#/components/schemas/"

EXAMPLE_QUOTE: Final[Fragment] = {
    "request": {
        "name": "Paid quote test",
        "project_mode": "scene",
        "screenplay": "Shot 1: A glass airship drifts over a frozen city.",
        "shot_count": 1,
        "scene_target_duration_seconds": 4,
        "video_resolution": "720p",
    },
}
"""The reference's, but for its uploads: programs that check paid routes pay for the example, and
nothing is at `example.com/reference.jpg`."""

_PAYMENT_HEADER: Final[Fragment] = {
    "name": "Authorization",
    "in": "header",
    "required": False,
    "description": "`Payment` and a credential for a challenge of `WWW-Authenticate`.",
    "schema": {"type": "string"},
}

QUOTING: Final[Fragment] = {
    "parameters": [
        _PAYMENT_HEADER,
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "Any text of your own: the same body gives the same quote again.",
            "schema": {"type": "string", "maxLength": 255},
        },
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": f"{_SCHEMAS}QuoteRequest"},
                "example": EXAMPLE_QUOTE,
            }
        },
    },
}

PAYING: Final[Fragment] = {"parameters": [_PAYMENT_HEADER]}

_RECEIPT: Final[Fragment] = {
    "description": "base64url of the payment's receipt, a JSON object.",
    "schema": {"type": "string"},
}


def payment_responses(*statuses: int) -> Responses:
    """OpenAPI responses of a quote's route; 200 and 402 as they are here."""
    known = [status for status in statuses if status not in {200, 402}]
    responses = problems(*known)
    if 200 in statuses:  # noqa: PLR2004 - HTTP's own number
        responses[200] = {
            "description": "Paid before; nothing was charged again.",
            "headers": {"Payment-Receipt": _RECEIPT},
            "content": {"application/json": {"schema": {"$ref": f"{_SCHEMAS}PaidRenderResource"}}},
        }
        responses[202] = {
            "description": "Paid just now: the render begins. `Location` is its status_url.",
            "headers": {"Payment-Receipt": _RECEIPT},
        }
    if 402 in statuses:  # noqa: PLR2004 - as above
        responses[402] = {
            "description": "What is to be paid. Also why a payment was not taken: see `type`.",
            "headers": {
                "WWW-Authenticate": {
                    "description": "A challenge of the scheme `Payment`, method `stripe`.",
                    "schema": {"type": "string"},
                }
            },
            "content": {
                "application/problem+json": {
                    "schema": {"$ref": f"{_SCHEMAS}PaymentRequiredDocument"}
                }
            },
        }
    return responses
