"""What hostile pages, hosts and visitors try at the console."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from http.cookies import Morsel, SimpleCookie
from urllib.parse import quote

import httpx2
import pytest

from gateway.console.forms import FORM_BYTES_MAX
from tests.api.kit import BASE_URL, ApiStack
from tests.console.kit import EMAIL, PASSWORD, Browser, account_of, browser_of, member_of
from tests.console.page_forms import SAME_ORIGIN, form_of, secure_browser_of, send_form

PROFILE = "/settings/profile"
HOSTILE_HEADERS = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": BASE_URL},
    {"Origin": "https://evil.test"},
    {"Origin": "null"},
    {},
]
HOSTILE_TARGETS = [
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "https:evil.test",
    "https://evil.test",
    "javascript:alert(1)",
    "/\t/evil.test",
    "\t//evil.test",
    "/\n/evil.test",
    "/\r\nSet-Cookie: a=b",
    "http:///evil.test",
    "evil.test",
    "",
    "/sign-in",
    "/sign-up?next=//evil.test",
]


def cookies_of(answer: httpx2.Response) -> dict[str, Morsel[str]]:
    found: dict[str, Morsel[str]] = {}
    for line in answer.headers.get_list("set-cookie"):
        found |= SimpleCookie(line)
    return found


async def rename(browser: Browser, csrf: str, headers: Mapping[str, str]) -> int:
    fields = {"csrf": csrf, "name": "Evil"}
    answer = await browser.http.post(PROFILE, data=fields, headers=dict(headers))
    return answer.status_code


async def csrf_of(browser: Browser) -> str:
    return form_of((await browser.open(PROFILE)).text, PROFILE).fields["csrf"]


async def test_a_form_that_another_site_sends_changes_nothing(stack: ApiStack) -> None:
    """Even one that somehow has the token of the page."""
    async with member_of(stack) as browser:
        for headers in HOSTILE_HEADERS:
            assert await rename(browser, await csrf_of(browser), headers) == 403, headers
    assert account_of(stack).name == "Maker"


async def test_a_form_of_our_own_page_is_taken(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        for headers in (SAME_ORIGIN, {"Sec-Fetch-Site": "none"}, {"Origin": BASE_URL}):
            assert await rename(browser, await csrf_of(browser), headers) == 303, headers


async def test_a_form_without_its_pages_token_changes_nothing(stack: ApiStack) -> None:
    async with member_of(stack) as browser, browser_of(stack) as other:
        await other.sign_in()
        theirs, own = await csrf_of(other), await csrf_of(browser)
        assert theirs != own
        for csrf in ("", "x", own[:-1], f"{own}=", "\N{SNOWMAN}", theirs):
            assert await rename(browser, csrf, SAME_ORIGIN) == 403
        answer = await browser.http.post(PROFILE, data={"name": "Evil"}, headers=SAME_ORIGIN)
    assert answer.status_code == 403
    assert account_of(stack).name == "Maker"


async def test_a_token_dies_with_its_session(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        old = await csrf_of(browser)
        await send_form(browser, PROFILE, "/sign-out")
        await browser.sign_in()
        assert await rename(browser, old, SAME_ORIGIN) == 403


async def test_nobody_is_signed_in_or_out_by_another_site(stack: ApiStack) -> None:
    async with member_of(stack) as browser, browser_of(stack) as other:
        fields = {"email": EMAIL, "password": PASSWORD}
        into_theirs = await other.http.post("/sign-in", data=fields, headers=SAME_ORIGIN)
        assert (into_theirs.status_code, "fvs_session" in other.http.cookies) == (403, False)
        # The browser leaves a cookie that is SameSite=Lax out of another site's form.
        without = await other.http.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
        assert "set-cookie" not in without.headers
        out = await browser.http.post("/sign-out", data={"csrf": ""}, headers=SAME_ORIGIN)
        assert out.status_code == 403
        assert (await browser.open(PROFILE)).status_code == 200


async def test_looking_changes_nothing(stack: ApiStack) -> None:
    """No address that changes something takes a GET, and none reads a query as a form."""
    async with member_of(stack) as browser:
        await browser.open(f"{PROFILE}?name=Evil&csrf={await csrf_of(browser)}")
        for path in ("/sign-out", f"{PROFILE}/password", f"{PROFILE}/sessions"):
            assert (await browser.open(path)).status_code in {404, 405}
        assert (await browser.open(PROFILE)).status_code == 200
    assert account_of(stack).name == "Maker"


async def test_a_session_that_was_planted_is_never_adopted(stack: ApiStack) -> None:
    async with member_of(stack), browser_of(stack) as browser:
        planted = "A" * 43
        browser.http.cookies.set("fvs_session", planted, domain="gateway.test", path="/")
        await browser.sign_in()
        given = cookies_of(await browser.send("/sign-in", email=EMAIL, password=PASSWORD))
        browser.http.cookies.clear()
        browser.http.cookies.set("fvs_session", planted, domain="gateway.test", path="/")
        assert (await browser.open(PROFILE)).status_code == 303
    assert given == {} or given["fvs_session"].value != planted


async def test_every_sign_in_has_a_session_of_its_own_and_ends_the_one_before(
    stack: ApiStack,
) -> None:
    async with member_of(stack) as browser:
        first = browser.http.cookies["fvs_session"]
        again = await browser.send(PROFILE, to="/sign-in", email=EMAIL, password=PASSWORD)
        assert again.status_code == 303
        assert browser.http.cookies["fvs_session"] != first
        browser.http.cookies.clear()
        browser.http.cookies.set("fvs_session", first, domain="gateway.test", path="/")
        assert (await browser.open(PROFILE)).status_code == 303


async def test_signing_out_ends_the_session_for_good(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        kept = browser.http.cookies["fvs_session"]
        answer = await send_form(browser, PROFILE, "/sign-out")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert "fvs_session" not in browser.http.cookies
        browser.http.cookies.set("fvs_session", kept, domain="gateway.test", path="/")
        assert (await browser.open(PROFILE)).headers["location"].startswith("/sign-in")


async def test_the_session_of_an_account_that_is_gone_is_nobodys(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        with closing(sqlite3.connect(str(stack.database.engine.url.database))) as connection:
            connection.execute("DELETE FROM account")
            connection.commit()
        answer = await browser.open(PROFILE)
        assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in")
        assert (await browser.open("/sign-in")).status_code == 200


async def test_nobody_is_sent_elsewhere_after_signing_in(stack: ApiStack) -> None:
    """Whether the address has it, the page's form, or a form that was tampered with."""
    async with member_of(stack) as member, browser_of(stack) as browser:
        for target in HOSTILE_TARGETS:
            browser.http.cookies.clear()
            stack.time.elapsed_seconds += 60  # for the limit of sign-ins
            page = f"/sign-in?next={quote(target, safe='')}"
            fields = {"email": EMAIL, "password": PASSWORD}
            answers = [
                await member.open(page),
                await browser.send(page, to="/sign-in", **fields),
                await browser.send(PROFILE, to="/sign-in", **fields, next=target),
            ]
            assert [each.status_code for each in answers] == [303] * 3, target
            assert [each.headers["location"] for each in answers] == ["/"] * 3, target


