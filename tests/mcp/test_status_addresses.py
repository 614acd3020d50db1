"""A status URL is compared with our own addresses and never fetched."""

import pytest

from gateway.mcp.addresses import PaidAddress, RenderAddress, read_status_url
from studio.ingest.errors import InvalidRequest

BASE = "https://studio.example"
PROJECT = "proj_api_60c90c0841464675"
QUOTE = "quote_4b825dc642cb6eb9a060e54b"
TOKEN = "fvs_claim_0123456789abcdefghijABCDEFGHIJ"
RENDER = f"/api/agent/renders/{PROJECT}"
PAID = f"/api/agent/paid-renders/{QUOTE}?claim_token={TOKEN}"


@pytest.mark.mcp_case("7.1")
@pytest.mark.parametrize("base", [BASE, BASE + "/", "HTTPS://STUDIO.example"])
def test_our_own_addresses_name_a_render_or_a_quote(base: str) -> None:
    assert read_status_url(BASE + RENDER, [base]) == RenderAddress(PROJECT)
    assert read_status_url("https://Studio.Example" + PAID, [base]) == PaidAddress(QUOTE, TOKEN)
    local = "http://[::1]:8080"
    assert read_status_url(local + RENDER, [BASE, local]) == RenderAddress(PROJECT)


def test_a_claim_token_is_not_shown() -> None:
    assert TOKEN not in repr(read_status_url(BASE + PAID, [BASE]))


@pytest.mark.mcp_case("7.1")
@pytest.mark.parametrize(
    "url",
    [
        "",
        RENDER,
        f"//studio.example{RENDER}",
        f"http://studio.example{RENDER}",
        f"https://studio.example:443{RENDER}",
        f"https://studio.example.{RENDER}",
        f"https://studio.example@evil.example{RENDER}",
        f"https://evil@studio.example{RENDER}",
        f"https://studio.example.evil.example{RENDER}",
        f"https://evil.example/{BASE}{RENDER}",
        f"https://169.254.169.254{RENDER}",
        f"https://[::1]{RENDER}",
        f"https://2130706433{RENDER}",
        f"https://0177.0.0.1{RENDER}",
        f"https://studio。example{RENDER}",
        f"https://stud\u0456o.example{RENDER}",
        f"https://studio.example\\{RENDER}",
        f"https://studio.example/{RENDER}",
        f"{BASE}/api/agent/../agent/renders/{PROJECT}",
        f"{BASE}/api/agent/renders/%70roj_api_60c90c0841464675",
        f"{BASE}/api/agent/renders/..%2f{PROJECT}",
        f"{BASE}{RENDER}/",
        f"{BASE}{RENDER}?x=1",
        f"{BASE}{RENDER}#x",
        f"{BASE}{RENDER}\r\nHost: evil.example",
        f"{BASE}{RENDER}\n",
        f" {BASE}{RENDER}",
        f"{BASE}{RENDER[:-1]}",
        f"{BASE}{RENDER[:-1]}G",
        f"{BASE}/api/agent/paid-renders/{QUOTE}",
        f"{BASE}{PAID}&x=1",
        f"{BASE}{PAID}#x",
        f"{BASE}/api/agent/render-quotes/{QUOTE}/pay?claim_token={TOKEN}",
        "file:///etc/passwd",
        "javascript:alert(1)",
        BASE + RENDER + "x" * 700,
    ],
)
def test_whatever_else_is_no_address_of_ours_and_is_not_repeated(url: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_status_url(url, [BASE])
    assert [problem.pointer for problem in refused.value.problems] == ["/status_url"]
    if url:
        assert url not in refused.value.detail
