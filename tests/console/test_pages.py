"""What holds for every page of the console, whoever adds it."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from fastapi.routing import iter_route_contexts

from gateway.app import create_app
from tests.api.kit import ApiStack
from tests.console.kit import browser_of, member_of
from tests.console.page_forms import SAME_ORIGIN

ENTRANCES = ("/sign", "/reset")
SECTIONS = (*ENTRANCES, "/settings", "/renders", "/operators")
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
INLINE = re.compile(r"<style|<script(?! src=\"/static/)|\sstyle=|\son[a-z]+=|javascript:")


def addresses(stack: ApiStack, method: str) -> Iterator[str]:
    """Every address of the console that takes the method, with made-up ids in it."""
    for route in iter_route_contexts(create_app(stack.dependencies).routes):
        path = route.path or ""
        if method in (route.methods or ()) and (path == "/" or path.startswith(SECTIONS)):
            yield re.sub(r"{[^}]*}", "nothing", path)


def is_guarded(answer: httpx2.Response) -> bool:
    """Nobody may frame it, keep it, or run anything in it but files of ours."""
    headers = answer.headers
    parts = (each.partition(" ")[::2] for each in headers["content-security-policy"].split("; "))
    policy = dict(parts)
    return (
        headers["cache-control"] == "no-store"
        and headers["x-content-type-options"] == "nosniff"
        and headers["x-frame-options"] == "DENY"
        and headers["referrer-policy"] == "same-origin"
        and headers["cross-origin-opener-policy"] == "same-origin"
        and headers["cross-origin-resource-policy"] == "same-origin"
        and policy | POLICY == policy
        and "unsafe" not in headers["content-security-policy"]
    )


async def test_every_page_is_guarded_and_has_no_inline_script_or_style(stack: ApiStack) -> None:
    async with member_of(stack) as member, browser_of(stack) as stranger:
        for path in addresses(stack, "GET"):
            for browser in (member, stranger):
                answer = await browser.open(path)
                assert answer.status_code < 500, path
                assert "no-store" in answer.headers["cache-control"], path
                if answer.headers.get("content-type", "").startswith("text/html"):
                    assert is_guarded(answer), path
                    assert INLINE.search(answer.text) is None, path


async def test_strangers_are_sent_to_sign_in_and_back(stack: ApiStack) -> None:
    async with browser_of(stack) as browser:
        for path in ("/settings/profile", "/settings/defaults", "/settings/keys"):
            answer = await browser.open(path)
            target = path.replace("/", "%2F")
            assert answer.status_code == 303
            assert answer.headers["location"] == f"/sign-in?next={target}"


async def test_no_address_changes_anything_without_its_pages_token(stack: ApiStack) -> None:
    posted = set(addresses(stack, "POST"))
    assert {"/sign-in", "/sign-up", "/reset", "/settings/keys"} <= posted
    async with member_of(stack) as member, browser_of(stack) as stranger:
        for path in posted - {"/sign-out"}:
            refused = await member.http.post(path, data={"csrf": ""}, headers=SAME_ORIGIN)
            assert refused.status_code in {403, 404, 415}, path
            answer = await stranger.http.post(path, data={"csrf": ""}, headers=SAME_ORIGIN)
            is_sent_away = answer.headers.get("location", "").startswith("/sign-in")
            assert is_sent_away or answer.status_code in {403, 404, 415}, path
        assert (await member.open("/settings/profile")).status_code == 200


@pytest.mark.parametrize("path", ["/settings", "/settings/nothing", "/operators/nothing/at/all"])
async def test_what_is_not_there_is_a_page_below_the_consoles_sections(
    stack: ApiStack, path: str
) -> None:
    async with member_of(stack) as browser:
        answer = await browser.open(path)
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text


async def test_elsewhere_it_is_a_problem_document_as_ever(stack: ApiStack) -> None:
    async with browser_of(stack) as browser:
        for path in ("/nothing", "/api/agent/nothing"):
            answer = await browser.open(path)
            assert answer.headers["content-type"] == "application/problem+json"


async def test_head_is_get_without_a_body_and_options_are_none(stack: ApiStack) -> None:
    async with browser_of(stack) as browser:
        got, head = await browser.open("/sign-in"), await browser.http.head("/sign-in")
        assert head.status_code == got.status_code == 200
        assert head.headers["content-security-policy"] == got.headers["content-security-policy"]
        options = await browser.http.options("/sign-in")
        assert options.status_code == 405
        assert options.headers["allow"] == "GET, HEAD, POST"
        assert "access-control-allow-origin" not in options.headers


async def test_files_of_pages_are_kept_for_ever_under_their_own_hash(stack: ApiStack) -> None:
    async with browser_of(stack) as browser:
        page = (await browser.open("/sign-in")).text
        for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
            answer = await browser.open(path)
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert (await browser.open(path.replace("/static/", "/static/0"))).status_code == 404


async def test_the_console_is_not_part_of_the_apis_document(stack: ApiStack) -> None:
    async with browser_of(stack) as browser:
        paths = (await browser.open("/api/agent/openapi.json")).json()["paths"]
    assert not [path for path in paths if path.startswith(SECTIONS)]
