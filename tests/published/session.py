"""Runs inside the published client's own environment and prints what it got, as JSON.

    python session.py submit PAYLOAD.json FILE…     the client's Python functions, with an upload
    python session.py status|cancel PROJECT_ID      likewise
    python session.py quote PAYLOAD.json            a price, without a key
    python session.py paid STATUS_URL               how a quote stands
    python session.py paid QUOTE_ID CLAIM_TOKEN     likewise

It talks to FVS_AGENT_BASE_URL, with FVS_AGENT_API_KEY if there is one, as any user of the client
does.
"""

import json
import sys
from pathlib import Path
from typing import Any

from fvs_mcp_server import client


def submit(payload_file: str, *files: str) -> dict[str, Any]:
    payload = json.loads(Path(payload_file).read_text())
    return client.submit_render(request_payload=payload, upload_files=files)


def status(project_id: str) -> dict[str, Any]:
    return client.get_render_status(project_id=project_id)


def cancel(project_id: str) -> dict[str, Any]:
    return client.cancel_render(project_id=project_id)


def quote(payload_file: str) -> dict[str, Any]:
    payload = json.loads(Path(payload_file).read_text())
    return client.create_paid_render_quote(request_payload=payload)


def paid(url_or_quote_id: str, claim_token: str | None = None) -> dict[str, Any]:
    if claim_token is None:
        return client.get_paid_render_status(status_url=url_or_quote_id)
    return client.get_paid_render_status(quote_id=url_or_quote_id, claim_token=claim_token)


if __name__ == "__main__":
    commands = {
        "submit": submit,
        "status": status,
        "cancel": cancel,
        "quote": quote,
        "paid": paid,
    }
    name, *arguments = sys.argv[1:]
    sys.stdout.write(json.dumps(commands[name](*arguments)) + "\n")
