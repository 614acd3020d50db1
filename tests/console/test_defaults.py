from dataclasses import replace

import pytest

from studio.accounts.service import new_account_defaults
from studio.catalog.catalogue import Catalogue
from studio.catalog.models import ModelEntry
from studio.contracts.defaults import AccountDefaults
from tests.api.kit import BRIEF, KEY_HEADER, ApiStack
from tests.console.kit import account_of, member_of
from tests.console.page_forms import form_of, send_form
from tests.kit.wallets import give_credits

DEFAULTS = "/settings/defaults"
CHANGED = {
    "visual_style_preset": "film_noir",
    "orchestrator_model": "gemini-3.8-flash",
    "critic_model": "gemini-3.8-flash",
    "image_model": "gemini-3.1-flash-image",
    "image_resolution": "2K",
    "video_model": "veo-3.1-generate-001",
    "video_resolution": "1080p",
    "music_model": "local-synth",
    "stage_voice_briefs_enabled": None,
}


async def test_the_page_has_a_field_for_every_default_with_what_is_saved(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        form = form_of((await browser.open(DEFAULTS)).text, DEFAULTS)
    saved = new_account_defaults().model_dump(mode="json") | {"stage_voice_briefs_enabled": "on"}
    assert {name: form.fields[name] for name in AccountDefaults.model_fields} == saved


async def test_saving_the_page_as_it_is_changes_nothing(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        answer = await send_form(browser, DEFAULTS, DEFAULTS)
        page = await browser.open(answer.headers["location"])
    assert "The defaults are saved." in page.text
    assert account_of(stack).defaults == new_account_defaults()


async def test_options_have_names_and_prices_and_say_what_is_not_configured(
    stack: ApiStack,
) -> None:
    async with member_of(stack) as browser:
        page = (await browser.open(DEFAULTS)).text
    assert ">Gemini 3.8 Flash: 8 and 2 a shot (not configured here)</option>" in page
    assert "18 at 1080p, 45 at 4k a second. Not configured on this server: local-animatic" in page
    assert ">Gemini 3 Pro Image as gemini-3-pro-image-preview: 21 at 1K" in page
    assert ">Film noir</option>" in page


async def test_a_model_that_works_only_as_itself_is_said_to_be_refused(stack: ApiStack) -> None:
    stack.refuse_unconfigured_models()
    async with member_of(stack) as browser:
        page = (await browser.open(DEFAULTS)).text
    assert "Not configured on this server: a request for it is refused." in page


async def test_a_render_shows_every_default_that_a_request_left_out(stack: ApiStack) -> None:
    async with member_of(stack) as browser:
        assert (await send_form(browser, DEFAULTS, DEFAULTS, **CHANGED)).status_code == 303
        issued = await send_form(browser, "/settings/keys", "/settings/keys", name="CI")
        key = issued.text.split('id="secret">')[1].split("<")[0]
        give_credits(stack.database, account_of(stack).account_id, now=stack.time.now())
        brief = {"name": "Airship", "screenplay": BRIEF["screenplay"], "style_prompt": "A waltz."}
        answer = await browser.http.post(
            "/api/agent/renders", json=brief, headers={KEY_HEADER: key}
        )

    render = answer.json()
    requested = {f"{role}_model": use["requested"] for role, use in render["models"].items()}
    switched_off = {"stage_voice_briefs_enabled": False}
    assert requested | render["settings"] == CHANGED | switched_off


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("video_model", "no-such-model", "There is no video model"),
        ("video_model", "gemini-3.5-flash", "There is no video model"),
        ("critic_model", "", "There is no critic model"),
        ("visual_style_preset", "<b>", "There is no style preset"),
        ("video_resolution", "8k", "Input should be"),
    ],
)
async def test_what_nobody_can_render_with_is_refused_beside_its_field(
    stack: ApiStack, field: str, value: str, sentence: str
) -> None:
    async with member_of(stack) as browser:
        answer = await send_form(browser, DEFAULTS, DEFAULTS, **{field: value})
    assert answer.status_code == 422
    assert sentence in answer.text.split(f'id="{field}-note">')[1].split("</p>")[0]
    assert f'<a href="#{field}">' in answer.text
    assert account_of(stack).defaults == new_account_defaults()


async def test_all_that_is_wrong_is_said_at_once_and_nothing_is_saved(stack: ApiStack) -> None:
    wrong = {"video_model": "x", "music_model": "y", "visual_style_preset": "film_noir"}
    async with member_of(stack) as browser:
        answer = await send_form(browser, DEFAULTS, DEFAULTS, **wrong)
    assert answer.text.count('aria-invalid="true"') == 2
    assert form_of(answer.text, DEFAULTS).fields["visual_style_preset"] == "film_noir"
    assert account_of(stack).defaults == new_account_defaults()


async def test_a_resolution_that_the_model_has_not_is_refused_beside_its_field(
    stack: ApiStack,
) -> None:
    _take_away_4k(stack, "veo-3.1-fast-generate-001")
    async with member_of(stack) as browser:
        answer = await send_form(browser, DEFAULTS, DEFAULTS, video_resolution="4k")
    assert answer.status_code == 422
    assert 'id="video_resolution-note">Veo 3.1 Fast has no 4k; it has 720p, 1080p.' in answer.text


def _take_away_4k(stack: ApiStack, model_id: str) -> None:
    pricing = stack.dependencies.pricing
    models = [
        _without_4k(model) if model.id == model_id else model
        for model in pricing.catalogue.models()
    ]
    catalogue = Catalogue(
        models, pricing.catalogue.styles(), pricing.catalogue.prices, pricing.catalogue.defaults
    )
    stack.configure(pricing=replace(pricing, catalogue=catalogue))


def _without_4k(model: ModelEntry) -> ModelEntry:
    able = model.capabilities.video
    assert able is not None
    less = able.model_copy(update={"resolutions": able.resolutions[:2]})
    capabilities = model.capabilities.model_copy(update={"video": less})
    return model.model_copy(update={"capabilities": capabilities})
