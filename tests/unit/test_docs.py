"""What the documentation says is held to the code: settings, fields, prices' version, links."""

import json
import re
from collections.abc import Callable, Iterator
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import pytest
from PIL import Image
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gateway.errors import ANSWERS
from gateway.manifests import MANIFESTS
from gateway.mcp.errors import CODES
from gateway.mcp.names import TOOLS
from gateway.payment_problem import PaymentRequiredDocument
from gateway.quote_resource import PaidRenderResource, QuoteResource
from gateway.receipt import ReceiptLine, ReceiptResource
from gateway.resource import ClipResource, RenderResource
from runtime.settings import PREFIX, Settings
from studio.catalog.catalogue import Catalogue, load_catalogue
from studio.catalog.models import StylePreset
from studio.catalog.pages import models_page, styles_page
from studio.contracts.request import OmittedByDefault, RenderRequest
from studio.contracts.workflow_io import Timings
from studio.payments.webhooks import EVENT_TYPES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text("utf-8")
API = (ROOT / "docs" / "api.md").read_text("utf-8")
MCP = (ROOT / "docs" / "mcp.md").read_text("utf-8")
PAYMENTS = (ROOT / "docs" / "payments.md").read_text("utf-8")

NOT_SET = "\N{EN DASH}"
WRITTEN_OUT = {"key_pepper", "signing_key", "media_activities_max", "google_output_uri"}
"""Required, or worked out at the start: their page has words where others have a value."""

CREDITS = {"credits_required", "credits_available"}
"""Of an account's 402, not of a quote's."""
TOLD_IN_A_SENTENCE = {"index", "status", "duration_seconds", "attempts", "error"}

CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def rows(page: str) -> Iterator[tuple[str, str]]:
    """The first two cells of each row of the page's tables."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) > 1:
            yield cells[0], cells[1]


def links() -> Iterator[tuple[str, str]]:
    """Each page, relative to the root, with each relative link or image on it."""
    for page in PAGES:
        for target in LINK.findall(CODE_BLOCK.sub("", page.read_text("utf-8"))):
            if not target.startswith(("http://", "https://")):
                yield str(page.relative_to(ROOT)), target


def blocks(page: str, language: str) -> list[str]:
    """The code of a language on a page."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def anchor(heading: str) -> str:
    """As GitHub makes it: lower case, punctuation gone, spaces to hyphens."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def shown(default: object) -> str:
    """A default as a page shows it."""
    if default in (None, ""):
        return NOT_SET
    if isinstance(default, Timings):
        return "`{}`"
    if isinstance(default, float):
        return f"`{default:g}`"
    return f"`{default}`"


def default_of(field: FieldInfo) -> object:
    assert field.default is not PydanticUndefined
    return field.default


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_a_setting_is_documented_with_its_default(name: str) -> None:
    documented = dict(rows(CONFIGURATION))
    cell = documented[f"`{PREFIX}{name.upper()}`"]
    if name not in WRITTEN_OUT:
        assert cell == shown(default_of(Settings.model_fields[name]))


def test_no_setting_is_documented_that_does_not_exist() -> None:
    variables = set(re.findall(r"`(FVS_[A-Z_]+[A-Z])`", CONFIGURATION))
    settings = {PREFIX + name.upper() for name in Settings.model_fields}
    assert variables - settings <= {"FVS_CACHE_DIR"}  # read before there are settings


@pytest.mark.parametrize("name", sorted(Timings.model_fields))
def test_a_wait_is_documented_with_its_default(name: str) -> None:
    assert dict(rows(CONFIGURATION))[f"`{name}`"] == shown(default_of(Timings.model_fields[name]))


@pytest.mark.parametrize("name", sorted(RenderRequest.model_fields))
def test_a_field_of_the_request_is_documented(name: str) -> None:
    first_cells = " ".join(cell for cell, _ in rows(API))
    assert f"`{name}`" in first_cells or f"`{name}[]`" in first_cells


@pytest.mark.parametrize("name", get_args(OmittedByDefault))
def test_a_saved_default_is_documented(name: str) -> None:
    value = getattr(load_catalogue().defaults.account, name)
    text = value.value if isinstance(value, Enum) else str(value).lower()
    line = next(line for line in API.splitlines() if line.startswith(f"| `{name}` |"))
    assert f"account default: {text}" in line.replace("`", "")


@pytest.mark.parametrize("name", sorted(RenderResource.model_fields))
def test_a_field_of_the_render_is_documented(name: str) -> None:
    first_cells = " ".join(cell for cell, _ in rows(API))
    assert f"`{name}`" in first_cells or f"`{name}[]`" in first_cells
    assert f'"{name}":' in API


@pytest.mark.parametrize(
    "name",
    sorted(
        ({*PaidRenderResource.model_fields} | {*QuoteResource.model_fields})
        - {*RenderResource.model_fields}
    ),
)
def test_a_field_of_a_quote_is_documented(name: str) -> None:
    first_cells = " ".join(cell for cell, _ in rows(API))
    assert f"`{name}`" in first_cells or f"`{name}[]`" in first_cells


@pytest.mark.parametrize("name", sorted(PaymentRequiredDocument.model_fields))
def test_a_field_of_the_offer_is_shown(name: str) -> None:
    assert f'"{name}":' in API or name in {"request_id", "errors"} | CREDITS


@pytest.mark.parametrize("name", sorted({*ClipResource.model_fields} - TOLD_IN_A_SENTENCE))
def test_a_field_of_a_clip_is_documented(name: str) -> None:
    assert f"`clips[].{name}`" in " ".join(cell for cell, _ in rows(API))
    assert f'"{name}":' in API


@pytest.mark.parametrize("name", sorted({*ReceiptResource.model_fields, *ReceiptLine.model_fields}))
def test_a_field_of_the_receipt_is_shown(name: str) -> None:
    assert f'"{name}":' in API


@pytest.mark.parametrize(("name", "page"), [("models.md", models_page), ("styles.md", styles_page)])
def test_a_page_of_the_catalogue_is_as_the_script_writes_it(
    name: str, page: Callable[[Catalogue], str]
) -> None:
    written = (ROOT / "docs" / name).read_text("utf-8")
    assert written == page(load_catalogue()), "run scripts/write-catalogue"


@pytest.mark.parametrize("style", load_catalogue().styles(), ids=lambda style: style.id)
def test_a_style_preset_has_a_small_picture(style: StylePreset) -> None:
    path = ROOT / "docs" / "images" / "styles" / f"{style.id}.jpg"
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("JPEG", (640, 360))
    assert path.stat().st_size <= 40 * 1024


def test_every_style_preset_looks_different() -> None:
    folder = ROOT / "docs" / "images" / "styles"
    pictures = {path.read_bytes() for path in folder.glob("*.jpg")}
    assert len(pictures) == len(load_catalogue().styles())


def test_style_presets_and_the_version_of_prices_are_those_of_the_catalogue() -> None:
    catalogue = load_catalogue()
    assert [style.id for style in catalogue.styles() if f"`{style.id}`" not in API] == []
    assert f"`{catalogue.prices.version}`" in API


def test_the_webhooks_to_subscribe_to_are_those_that_are_read() -> None:
    listed = [line for line in PAYMENTS.splitlines() if line.startswith("- `")]
    told = re.findall(r"`((?:payment_intent|refund|charge|checkout)\.[a-z_.]+)`", " ".join(listed))
    assert sorted(told) == sorted(EVENT_TYPES)


@pytest.mark.parametrize("name", [*TOOLS, *sorted(MANIFESTS)])
def test_a_tool_and_a_manifest_of_mcp_are_documented(name: str) -> None:
    assert f"`{name}`" in {cell for cell, _ in rows(MCP)}


def test_the_codes_of_mcp_are_those_that_are_answered() -> None:
    table = MCP.partition("## Errors")[2].partition("## ")[0]
    documented = {cell.strip("`") for cell, _ in rows(table)} - {"code", "---"}
    assert documented == CODES


def test_the_programs_that_mcp_is_tested_with_are_those_that_are_pinned() -> None:
    table = MCP.partition("## Tested with")[2]
    told = dict(re.findall(r"^\| `(\S+)` ([\w.-]+)", table, re.MULTILINE))
    pinned: dict[str, str] = {"mcp": version("mcp")}
    for folder in ("mcp_npm", "apps_npm"):
        package = (ROOT / "tests" / folder / "package.json").read_text("utf-8")
        pinned |= json.loads(package)["dependencies"]
    assert told == {name: pinned[name] for name in told}
    assert len(told) == len([line for line in table.splitlines() if line.startswith("| `")])


def test_the_configurations_of_mcp_clients_are_json_and_the_programs_python() -> None:
    configurations = [json.loads(code) for code in blocks(MCP, "json")]
    for configuration in configurations:
        (server,) = configuration["mcpServers"].values()
        assert server.keys() <= {"command", "args", "env", "url", "headers"}
        settings = {PREFIX + name.upper() for name in Settings.model_fields}
        assert server.get("env", {}).keys() <= settings
    programs = [compile(code, "docs/mcp.md", "exec") for code in blocks(MCP, "python")]
    assert (len(configurations), len(programs)) == (2, 1)


def test_every_status_of_an_error_has_an_example() -> None:
    given = {answer.status for answer in ANSWERS.values()} - {500}
    shown_statuses = {int(found) for found in re.findall(r'"status": (\d{3})', API)}
    assert given - shown_statuses == set()


@pytest.mark.parametrize(("page", "target"), sorted(set(links())))
def test_a_relative_link_leads_somewhere(page: str, target: str) -> None:
    path, _, fragment = target.partition("#")
    file = ((ROOT / page).parent / path).resolve() if path else ROOT / page
    assert file.is_relative_to(ROOT)
    assert file.exists()
    if fragment:
        headings = HEADING.findall(CODE_BLOCK.sub("", file.read_text("utf-8")))
        assert fragment in {anchor(heading) for heading in headings}
