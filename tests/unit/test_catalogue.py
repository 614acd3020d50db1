from datetime import date

import pytest
from pydantic import ValidationError

from runtime.settings import PREFIX, Settings
from studio.catalog.catalogue import Catalogue, load_catalogue
from studio.catalog.description import describe
from studio.catalog.errors import ModelNotConfigured, UnknownModel, UnknownStyle
from studio.catalog.installation import Unconfigured
from studio.catalog.models import Role
from studio.catalog.prices import PriceTable
from studio.contracts.plan import ModelChoice
from tests.pricing_scenes import COMPLETE, DEMO, STRICT, Server

VEO = "veo-3.1-fast-generate-001"
KLING = "kling-v3-pro-image-to-video"
ANIMATIC = "local-animatic"
OMNI = [
    (Role.IMAGE, "gemini-omni-flash-image", "gemini-3.1-flash-image"),
    (Role.VIDEO, "gemini-omni-flash-video", "gemini-omni-1.2-flash"),
]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def resolve(
    role: Role, model_id: str, server: Server = COMPLETE, resolution: str | None = None
) -> ModelChoice:
    return load_catalogue().resolve(
        role, model_id, installation=server.installation, resolution=resolution
    )


def line_of(choice: ModelChoice | None) -> list[tuple[str, str]]:
    """Who works and who takes over, in order: model and provider."""
    return [] if choice is None else [(choice.used, choice.provider), *line_of(choice.successor)]


@pytest.mark.requirement("MODEL-4")
def test_a_configured_model_serves_itself_with_its_providers_id_and_abilities() -> None:
    choice = resolve(Role.VIDEO, VEO)
    assert choice.model_copy(update={"successor": None}) == ModelChoice(
        requested=VEO,
        used=VEO,
        provider="google-cloud",
        provider_model=VEO,
        references=3,
        last_frame=True,
        jobs_max=8,
    )


@pytest.mark.requirement("MODEL-3")
def test_an_image_model_says_how_many_references_it_takes() -> None:
    choice = resolve(Role.IMAGE, "gemini-3-pro-image", resolution="4K")
    assert (choice.provider_model, choice.references) == ("gemini-3-pro-image", 14)


def test_a_local_model_can_be_asked_for_by_its_id() -> None:
    choice = resolve(Role.VIDEO, ANIMATIC, STRICT)
    assert (choice.used, choice.provider, choice.provider_model) == (ANIMATIC, "local", ANIMATIC)


def test_a_stand_in_works_where_the_server_allows_it() -> None:
    choice = resolve(Role.VIDEO, VEO, DEMO)
    assert (choice.requested, line_of(choice)) == (VEO, [(ANIMATIC, "local")])


def test_an_unconfigured_model_is_refused_by_the_names_of_its_settings() -> None:
    server = Server(adapters=COMPLETE.adapters, unconfigured="refuse")
    wanted = "FVS_GOOGLE_PROJECT must be set and FVS_GOOGLE_OUTPUT_URI must be set"
    with pytest.raises(ModelNotConfigured, match=wanted) as refused:
        resolve(Role.VIDEO, VEO, server)
    assert refused.value.missing_settings == ("FVS_GOOGLE_PROJECT", "FVS_GOOGLE_OUTPUT_URI")
    assert ANIMATIC in refused.value.detail


def test_a_key_without_an_adapter_does_not_make_a_model_configured() -> None:
    server = Server(COMPLETE.configured, frozenset({"google"}), "refuse")
    with pytest.raises(ModelNotConfigured, match=r"no adapter for its provider \(google-cloud\)"):
        resolve(Role.VIDEO, VEO, server)


def test_a_model_with_two_offers_names_both_ways_to_configure_it() -> None:
    server = Server(adapters=COMPLETE.adapters, unconfigured="refuse")
    with pytest.raises(ModelNotConfigured) as refused:
        resolve(Role.VIDEO, KLING, server)
    assert "FVS_FAL_KEY must be set, or FVS_KLING_API_KEY must be set" in refused.value.detail


@pytest.mark.parametrize(
    ("settings", "provider", "provider_model", "references"),
    [
        ({"FVS_FAL_KEY"}, "fal", "fal-ai/kling-video/v3/pro/image-to-video", 3),
        ({"FVS_KLING_API_KEY"}, "kling", "kling-3.0", 0),
    ],
)
def test_the_first_offer_that_is_configured_does_the_work(
    settings: set[str], provider: str, provider_model: str, references: int
) -> None:
    server = Server(frozenset(settings), COMPLETE.adapters, "refuse")
    choice = resolve(Role.VIDEO, KLING, server, "1080p")
    assert (choice.provider, choice.provider_model) == (provider, provider_model)
    assert (choice.references, choice.successor) == (references, None)


@pytest.mark.requirement("MODEL-4")
def test_a_resolution_with_an_endpoint_of_its_own_is_filmed_there() -> None:
    choice = resolve(Role.VIDEO, KLING, resolution="4k")
    assert choice.provider_model == "fal-ai/kling-video/v3/4k/image-to-video"


