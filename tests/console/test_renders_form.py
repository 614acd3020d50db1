"""The form of a brief, sent as a browser without scripts sends it."""

import html
import io
import re

import httpx2
import pytest
from PIL import Image

from studio.accounts.service import suspend_account
from studio.renders.repository import load_render
from tests.api.kit import ApiStack
from tests.console.kit import browser_of, hidden_fields
from tests.console.render_kit import FILM_FORM, FROM_OUR_PAGE, NEW, SCRIPT, Maker, maker_of

ESTIMATE = f"{NEW}/estimate"


def fault_of(page: str, field: str) -> str:
    """What the page says beside a field; nothing where the field is not marked as wrong."""
    found = re.search(rf'<p class="[^"]*" id="{field}-note">(.*?)</p>', page, re.DOTALL)
    named = "files-1" if field == "uploads" else field
    marked = re.search(rf'name="{named}"[^>]*aria-describedby="{field}-note"', page)
    return html.unescape(found.group(1)) if found and marked else ""


def stored(stack: ApiStack, project_id: str) -> dict[str, object]:
    with stack.database.reading() as session:
        row = load_render(session, project_id)
        return {"request": row.request, "assets": row.assets, "key": row.idempotency_key}


async def estimate(maker: Maker, **fields: str) -> httpx2.Response:
    """Ask for a price as htmx does."""
    hidden = hidden_fields((await maker.browser.open(NEW)).text)
    return await maker.browser.http.post(
        ESTIMATE,
        data={**hidden, **FILM_FORM, **fields},
        headers={**FROM_OUR_PAGE, "HX-Request": "true"},
    )