async def test_what_only_looks_hostile_stays_a_path_of_ours(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        for target in ("/settings/keys?revoked=one", "/%2F/evil.test", "/%09/x", "/@evil.test"):
            answer = await browser.open(f"/sign-in?next={quote(target, safe='')}")
            assert answer.headers["location"] == target


async def test_signing_in_tells_no_one_which_addresses_are_known(stack: ApiStack) -> None:
    async with member_of(stack), browser_of(stack) as browser:
        answers = [
            await browser.send("/sign-in", email=email, password="a wrong password")
            for email in (EMAIL, "nobody@example.com")
        ]
    known, unknown = answers
    assert known.status_code == unknown.status_code == 401
    assert known.text.replace(EMAIL, "nobody@example.com") == unknown.text
    assert known.headers.keys() == unknown.headers.keys()
    assert cookies_of(known) == cookies_of(unknown) == {}
    assert len(set(stack.password_hasher.verified[-2:])) == 2


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
async def test_who_tries_too_many_passwords_has_to_wait_known_or_not(
    stack: ApiStack, email: str
) -> None:
    async with member_of(stack), browser_of(stack) as browser:
        answers = [
            await browser.send("/sign-in", email=email, password="a guess") for _ in range(6)
        ]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) == 12
    assert "try again in 12 s" in answers[-1].text