def test_the_other_offer_of_a_model_takes_over_from_the_first() -> None:
    assert line_of(resolve(Role.VIDEO, KLING)) == [(KLING, "fal"), (KLING, "kling")]


def test_the_declared_successor_takes_over_where_it_is_configured() -> None:
    assert line_of(resolve(Role.VIDEO, VEO)) == [
        (VEO, "google-cloud"),
        ("gemini-omni-1.2-flash", "google"),
    ]
    without = Server(COMPLETE.configured - {"FVS_GOOGLE_API_KEY"}, COMPLETE.adapters, "refuse", {})
    assert line_of(resolve(Role.VIDEO, VEO, without)) == [(VEO, "google-cloud")]


@pytest.mark.parametrize(
    ("backend", "heirs"),
    [("gemini-omni-1.1-flash", ["gemini-omni-1.2-flash"]), ("gemini-omni-1.2-flash", [])],
)
def test_a_model_is_not_its_own_successor_under_another_name(
    backend: str, heirs: list[str]
) -> None:
    ids = {"FVS_OMNI_VIDEO_MODEL_ID": backend}
    server = Server(COMPLETE.configured, COMPLETE.adapters, "refuse", ids)
    line = [used for used, _ in line_of(resolve(Role.VIDEO, "gemini-omni-flash-video", server))]
    assert line == ["gemini-omni-flash-video", *heirs]


def test_no_one_takes_over_who_cannot_do_the_same_work(catalogue: Catalogue) -> None:
    models = {model.id: model for model in catalogue.models()}
    omni = models["gemini-omni-1.2-flash"]
    assert omni.capabilities.video is not None
    short = omni.capabilities.video.model_copy(update={"clip_lengths_seconds": (4, 8)})
    models[omni.id] = omni.model_copy(
        update={"capabilities": omni.capabilities.model_copy(update={"video": short})}
    )
    other = Catalogue(models.values(), catalogue.styles(), catalogue.prices, catalogue.defaults)
    choice = other.resolve(Role.VIDEO, VEO, installation=COMPLETE.installation)
    assert line_of(choice) == [(VEO, "google-cloud")]


@pytest.mark.parametrize(
    ("role", "old", "new"),
    [
        (Role.IMAGE, "gemini-3-pro-image-preview", "gemini-3-pro-image"),
        (Role.VIDEO, "veo-3.1-fast-generate-preview", VEO),
        (Role.VIDEO, "veo-3.1-generate-preview", "veo-3.1-generate-001"),
        (Role.VIDEO, "gemini-omni-flash-preview", "gemini-omni-1.1-flash"),
        (Role.VOICE, "gemini-3.1-flash-tts-preview", "gemini-3.8-flash-tts"),
    ],
)
def test_a_retired_preview_id_is_served_by_its_successor(role: Role, old: str, new: str) -> None:
    choice = resolve(role, old)
    assert (choice.requested, choice.used, choice.provider_model) == (old, new, new)


def ending(catalogue: Catalogue, model_id: str, ends: date) -> Catalogue:
    """The catalogue with an end announced for a model."""
    models = [
        model.model_copy(
            update={"lifecycle": model.lifecycle.model_copy(update={"ends": ends})}
            if model.id == model_id
            else {}
        )
        for model in catalogue.models()
    ]
    return Catalogue(models, catalogue.styles(), catalogue.prices, catalogue.defaults)


@pytest.mark.parametrize(("day", "used"), [(16, VEO), (17, "gemini-omni-1.2-flash")])
def test_from_the_day_that_a_model_ends_its_successor_serves_it(
    catalogue: Catalogue, day: int, used: str
) -> None:
    announced = ending(catalogue, VEO, date(2027, 3, 17))
    server = Server(
        COMPLETE.configured, COMPLETE.adapters, "refuse", {}, date(2027, 3, day)
    ).installation
    assert announced.resolve(Role.VIDEO, VEO, installation=server).used == used
    assert announced.living(Role.VIDEO, VEO, server.today).id == used


def test_an_ended_model_whose_successor_has_no_key_names_that_key(catalogue: Catalogue) -> None:
    announced = ending(catalogue, VEO, date(2026, 1, 1))
    with pytest.raises(ModelNotConfigured) as refused:
        announced.resolve(Role.VIDEO, VEO, installation=STRICT.installation)
    assert "gemini-omni-1.2-flash that serves it" in refused.value.detail
    assert refused.value.missing_settings == ("FVS_GOOGLE_API_KEY",)


def test_a_model_may_not_end_without_a_successor(catalogue: Catalogue) -> None:
    with pytest.raises(ValueError, match="nothing succeeds it"):
        ending(catalogue, KLING, date(2027, 1, 1))


@pytest.mark.requirement("MODEL-2")
def test_the_legacy_flash_preview_is_normalised_forward(catalogue: Catalogue) -> None:
    assert catalogue.legacy_successor("gemini-3-flash-preview") == "gemini-3.5-flash"
    assert resolve(Role.CRITIC, "gemini-3-flash-preview").used == "gemini-3.5-flash"


