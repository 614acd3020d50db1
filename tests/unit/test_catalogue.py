import pytest

from studio.catalog.catalogue import Catalogue, Unconfigured, load_catalogue
from studio.catalog.errors import ModelNotConfigured, UnknownModel, UnknownStyle
from studio.catalog.models import Role
from studio.contracts.defaults import AccountDefaults
from studio.contracts.plan import ModelChoice
from tests.pricing_scenes import EVERY_ADAPTER, EVERY_SETTING, NOTHING

VEO = "veo-3.1-fast-generate-001"
OMNI = [(Role.IMAGE, "gemini-omni-flash-image"), (Role.VIDEO, "gemini-omni-flash-video")]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def resolve(
    catalogue: Catalogue,
    role: Role,
    model_id: str,
    *,
    configured: frozenset[str] = NOTHING,
    adapters: frozenset[str] = NOTHING,
    unconfigured: Unconfigured = "refuse",
) -> ModelChoice:
    return catalogue.resolve(
        role, model_id, configured=configured, adapters=adapters, unconfigured=unconfigured
    )


def test_a_configured_model_serves_itself(catalogue: Catalogue) -> None:
    choice = resolve(catalogue, Role.VIDEO, VEO, configured=EVERY_SETTING, adapters=EVERY_ADAPTER)
    assert choice == ModelChoice(requested=VEO, used=VEO, provider="google")


def test_a_local_model_can_be_asked_for_by_its_id(catalogue: Catalogue) -> None:
    choice = resolve(catalogue, Role.VIDEO, "local-animatic")
    assert choice == ModelChoice(
        requested="local-animatic", used="local-animatic", provider="local"
    )


def test_a_stand_in_works_where_the_server_allows_it(catalogue: Catalogue) -> None:
    choice = resolve(catalogue, Role.VIDEO, VEO, unconfigured="local")
    assert choice == ModelChoice(requested=VEO, used="local-animatic", provider="local")


def test_an_unconfigured_model_is_refused_by_the_name_of_its_setting(catalogue: Catalogue) -> None:
    with pytest.raises(ModelNotConfigured, match="FVS_GOOGLE_PROJECT must be set") as refused:
        resolve(catalogue, Role.VIDEO, VEO, adapters=EVERY_ADAPTER)
    assert refused.value.missing_settings == ("FVS_GOOGLE_PROJECT",)
    assert "local-animatic" in refused.value.detail


def test_a_key_without_an_adapter_does_not_make_a_model_configured(catalogue: Catalogue) -> None:
    with pytest.raises(ModelNotConfigured, match=r"no adapter for its provider \(google\)"):
        resolve(catalogue, Role.VIDEO, VEO, configured=EVERY_SETTING, adapters=frozenset({"fal"}))


def test_a_retired_preview_id_is_served_by_its_successor(catalogue: Catalogue) -> None:
    choice = resolve(
        catalogue,
        Role.IMAGE,
        "gemini-3-pro-image-preview",
        configured=EVERY_SETTING,
        adapters=EVERY_ADAPTER,
    )
    assert choice.requested == "gemini-3-pro-image-preview"
    assert choice.used == "gemini-3-pro-image"


@pytest.mark.requirement("MODEL-2")
def test_the_legacy_flash_preview_is_normalised_forward(catalogue: Catalogue) -> None:
    assert catalogue.legacy_successor("gemini-3-flash-preview") == "gemini-3.5-flash"
    choice = resolve(
        catalogue,
        Role.CRITIC,
        "gemini-3-flash-preview",
        configured=EVERY_SETTING,
        adapters=EVERY_ADAPTER,
    )
    assert choice.used == "gemini-3.5-flash"


@pytest.mark.requirement("MODEL-5")
@pytest.mark.parametrize("unconfigured", ["refuse", "local"])
@pytest.mark.parametrize(("role", "model_id"), OMNI)
def test_omni_flash_is_recognised_and_refused_until_its_backend_id_is_set(
    catalogue: Catalogue, role: Role, model_id: str, unconfigured: Unconfigured
) -> None:
    assert model_id in catalogue.known_ids(role)
    with pytest.raises(ModelNotConfigured, match=f"FVS_OMNI_{role.name}_MODEL_ID must be set"):
        resolve(
            catalogue,
            role,
            model_id,
            configured=frozenset({"FVS_GOOGLE_API_KEY"}),
            adapters=EVERY_ADAPTER,
            unconfigured=unconfigured,
        )


