"""The page of one render, without a script."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from studio.accounts.service import AccountRole, set_role
from studio.contracts.status import ClipState, RenderState, Stage, VoiceBrief
from studio.storage.local import LocalStorage
from studio.storage.port import SignedUrl
from tests.api.kit import ApiStack
from tests.console.kit import browser_of, hidden_fields
from tests.console.render_kit import FROM_OUR_PAGE, SCRIPT, SHOWN_SCRIPT, film_shot, maker_of

QUALITY = {
    "duration_seconds": 4.0,
    "width": 1280,
    "height": 720,
    "frames_per_second": 24.0,
    "loudness_lufs": -14.1,
    "size_bytes": 1,
    "checks": [
        {"name": "frames", "value": 96, "limit": "96", "passed": True},
        {
            "name": "loudness",
            "value": SCRIPT,
            "limit": "-14 ± 1",
            "passed": False,
            "sentence": "Too loud.",
        },
    ],
}


async def test_a_running_render_shows_its_stage_its_shots_and_its_money(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        film_shot(stack, project_id, keyframe_score=8.5, keyframe_remark="The light is right.")
        stack.settle(project_id, "project", "planning")
        page = (await maker.browser.open(f"/renders/{project_id}")).text
    assert "Filming: 0 of 1 shots ready" in page
    assert 'aria-current="step"><span>Film</span>' in page
    assert '8.5</b> <span class="soft">of 10</span> <q>The light is right.</q>' in page
    assert "<dt>Charged so far</dt><dd>22</dd>" in page
    assert "<dt>Held</dt><dd>96</dd>" in page
    assert f'sse-connect="/renders/{project_id}/events?revision=1"' in page


async def test_a_finished_film_can_be_played_and_loaded(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        stack.storage.put_bytes("subtitles.vtt", b"WEBVTT", content_type="text/vtt")
        stack.record(project_id, subtitles_key="subtitles.vtt")
        stack.finish(project_id)
        page = (await maker.browser.open(f"/renders/{project_id}")).text
        address = page.split('download href="')[0].split('id="download" href="')[1].split('"')[0]
        film = await maker.browser.open(address.replace("&amp;", "&"))
    assert '<video controls preload="metadata" playsinline' in page
    assert '<track kind="subtitles"' in page
    assert film.headers["content-type"] == "video/mp4"
    assert "sse-connect" not in page
    assert "Cancel this render" not in page


class Bucket(LocalStorage):
    """A store that answers its signed URLs itself, at an origin of its own."""

    def sign_url(
        self, key: str, *, base_url: str, now: datetime, lifetime: timedelta, download_name: str
    ) -> SignedUrl:
        signed = super().sign_url(
            key, base_url=base_url, now=now, lifetime=lifetime, download_name=download_name
        )
        return replace(signed, url=signed.url.replace(base_url, "https://files.example"))


async def test_subtitles_of_another_origin_are_a_link_and_no_track(stack: ApiStack) -> None:
    stack.configure(storage=Bucket(stack.folder / "storage", stack.dependencies.signer))
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        stack.record(project_id, subtitles_key="subtitles.vtt")
        stack.finish(project_id)
        page = (await maker.browser.open(f"/renders/{project_id}")).text
    assert "<track" not in page
    assert ">Subtitles</a>" in page


async def test_the_quality_report_is_a_table(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        stack.storage.put_bytes(
            "quality.json", json.dumps(QUALITY).encode(), content_type="application/json"
        )
        stack.record(project_id, quality_report_key="quality.json")
        stack.finish(project_id)
        page = (await maker.browser.open(f"/renders/{project_id}")).text
    assert "1 missed" in page
    assert '<th scope="row">frames</th><td class="digits">96</td>' in page
    assert SHOWN_SCRIPT in page
    assert "The report as JSON" in page


@pytest.mark.parametrize("document", [b"{", b'{"checks": 1}', b""])
async def test_a_quality_report_that_cannot_be_read_is_still_linked(
    stack: ApiStack, document: bytes
) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        stack.storage.put_bytes("quality.json", document, content_type="application/json")
        stack.record(project_id, quality_report_key="quality.json")
        answer = await maker.browser.open(f"/renders/{project_id}")
    assert answer.status_code == 200
    assert "The report as JSON" in answer.text


async def test_the_brief_is_shown_as_it_was_written(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start(screenplay="Shot 1: A boat.\nIt leaves.", lyrics_prompt="La")
        page = (await maker.browser.open(f"/renders/{project_id}")).text
    assert '<p class="words">Shot 1: A boat.\nIt leaves.</p>' in page
    assert "<dt>shot count</dt><dd>1</dd>" in page


async def test_whatever_anybody_wrote_is_shown_as_text(stack: ApiStack, png: bytes) -> None:
    files = [("files-1", (f"{SCRIPT.replace('/', '')}.png", png, "image/png"))]
    async with maker_of(stack) as maker:
        sent = await maker.fill_in(
            files, name=SCRIPT, screenplay=f"Shot 1: {SCRIPT}", **{"label-1": SCRIPT}
        )
        project_id = sent.headers["location"].rpartition("/")[2]
        film_shot(
            stack, project_id, error=SCRIPT, keyframe_remark=SCRIPT, video_remark=f'"{SCRIPT}'
        )
        stack.record(project_id, last_error=SCRIPT, warnings=(SCRIPT,))
        page = (await maker.browser.open(f"/renders/{project_id}")).text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") >= 9


async def test_a_spoken_brief_can_be_heard_and_the_others_have_their_place(
    stack: ApiStack,
) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start(stage_voice_briefs_enabled="yes")
        stack.record(
            project_id, voice_briefs=(VoiceBrief(stage=Stage.PLANNING, audio_key="plan.wav"),)
        )
        page = (await maker.browser.open(f"/renders/{project_id}")).text
    assert page.count("<audio") == 1
    assert 'id="brief-filming" hidden' in page


async def test_cancelling_takes_two_steps_and_no_script(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        path = f"/renders/{project_id}"
        answer = await maker.browser.send(path, to=f"{path}/cancel")
        page = (await maker.browser.open(path)).text
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert list(stack.workflows.canceled) == [project_id]
    assert "Stopping" in page
    assert "Yes, cancel it" not in page


async def test_a_render_that_cannot_be_canceled_now_says_so(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        path = f"/renders/{await maker.start()}"
        stack.workflows.away = True
        answer = await maker.browser.send(path, to=f"{path}/cancel")
    assert answer.status_code == 503
    assert "<h1>Service Unavailable</h1>" in answer.text


async def test_a_form_without_the_sessions_token_cancels_nothing(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        path = f"/renders/{await maker.start()}"
        hidden = hidden_fields((await maker.browser.open(path)).text)
        post = maker.browser.http.post
        bare = await post(f"{path}/cancel", data={"csrf": ""}, headers=FROM_OUR_PAGE)
        wrong = await post(f"{path}/cancel", data={"csrf": "x" * 43}, headers=FROM_OUR_PAGE)
        foreign = await post(
            f"{path}/cancel", data=hidden, headers={"Sec-Fetch-Site": "cross-site"}
        )
        await maker.browser.send(path, to="/sign-out")
        await maker.browser.sign_in()
        old = await post(f"{path}/cancel", data=hidden, headers=FROM_OUR_PAGE)
    assert [each.status_code for each in (bare, wrong, foreign, old)] == [403] * 4
    assert stack.workflows.canceled == {}


async def test_a_field_that_the_page_has_not_is_refused(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        path = f"/renders/{await maker.start()}"
        answer = await maker.browser.send(path, to=f"{path}/cancel", account_id="acct_other")
    assert answer.status_code == 422
    assert stack.workflows.canceled == {}


async def test_another_accounts_render_is_unknown_on_every_address(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        path = f"/renders/{await maker.start(name='Mine alone')}"
        own = "/renders/" + await maker.start()
        async with maker_of(stack, "other@example.com") as other:
            browser = other.browser
            theirs = "/renders/" + await other.start()
            answers = [
                await browser.open(path),
                await browser.open(f"{path}/events"),
                await browser.send(theirs, to=f"{path}/cancel"),
                await browser.open("/renders/proj_api_ffffffffffffffff"),
                await browser.open("/renders/%00"),
            ]
        assert (await maker.browser.open(own)).status_code == 200
    assert [answer.status_code for answer in answers] == [404] * 5
    assert not any("Mine alone" in answer.text for answer in answers)
    assert stack.workflows.canceled == {}


async def test_nothing_of_a_render_is_shown_to_who_is_not_signed_in(stack: ApiStack) -> None:
    async with maker_of(stack) as maker, browser_of(stack) as nobody:
        path = f"/renders/{await maker.start()}"
        answers = [await nobody.open(path), await nobody.open(f"{path}/events")]
    assert [answer.status_code for answer in answers] == [303, 303]


async def test_operators_alone_are_led_to_the_run(stack: ApiStack) -> None:
    stack.configure(temporal_ui_url="http://temporal.test/namespaces/default")
    async with maker_of(stack) as maker:
        path = f"/renders/{await maker.start()}"
        before = (await maker.browser.open(path)).text
        with stack.database.transaction() as session:
            set_role(
                session,
                account_id=maker.account_id,
                role=AccountRole.OPERATOR,
            )
        after = (await maker.browser.open(path)).text
    assert "temporal.test" not in before
    assert f"/namespaces/default/workflows/{path[9:]}/run-of-{path[9:]}" in after


async def test_a_failed_render_says_where_it_stopped_and_why(stack: ApiStack) -> None:
    async with maker_of(stack) as maker:
        project_id = await maker.start()
        film_shot(stack, project_id, status=ClipState.FAILED, error="The model refused.")
        stack.record(project_id, status=RenderState.FAILED, last_error="Too many shots failed.")
        page = (await maker.browser.open(f"/renders/{project_id}")).text
    assert "It stopped while filming" in page
    assert "Too many shots failed." in page
    assert "The model refused." in page


async def test_the_pages_policy_lets_no_script_or_style_of_its_own_in(stack: ApiStack) -> None:
    stack.configure(file_origins=("https://files.example",))
    async with maker_of(stack) as maker:
        answer = await maker.browser.open(f"/renders/{await maker.start()}")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "media-src 'self' https://files.example" in policy
    assert " style=" not in answer.text
