"""`/llms.txt`: what this service is and how a film is paid, for agents that read.

The form is that of https://llmstxt.org. Routes, limits and the example are the code's own.
"""

import json
from collections.abc import Sequence

from gateway.discovery import DISCOVERY_PATH, QUOTES_PATH, in_a_sentence, part
from gateway.openapi import OPENAPI_PATH, Fragment
from gateway.quote_openapi import EXAMPLE_QUOTE
from gateway.services.links import API_PREFIX
from studio.contracts.limits import PAYMENT_CENTS_MAX, PAYMENT_CENTS_MIN, QUOTE_LIFETIME_SECONDS


def llms_text(document: Fragment, *, base_url: str, missing_settings: Sequence[str] = ()) -> str:
    """Markdown for the service at `base_url`, with the routes of `document`, the small one."""
    info = part(document["info"])
    steps = in_a_sentence(missing_settings) if missing_settings else _steps(base_url)
    return f"""\
# {info["title"]}

> {info["summary"]} Without an account: ask for a price, pay it once (HTTP 402, Machine Payments
> Protocol, method `stripe`), and poll until the film is there.

One credit is one US cent. A film costs {PAYMENT_CENTS_MIN} to {PAYMENT_CENTS_MAX} cents, by the
same prices with and without an account. A quote can be paid for {QUOTE_LIFETIME_SECONDS // 60}
minutes. Every error is JSON (RFC 9457) whose `detail` is a plain sentence; where it helps to come
back, `Retry-After` says when.

## Pay for one film

{steps}

## Routes

{_routes(document)}

## Documents

- [OpenAPI, these routes]({base_url}{DISCOVERY_PATH}): schemas of requests and answers
- [OpenAPI, all routes]({base_url}{OPENAPI_PATH}): with those of accounts, which need a key
- [Models]({base_url}{API_PREFIX}/models): models, styles and prices of this server
"""


def _steps(base_url: str) -> str:
    return f"""\
1. `POST {base_url}{QUOTES_PATH}` with a brief as JSON. Files are fetched from `upload_urls`,
   public https addresses, after you paid. Send an `Idempotency-Key` to make a retry safe.

```json
{json.dumps(EXAMPLE_QUOTE, indent=2)}
```

2. The answer is 402. Its header `WWW-Authenticate: Payment` is the challenge; its body has
   `amount_cents`, `expires_at`, `payment_url`, `status_url` and `claim_token`. Keep the claim
   token secret: whoever has it has the film. Nothing was charged or started.
3. Pay with any client of the protocol, such as Link for agents or `npx mppx`: send the challenge
   back with a shared payment token as `Authorization: Payment …`, to the same route with the same
   body, or by `GET` or `POST` to `payment_url`.
4. The answer is 202 with a `Payment-Receipt`, or 200 if it was paid before. A 402 means that
   nothing was charged, and has a new challenge. After a 503 it is not known yet: wait as
   `Retry-After` says and send the same credential again. Never pay anew.
5. Poll `status_url` until `status` is `completed`; then `final_video_url` is the film. The URL
   expires, and a later poll has a fresh one.
6. What is not delivered goes back to the card by itself: everything where there is no film, and
   the rest where you cancel."""


def _routes(document: Fragment) -> str:
    return "\n".join(
        f"- `{method.upper()} {path}`: {part(operation)['summary']}"
        for path, item in part(document["paths"]).items()
        for method, operation in part(item).items()
    )