@pytest.mark.parametrize(("role", "model_id"), OMNI)
def test_omni_flash_is_served_once_its_backend_id_is_set(
    catalogue: Catalogue, role: Role, model_id: str
) -> None:
    choice = resolve(catalogue, role, model_id, configured=EVERY_SETTING, adapters=EVERY_ADAPTER)
    assert choice.used == model_id


def test_an_unknown_model_lists_the_known_ones_of_its_role(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownModel) as refused:
        resolve(catalogue, Role.VIDEO, "veo-3.1-fast-generate-01")
    assert f"Did you mean {VEO}?" in refused.value.detail
    assert refused.value.known == catalogue.known_ids(Role.VIDEO)
    assert "kling-v3-pro-image-to-video" in refused.value.detail
    assert "lyria-3.5" not in refused.value.detail


def test_a_model_of_another_role_is_refused_with_what_it_is(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownModel, match=r"lyria-3\.5 is a music model"):
        resolve(catalogue, Role.VIDEO, "lyria-3.5")


def test_every_stand_in_is_a_local_model_of_the_same_role(catalogue: Catalogue) -> None:
    for model in catalogue.models():
        for role, stand_in in model.stand_ins.items():
            assert resolve(catalogue, role, stand_in).provider == "local"


def test_the_defaults_of_a_new_account_are_in_the_catalogue(catalogue: Catalogue) -> None:
    defaults = AccountDefaults()
    by_role = {
        Role.TEXT: defaults.orchestrator_model,
        Role.CRITIC: defaults.critic_model,
        Role.IMAGE: defaults.image_model,
        Role.VIDEO: defaults.video_model,
        Role.MUSIC: defaults.music_model,
    }
    for role, model_id in by_role.items():
        assert model_id in catalogue.known_ids(role)
    assert catalogue.style(defaults.visual_style_preset).id == "realistic_cinematic"


def test_there_are_at_least_twelve_styles_and_an_unknown_one_lists_them(
    catalogue: Catalogue,
) -> None:
    assert len(catalogue.styles()) >= 12
    with pytest.raises(UnknownStyle, match="Did you mean film_noir") as refused:
        catalogue.style("filmnoir")
    assert refused.value.known == tuple(style.id for style in catalogue.styles())


def test_the_public_document_says_who_serves_and_what_it_costs(catalogue: Catalogue) -> None:
    document = catalogue.describe(configured=NOTHING, adapters=NOTHING, unconfigured="local")
    models = {model.id: model for model in document.models}
    veo, omni = models[VEO], models["gemini-omni-flash-video"]
    assert (veo.configured, veo.missing_settings) == (False, ("FVS_GOOGLE_PROJECT",))
    assert [served.model for served in veo.served_by] == ["local-animatic"]
    assert veo.prices[0].model_dump() == {
        "role": "video",
        "unit": "second",
        "credits": {"720p": 15, "1080p": 18, "4k": 45},
    }
    assert [served.model for served in omni.served_by] == [None]
    assert document.price_version == document.prices.version
    assert document.limits.shot_count_max == 64


def test_the_public_document_of_a_strict_server_shows_no_stand_ins(catalogue: Catalogue) -> None:
    document = catalogue.describe(configured=NOTHING, adapters=NOTHING, unconfigured="refuse")
    served = {
        model.id: [by.model for by in model.served_by]
        for model in document.models
        if model.provider != "local"
    }
    assert all(set(models) == {None} for models in served.values())


def test_the_public_document_holds_no_settings_values(catalogue: Catalogue) -> None:
    document = catalogue.describe(
        configured=EVERY_SETTING, adapters=EVERY_ADAPTER, unconfigured="refuse"
    )
    assert all(model.configured for model in document.models)
    assert all(model.missing_settings == () for model in document.models)
