"""Renders whose uploads are addresses, as they are when they were paid for."""

from io import BytesIO
from pathlib import Path

from PIL import Image

from activities.workbench import Workbench
from studio.contracts.quote_request import UploadUrl
from studio.contracts.request import RenderRequest
from studio.contracts.status import RenderSnapshot
from studio.contracts.workflow_io import RenderInput
from studio.renders.repository import NewRender, insert_render
from tests.analysis_scenes import NOW
from tests.kit.renders import render_input
from tests.kit.tls_host import Internet, answer
from tests.unit.test_media_pictures import RED, picture

SECRET = "X-Amz-Signature=5ec4e7"
CAT_URL = f"https://media.example/cat.png?{SECRET}"
DOG_URL = f"https://cdn.example/dog?{SECRET}"
CAT_FOUND = CAT_URL.removeprefix("https://")
DOG_FOUND = DOG_URL.removeprefix("https://")
"""As the internet of the tests knows them."""

FILM = RenderRequest(name="A film", screenplay="A boat.")
PNG = picture(RED)


def _jpeg() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (160, 90), RED).save(buffer, "JPEG")
    return buffer.getvalue()


JPEG = _jpeg()


def publish(internet: Internet) -> None:
    internet.answers |= {CAT_FOUND: answer(PNG), DOG_FOUND: answer(JPEG)}


async def submit_addresses(
    bench: Workbench,
    *urls: str | UploadUrl,
    request: RenderRequest = FILM,
    render: RenderInput | None = None,
) -> str:
    """Store a render; its project id."""
    uploads = [UploadUrl(url=url) if isinstance(url, str) else url for url in urls]
    render = render or render_input(shots=1).model_copy(
        update={"asset_count": len(uploads), "fetch_count": len(uploads)}
    )
    new = NewRender(
        project_id=render.project_id,
        account_id=render.account_id,
        request=request,
        assets=(),
        workflow_input=render,
        snapshot=RenderSnapshot(credits_reserved=166),
        fingerprint="f" * 64,
        upload_urls=tuple(uploads),
    )
    await bench.transact(lambda session: insert_render(session, new, now=NOW))
    return render.project_id


def stored_keys(folder: Path) -> set[str]:
    """What is in the store of a bench of `make_bench`."""
    root = folder / "storage" / "objects"
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