async def test_a_brief_becomes_a_render_and_its_page(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        answer = await maker.fill_in(video_resolution="1080p", style_prompt="", music_workflow="")
        page = await maker.browser.open(answer.headers["location"])
        project_id = answer.headers["location"].rpartition("/")[2]
    assert answer.status_code == 303
    assert "<h1>Airship</h1>" in page.text
    request = stored(stack, project_id)["request"]
    assert isinstance(request, dict)
    assert (request["shot_count"], request["video_resolution"]) == (1, "1080p")
    assert request["stage_voice_briefs_enabled"] is False
    assert list(stack.workflows.started) == [project_id]


async def test_every_choice_has_the_accounts_default_first_and_its_price(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        stack.save_defaults(maker.account_id, video_resolution="4k")
        page = (await maker.browser.open(NEW)).text
    assert '<option value="" selected>My default: 4k</option>' in page
    assert "Veo 3.1 Fast · 15 to 45 credits a second</option>" in page
    assert "8 credits and 2 a shot</option>" in page
    assert "Local animatic" not in page
    assert "Gemini Omni Flash (video)" not in page  # no render may ask for it


async def test_files_of_a_row_share_their_label_and_are_told_apart(
    stack: ApiStack, png: bytes
) -> None:
    other = io.BytesIO()
    Image.new("RGB", (32, 32), (200, 10, 10)).save(other, "PNG")
    files = [
        ("files-1", ("image.png", png, "image/png")),
        ("files-1", ("image.png", other.getvalue(), "image/png")),
        ("files-2", ("notes.txt", b"Mara is tall.", "text/plain")),
    ]
    async with maker_of(stack) as maker:
        sent = await maker.fill_in(files, **{"label-1": "Mara", "purpose-1": "Her face"})
        assets = stored(stack, sent.headers["location"].rpartition("/")[2])["assets"]
    assert isinstance(assets, list)
    assert [(each["filename"], each["label"], each["purpose"]) for each in assets] == [
        ("image.png", "Mara", "Her face"),
        ("image (2).png", "Mara", "Her face"),
        ("notes.txt", "", ""),
    ]


async def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    stack: ApiStack,
) -> None:
    written = {"screenplay": "Two\nlines & more", "label-2": "A <label>", "lyrics_prompt": "La la"}
    async with maker_of(stack) as maker:
        answer = await maker.fill_in(
            shot_count="65", music_start_seconds="soon", video_model="nonsense", **written
        )
        page = answer.text
    assert answer.status_code == 422
    assert fault_of(page, "shot_count") == "Shots must be at most 64."
    assert fault_of(page, "music_start_seconds") == "Start the track at second must be a number."
    assert 'name="shot_count" type="number" inputmode="decimal" min="1" max="64"' in page
    assert 'value="65"' in page
    assert "Two\nlines &amp; more</textarea>" in page
    assert 'value="A &lt;label&gt;"' in page
    assert "La la</textarea>" in page
    assert re.search(r"<details open>\s*<summary>Music and voice", page)
    assert re.search(r"<details>\s*<summary>More about", page)
    assert stack.workflows.started == {}
    assert stack.stored_files() == []


async def test_a_film_that_cannot_be_made_is_refused_in_its_own_words(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        answer = await maker.fill_in(shot_count="5", scene_target_duration_seconds="500")
        model = await maker.fill_in(video_model="nonsense")
    assert fault_of(answer.text, "shot_count").startswith("A film of 500 s takes 63 to 64 shots")
    assert fault_of(answer.text, "scene_target_duration_seconds").startswith("5 shots make")
    assert model.status_code == 422
    assert "nonsense" in fault_of(model.text, "video_model")


async def test_a_form_sent_twice_is_one_render(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        hidden = hidden_fields((await maker.browser.open(NEW)).text)
        first = await maker.send(**hidden, **FILM_FORM)
        second = await maker.send(**hidden, **FILM_FORM)
    assert first.headers["location"] == second.headers["location"]
    assert stack.available(maker.account_id) == 1000 - 118


async def test_a_form_that_was_changed_and_sent_again_asks_whether_to_start_another(
    stack: ApiStack,
) -> None:
    async with maker_of(stack) as maker:
        hidden = hidden_fields((await maker.browser.open(NEW)).text)
        await maker.send(**hidden, **FILM_FORM)
        again = await maker.send(**hidden, **{**FILM_FORM, "name": "Another"})
        confirmed = await maker.send(
            **hidden_fields(again.text), **{**FILM_FORM, "name": "Another"}
        )
    assert again.status_code == 409
    assert "already started a render" in again.text
    assert confirmed.status_code == 303
    assert len(stack.workflows.started) == 2


async def test_too_few_credits_lead_to_the_wallet(stack: ApiStack, png: bytes) -> None:
    files = [("files-1", ("mara.png", png, "image/png"))]
    async with maker_of(stack, credits_=100) as maker:
        answer = await maker.fill_in(files)
    assert answer.status_code == 402
    assert "takes 118 credits, and there are 100 in your wallet" in answer.text
    assert 'href="/settings/wallet">Add credits' in answer.text
    assert "Choose your files again: mara.png." in answer.text
    assert stack.stored_files() == []


def too_many_pixels() -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (9_000, 6_000)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.png", b"<html><script>alert(1)</script>"),
        ("two.png", b"\x89PNG\r\n\x1a\n" + b"PK\x03\x04" + b"<script>"),
        ("film.mp4", b"MZ\x90\x00" + bytes(100)),
        ("bomb.png", too_many_pixels()),
        ("list.m3u8", b"#EXTM3U\nfile:///etc/passwd"),
    ],
)
async def test_a_file_that_is_not_what_it_says_is_refused_and_nothing_of_it_kept(
    stack: ApiStack, name: str, content: bytes
) -> None:
    async with maker_of(stack) as maker:
        answer = await maker.fill_in([("files-1", (name, content, "image/png"))])
    assert answer.status_code == 415
    assert name in fault_of(answer.text, "uploads")
    assert "drifts over a frozen city" in answer.text
    assert stack.stored_files() == []


async def test_a_picture_with_another_file_behind_it_is_refused(
    stack: ApiStack, png: bytes
) -> None:
    archive = b"PK\x03\x04" + bytes(64) + b"PK\x05\x06" + bytes(18)
    async with maker_of(stack) as maker:
        answer = await maker.fill_in([("files-1", ("both.png", png + archive, "image/png"))])
    assert answer.status_code == 415
    assert stack.stored_files() == []


async def test_a_files_name_is_shown_as_text(stack: ApiStack) -> None:
    name = "<img src=x onerror=alert(1)>.png"
    async with maker_of(stack) as maker:
        answer = await maker.fill_in([("files-1", (name, b"no picture", "image/png"))])
    assert answer.status_code == 415
    assert "<img src=x" not in answer.text


async def test_what_was_written_comes_back_as_text(stack: ApiStack) -> None:
    attack = f'"></textarea>{SCRIPT}'
    async with maker_of(stack) as maker:
        answer = await maker.fill_in(name=attack, screenplay=attack, shot_count=attack)
        part = await estimate(maker, screenplay=attack, video_model=attack)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert "<script>alert" not in part.text


@pytest.mark.parametrize("field", ["account_id", "wait_for_completion_seconds", "assets", "files"])
async def test_a_field_that_the_form_has_not_is_refused(stack: ApiStack, field: str) -> None:
    async with maker_of(stack) as maker:
        sent = await maker.fill_in(**{field: "1"})
        priced = await estimate(maker, **{field: "1"})
    assert (sent.status_code, priced.status_code) == (422, 422)
    assert stack.workflows.started == {}


async def test_a_field_twice_is_refused(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        again = [("name", (None, b"Another", "text/plain"))]
        answer = await maker.fill_in(again)  # type: ignore[arg-type]
    assert answer.status_code == 422
    assert stack.workflows.started == {}


@pytest.mark.parametrize("field", ["screenplay", "label-1"])
async def test_a_form_that_is_too_large_is_refused(stack: ApiStack, field: str) -> None:
    async with maker_of(stack) as maker:
        answer = await maker.fill_in(**{field: "x" * (1024 * 1024 + 1)})
        priced = await estimate(maker, screenplay="x" * (3 * 1024 * 1024))
    assert (answer.status_code, priced.status_code) == (413, 413)
    assert stack.stored_files() == []


async def test_what_was_written_survives_a_file_that_is_refused_on_its_way(
    stack: ApiStack,
) -> None:
    empty = [("files-1", ("empty.png", b"", "image/png"))]
    many = [("files-1", (f"{number}.txt", b"text", "text/plain")) for number in range(33)]
    async with maker_of(stack) as maker:
        answers = [await maker.fill_in(empty), await maker.fill_in(many)]
        hidden = hidden_fields((await maker.browser.open(NEW)).text)
        foreign = await maker.send(empty, **{**hidden, "csrf": "x"}, **FILM_FORM)
    assert [each.status_code for each in (*answers, foreign)] == [422, 413, 403]
    assert "empty.png" in fault_of(answers[0].text, "uploads")
    assert "at most 32 files" in fault_of(answers[1].text, "uploads")
    assert all("drifts over a frozen city" in each.text for each in answers)
    assert stack.stored_files() == []


async def test_text_that_is_no_text_is_refused(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        control = await maker.fill_in(screenplay="A bell: \x07")
        broken = await maker.fill_in([("instructions", (None, b"\xff\xfe", "text/plain"))])  # type: ignore[list-item]
    assert "control character" in fault_of(control.text, "screenplay")
    assert broken.status_code == 422
    assert stack.stored_files() == []


async def test_a_form_without_the_sessions_token_starts_nothing(
    stack: ApiStack, png: bytes
) -> None:
    files = [("files-1", ("mara.png", png, "image/png"))]
    async with maker_of(stack) as maker:
        hidden = hidden_fields((await maker.browser.open(NEW)).text)
        form_id = {"form_id": hidden["form_id"]}
        bare = await maker.send(files, **form_id, **FILM_FORM)
        wrong = await maker.send(files, **form_id, csrf="x" * 43, **FILM_FORM)
        foreign = await maker.browser.http.post(
            NEW, data={**hidden, **FILM_FORM}, files=files, headers={"Sec-Fetch-Site": "cross-site"}
        )
        unsaid = await maker.browser.http.post(NEW, data={**hidden, **FILM_FORM}, files=files)
        await maker.browser.send("/renders", to="/sign-out")
        await maker.browser.sign_in()
        old = await maker.send(files, **hidden, **FILM_FORM)
        priced = await maker.browser.http.post(
            ESTIMATE, data={**hidden, **FILM_FORM}, headers=FROM_OUR_PAGE
        )
    answers = (bare, wrong, foreign, unsaid, old, priced)
    assert [each.status_code for each in answers] == [403] * len(answers)
    assert stack.workflows.started == {}
    assert stack.stored_files() == []


async def test_what_another_page_sends_is_refused_before_it_is_read(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        answer = await maker.browser.http.post(
            NEW, files={"unknown": (None, b"x")}, headers={"Sec-Fetch-Site": "same-site"}
        )
    assert answer.status_code == 403


async def test_nobody_starts_anything_without_signing_in(stack: ApiStack) -> None:
    async with browser_of(stack) as nobody:
        answers = [
            await nobody.open(NEW),
            await nobody.http.post(NEW, files={"name": (None, b"x")}, headers=FROM_OUR_PAGE),
            await nobody.http.post(ESTIMATE, data=FILM_FORM, headers=FROM_OUR_PAGE),
        ]
    assert [each.status_code for each in answers] == [303] * 3


async def test_a_suspended_account_looks_and_starts_nothing(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        hidden = hidden_fields((await maker.browser.open(NEW)).text)
        with stack.database.transaction() as session:
            suspend_account(session, account_id=maker.account_id, now=stack.time.now())
        looked = await maker.browser.open(f"/renders/{project_id}")
        refused = [
            await maker.browser.open(NEW),
            await maker.send(**hidden, **FILM_FORM),
            await maker.browser.http.post(
                ESTIMATE, data={**hidden, **FILM_FORM}, headers=FROM_OUR_PAGE
            ),
        ]
    assert looked.status_code == 200
    assert [each.status_code for each in refused] == [403] * 3
    assert all("suspended" in each.text for each in refused)
    assert list(stack.workflows.started) == [project_id]


async def test_a_studio_that_is_away_keeps_the_form(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        stack.workflows.away = True
        answer = await maker.fill_in()
    assert answer.status_code == 503
    assert "drifts over a frozen city" in answer.text
    assert stack.available(maker.account_id) == 1000


async def test_an_account_with_too_many_renders_is_told(stack: ApiStack) -> None:
    stack.configure(active_renders_max=1)
    async with maker_of(stack) as maker:
        await maker.start()
        answer = await maker.fill_in()
    assert answer.status_code == 429
    assert "as many renders that have not ended as it may" in answer.text


async def test_a_price_has_its_lines_its_sum_and_what_would_be_left(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        part = (await estimate(maker, name="")).text
    assert '<span class="sum">118</span> credits <span class="soft">$1.18</span>' in part
    assert "1 shot, 4 seconds. 882 credits would be left." in part
    assert '<td>Planning, 1 shot</td><td class="number">10</td>' in part
    assert "<html" not in part
    assert stack.workflows.started == {}


async def test_a_price_above_what_there_is_leads_to_the_wallet(stack: ApiStack) -> None:
    async with maker_of(stack, credits_=100) as maker:
        part = (await estimate(maker)).text
    assert "18 credits too few" in part
    assert 'href="/settings/wallet"' in part


async def test_what_has_no_price_says_why(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        answer = await estimate(maker, scene_target_duration_seconds="100")
    assert answer.status_code == 200
    assert "A film of 100 s takes 13 to 64 shots" in answer.text
    assert 'class="sum"' not in answer.text


async def test_without_a_script_the_price_is_a_page_with_all_that_was_written(
    stack: ApiStack,
) -> None:
    """A browser sends the names of chosen files along, as often as there are files."""
    async with maker_of(stack) as maker:
        hidden = hidden_fields((await maker.browser.open(NEW)).text)
        chosen = {"files-1": ["one.png", "two.png"], "files-2": ""}
        answer = await maker.browser.http.post(
            ESTIMATE, data={**hidden, **FILM_FORM, **chosen}, headers=FROM_OUR_PAGE
        )
        started = await maker.send(**hidden_fields(answer.text), **FILM_FORM)
    assert answer.status_code == 200
    assert '<span class="sum">118</span>' in answer.text
    assert "drifts over a frozen city" in answer.text
    assert started.status_code == 303
