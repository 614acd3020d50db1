"""fal's storage: tokens, the CDN's upload, the two-step upload, and what was uploaded."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.kit.vendors.documents import text_at
from tests.kit.vendors.fal import FILES
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.wire import Reply, json_reply
from tests.kit.vendors.works import Call

TOKEN_LIFETIME = timedelta(hours=1)


class FalStorage:
    """Every upload gets an address of its own. `uploads` holds what was stored, by address."""

    def __init__(self) -> None:
        self.uploads: dict[str, tuple[bytes, str]] = {}

    async def token(self, _call: Call) -> Reply:
        return json_reply(
            {
                "token": uuid4().hex,
                "token_type": "Bearer",
                "base_url": FILES,
                "expires_at": (datetime.now(UTC) + TOKEN_LIFETIME).isoformat(),
            }
        )

    async def upload(self, call: Call) -> Reply:
        headers = call.request.headers
        address = _address(headers.get("x-fal-file-name", "upload.bin"))
        kind = headers.get("content-type", "application/octet-stream")
        self.uploads[address] = (call.request.body, kind)
        return json_reply({"access_url": address})

    async def initiate(self, call: Call) -> Reply:
        address = _address(text_at(call.request.document, "file_name") or "upload.bin")
        self.uploads[address] = (b"", text_at(call.request.document, "content_type"))
        return json_reply({"file_url": address, "upload_url": f"{address}?signature=vendor"})

    async def put(self, call: Call) -> Reply:
        address = f"{FILES}{call.request.path}"
        if address not in self.uploads:
            return json_reply({"detail": "Not Found"}, 404)
        self.uploads[address] = (call.request.body, self.uploads[address][1])
        return json_reply({}, ETag='"vendor"')

    async def download(self, call: Call) -> Reply:
        stored = self.uploads.get(f"{FILES}{call.request.path}")
        expired = call.injection is not None and call.injection.fault is Fault.OUTPUT_EXPIRED
        if stored is None or expired:
            return json_reply({"detail": "Not Found"}, 404)
        return Reply(body=stored[0], content_type=stored[1])


def _address(file_name: str) -> str:
    return f"{FILES}/files/b/vendor/{uuid4().hex}_{file_name}"