@pytest.mark.requirement("MODEL-5", "MODEL-6")
@pytest.mark.parametrize("unconfigured", ["refuse", "local"])
@pytest.mark.parametrize(("role", "model_id", "_backend"), OMNI)
def test_omni_flash_is_recognised_and_refused_until_its_backend_id_is_set(
    catalogue: Catalogue, role: Role, model_id: str, _backend: str, unconfigured: Unconfigured
) -> None:
    assert model_id in catalogue.known_ids(role)
    server = Server(frozenset({"FVS_GOOGLE_API_KEY"}), COMPLETE.adapters, unconfigured)
    with pytest.raises(ModelNotConfigured, match=f"FVS_OMNI_{role.name}_MODEL_ID must be set"):
        resolve(role, model_id, server)


@pytest.mark.requirement("MODEL-6")
@pytest.mark.parametrize(("role", "model_id", "backend"), OMNI)
def test_omni_flash_is_served_by_its_backend_id_once_that_is_set(
    role: Role, model_id: str, backend: str
) -> None:
    choice = resolve(role, model_id)
    assert (choice.used, choice.provider_model) == (model_id, backend)


@pytest.mark.requirement("MODEL-1")
def test_the_critic_is_gemini_flash_unless_another_is_chosen(catalogue: Catalogue) -> None:
    assert catalogue.defaults.account.critic_model == "gemini-3.5-flash"
    assert resolve(Role.CRITIC, "gemini-3.8-flash").used == "gemini-3.8-flash"


def test_an_unknown_model_lists_the_known_ones_of_its_role_closest_first(
    catalogue: Catalogue,
) -> None:
    with pytest.raises(UnknownModel) as refused:
        resolve(Role.VIDEO, "veo-3.1-fast-generate-01")
    assert refused.value.known[0] == VEO
    assert sorted(refused.value.known) == sorted(catalogue.known_ids(Role.VIDEO))
    assert f"Did you mean {VEO}?" in refused.value.detail
    assert f"Known: {VEO}, " in refused.value.detail
    assert "gemini-3.5-flash" not in refused.value.detail


def test_a_model_of_another_role_is_refused_with_its_own_role() -> None:
    with pytest.raises(UnknownModel, match=r"gemini-3\.5-flash is a text/critic model"):
        resolve(Role.VIDEO, "gemini-3.5-flash")


def test_there_are_at_least_twelve_styles_and_an_unknown_one_lists_them(
    catalogue: Catalogue,
) -> None:
    assert len(catalogue.styles()) >= 12
    with pytest.raises(UnknownStyle, match="Did you mean film_noir") as refused:
        catalogue.style("filmnoir")
    assert refused.value.known[0] == "film_noir"
    assert sorted(refused.value.known) == sorted(style.id for style in catalogue.styles())


def test_every_setting_that_makes_a_model_real_exists(catalogue: Catalogue) -> None:
    needed = {
        name
        for model in catalogue.models()
        for offer in model.offers
        for name in offer.needed_settings
    }
    assert needed <= {PREFIX + name.upper() for name in Settings.model_fields}


def test_every_row_of_the_price_table_has_its_source(catalogue: Catalogue) -> None:
    document = catalogue.prices.model_dump(mode="json")
    del document["sources"]["video_per_second/veo-3.1"]
    with pytest.raises(ValidationError, match=r"video_per_second/veo-3\.1"):
        PriceTable.model_validate(document)


def test_the_public_document_says_who_serves_and_what_it_costs(catalogue: Catalogue) -> None:
    document = describe(catalogue, DEMO.installation)
    models = {model.id: model for model in document.models}
    veo, omni, kling = models[VEO], models["gemini-omni-flash-video"], models[KLING]
    assert not veo.configured
    assert veo.missing_settings == ("FVS_GOOGLE_PROJECT", "FVS_GOOGLE_OUTPUT_URI")
    assert [served.model for served in veo.served_by] == [ANIMATIC]
    assert veo.prices[0].credits == {"720p": 15, "1080p": 18, "4k": 45}
    assert "Veo 3.1 Fast" in veo.prices[0].source
    assert [served.model for served in omni.served_by] == [None]
    assert [offer.provider for offer in kling.offers] == ["fal", "kling"]
    assert document.price_version == document.prices.version
    assert document.limits.shot_count_max == 64


def test_the_public_document_of_a_strict_server_shows_no_stand_ins(catalogue: Catalogue) -> None:
    document = describe(catalogue, STRICT.installation)
    served = {
        model.id: [by.model for by in model.served_by]
        for model in document.models
        if model.provider != "local"
    }
    assert all(set(models) == {None} for models in served.values())


def test_the_public_document_holds_no_settings_values(catalogue: Catalogue) -> None:
    ids = {"FVS_OMNI_VIDEO_MODEL_ID": "our-own-tuned-model"}
    server = Server(COMPLETE.configured, COMPLETE.adapters, "refuse", ids)
    document = describe(catalogue, server.installation)
    omni = next(model for model in document.models if model.id == "gemini-omni-flash-video")
    assert omni.configured
    assert "our-own-tuned-model" not in document.model_dump_json()
    complete = describe(catalogue, COMPLETE.installation)
    assert all(model.configured for model in complete.models)
    assert all(model.missing_settings == () for model in complete.models)