@pytest.mark.parametrize("extra", ["role", "account_id", "suspended_at", "is_operator"])
async def test_a_form_has_no_fields_but_those_of_its_page(stack: ApiStack, extra: str) -> None:
    stack.open_account("acct_other")
    value = "acct_other" if extra == "account_id" else "operator"
    async with member_of(stack) as browser:
        for page in (PROFILE, "/settings/defaults", "/settings/keys"):
            answer = await send_form(browser, page, page, name="Evil", **{extra: value})
            assert answer.status_code == 422
    account = account_of(stack)
    assert (account.name, account.is_operator) == ("Maker", False)


async def test_signing_up_gives_no_role(stack: ApiStack) -> None:
    async with browser_of(stack) as browser:
        fields = {"name": "Eve", "email": EMAIL, "password": PASSWORD, "role": "operator"}
        answer = await send_form(browser, "/sign-up", "/sign-up", **fields)
    assert answer.status_code == 422


async def test_what_is_no_form_of_a_page_is_refused_with_a_page(stack: ApiStack) -> None:
    form = "application/x-www-form-urlencoded"
    async with member_of(stack) as browser:
        for body, kind, status in (
            (b"name=" + b"x" * FORM_BYTES_MAX, form, 413),
            (b"a=" + b"&a=" * 100, form, 422),
            (b"name=a&name=b", form, 422),
            (b"name=%FF", form, 422),
            (b"name=%00", form, 422),
            (b"\xff", form, 422),
            (b'{"name": "Evil"}', "application/json", 415),
            (b"", "text/plain", 415),
        ):
            headers = {"Content-Type": kind, **SAME_ORIGIN}
            answer = await browser.http.post(PROFILE, content=body, headers=headers)
            assert answer.status_code == status, body[:20]
            assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_over_https_cookies_are_of_this_host_alone(stack: ApiStack) -> None:
    async with secure_browser_of(stack) as browser:
        visit = cookies_of(await browser.open("/sign-up"))["__Host-fvs_visit"]
        signed_up = await send_form(
            browser, "/sign-up", "/sign-up", name="Ada", email=EMAIL, password=PASSWORD
        )
        session = cookies_of(signed_up)["__Host-fvs_session"]
        assert (await browser.open(PROFILE)).status_code == 200
    for cookie in (visit, session):
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "lax")
        assert (cookie["path"], cookie["domain"]) == ("/", "")
    assert (visit["expires"], bool(session["expires"])) == ("", True)


async def test_over_http_the_same_cookies_have_the_names_that_browsers_take(
    stack: ApiStack,
) -> None:
    async with member_of(stack), browser_of(stack) as browser:
        cookies = cookies_of(await browser.open("/sign-in"))
        cookies |= cookies_of(await browser.send("/sign-in", email=EMAIL, password=PASSWORD))
    assert cookies.keys() == {"fvs_visit", "fvs_session"}
    for cookie in cookies.values():
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == ("", True, "lax")


async def test_a_page_that_asks_for_nothing_sets_no_second_cookie(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        assert "set-cookie" not in (await browser.open(PROFILE)).headers
