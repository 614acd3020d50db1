"""Google's Files of the Developer API: resumable upload, reading, download, deletion."""

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from tests.kit.vendors.documents import Json, text_at
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.refusals import google_error
from tests.kit.vendors.wire import Reply, json_reply
from tests.kit.vendors.works import Call, Works

HOST = "https://generativelanguage.googleapis.com"


@dataclass
class StoredFile:
    """`content` is None once it expired. Only what Google generated can be downloaded."""

    name: str
    mime_type: str
    content: bytes | None = b""
    display_name: str = ""
    generated: bool = False
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


class Files:
    def __init__(self, works: Works) -> None:
        self._works = works
        self._files: dict[str, StoredFile] = {}
        self._uploads: dict[str, StoredFile] = {}

    def keep_generated(self, content: bytes | None) -> str:
        """Keep what a model made; returns the address that an answer names."""
        name = f"files/{uuid4().hex[:12]}"
        self._files[name] = StoredFile(name, "video/mp4", content, generated=True)
        return f"{HOST}/v1beta/{name}:download?alt=media"

    async def upload(self, call: Call) -> Reply:
        """Both halves of a resumable upload: `start`, then the bytes with `finalize`."""
        request = call.request
        command = request.headers.get("x-goog-upload-command", "")
        if "start" in command:
            asked = request.document.get("file")
            name = text_at(asked, "name") or f"files/{uuid4().hex[:12]}"
            if name in self._files:
                return google_error(409, f"Requested entity already exists: {name}")
            mime_type = request.headers.get("x-goog-upload-header-content-type", "")
            upload_id = uuid4().hex
            self._uploads[upload_id] = StoredFile(
                name, mime_type, display_name=text_at(asked, "displayName")
            )
            place = f"{self._works.url}{request.path}?upload_id={upload_id}"
            return json_reply({}, X_Goog_Upload_URL=place, X_Goog_Upload_Status="active")
        stored = self._uploads.get(request.asked("upload_id"))
        if stored is None:
            return google_error(404, "There is no such upload.")
        stored.content = (stored.content or b"") + request.body
        if "finalize" not in command:
            return json_reply({}, X_Goog_Upload_Status="active")
        self._files[stored.name] = stored
        return json_reply({"file": _resource(stored)}, X_Goog_Upload_Status="final")

    async def get(self, call: Call) -> Reply:
        stored = self._files.get(call.parts["name"])
        return _absent(call.parts["name"]) if stored is None else json_reply(_resource(stored))

    async def delete(self, call: Call) -> Reply:
        name = call.parts["name"]
        return _absent(name) if self._files.pop(name, None) is None else json_reply({})

    async def download(self, call: Call) -> Reply:
        stored = self._files.get(call.parts["name"])
        expired = call.injection is not None and call.injection.fault is Fault.OUTPUT_EXPIRED
        if stored is None or stored.content is None or expired:
            return _absent(call.parts["name"])
        if not stored.generated:
            return google_error(400, "Only generated files can be downloaded.")
        return Reply(body=stored.content, content_type=stored.mime_type)


def _absent(name: str) -> Reply:
    message = f"You do not have permission to access the File {name} or it may not exist."
    return google_error(403, message)


def _resource(stored: StoredFile) -> Json:
    content = stored.content or b""
    created = stored.created.isoformat().replace("+00:00", "Z")
    resource: Json = {
        "name": stored.name,
        "mimeType": stored.mime_type,
        "sizeBytes": str(len(content)),
        "createTime": created,
        "updateTime": created,
        "sha256Hash": base64.b64encode(hashlib.sha256(content).digest()).decode(),
        "uri": f"{HOST}/v1beta/{stored.name}",
        "state": "ACTIVE",
        "source": "GENERATED" if stored.generated else "UPLOADED",
    }
    if stored.display_name:
        resource["displayName"] = stored.display_name
    if stored.generated:
        resource["downloadUri"] = f"{HOST}/v1beta/{stored.name}:download?alt=media"
    return resource
