"""Where outputs to gs:// go besides the server's own memory."""

from urllib.parse import quote

import httpx2

from tests.kit.vendors.works import ObjectSink

WRITE_SECONDS_MAX = 60


def gcs_sink(endpoint: str) -> ObjectSink:
    """Write to a Google Cloud Storage emulator at `endpoint`, by the JSON API's simple upload."""

    def write(address: str, body: bytes, content_type: str) -> None:
        bucket, _, name = address.removeprefix("gs://").partition("/")
        place = f"{endpoint}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, '')}"
        headers = {"Content-Type": content_type}
        answer = httpx2.post(place, content=body, headers=headers, timeout=WRITE_SECONDS_MAX)
        answer.raise_for_status()

    return write
