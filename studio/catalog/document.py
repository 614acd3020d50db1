"""The public shape of the catalogue: what `GET /models` answers."""

from datetime import date

from studio.catalog.models import Alias, Capabilities, Lifecycle, Role, StartingPoint, StylePreset
from studio.catalog.prices import PriceTable
from studio.contracts import limits
from studio.contracts.base import Payload


class ModelPrice(Payload):
    """What a model costs in one role. `credits` is keyed by resolution, or by what is counted.

    `unit` is what the credits are for: `render`, `shot`, `second` (filmed) or `track`; `source`
    where the price comes from.
    """

    role: Role
    unit: str
    credits: dict[str, int]
    source: str


class ServedBy(Payload):
    """The model that does the work in one role; None where a request for it is refused."""

    role: Role
    model: str | None


class OfferDocument(Payload):
    """One provider's way to a model. `provider_model` is null where a setting carries the id.

    `settings` make it real; `configured` says whether they do. `jobs_max` is how many jobs of one
    render the provider is given at once.
    """

    provider: str
    provider_model: str | None
    settings: tuple[str, ...]
    configured: bool
    jobs_max: int | None
    released: date | None
    ends: date | None
    source: str


class ModelDocument(Payload):
    """One model. `configured` says whether the model itself, not a stand-in, can be called.

    `provider` is the one that does the work, or would. `missing_settings` are the settings that
    keep its first offer from that; none are named where only the provider's adapter is missing
    from this installation. `ended`: the successor serves it.
    """

    id: str
    title: str
    roles: tuple[Role, ...]
    aliases: tuple[Alias, ...]
    provider: str
    offers: tuple[OfferDocument, ...]
    capabilities: Capabilities
    prices: tuple[ModelPrice, ...]
    lifecycle: Lifecycle
    ended: bool
    configured: bool
    missing_settings: tuple[str, ...]
    served_by: tuple[ServedBy, ...]
    source: str


class RequestLimits(Payload):
    """The limits of a render request, in the units their names end with."""

    shot_count_min: int = limits.SHOT_COUNT_MIN
    shot_count_max: int = limits.SHOT_COUNT_MAX
    scene_target_duration_seconds_min: int = limits.FILM_DURATION_SECONDS_MIN
    scene_target_duration_seconds_max: int = limits.FILM_DURATION_SECONDS_MAX
    shot_duration_seconds_min: int = limits.SHOT_DURATION_SECONDS_MIN
    music_duration_seconds_min: int = limits.MUSIC_DURATION_SECONDS_MIN
    music_duration_seconds_max: int = limits.MUSIC_DURATION_SECONDS_MAX
    wait_for_completion_seconds_max: int = limits.WAIT_SECONDS_MAX
    name_characters_max: int = limits.NAME_LENGTH_MAX
    brief_characters_max: int = limits.BRIEF_LENGTH_MAX
    style_characters_max: int = limits.STYLE_LENGTH_MAX
    upload_files_max: int = limits.UPLOAD_FILES_MAX
    upload_file_bytes_max: int = limits.UPLOAD_FILE_BYTES_MAX
    upload_total_bytes_max: int = limits.UPLOAD_TOTAL_BYTES_MAX
    request_json_bytes_max: int = limits.REQUEST_JSON_BYTES_MAX


class CatalogueDocument(Payload):
    """Models, style presets, prices and limits, as they hold on this server."""

    models: tuple[ModelDocument, ...]
    styles: tuple[StylePreset, ...]
    defaults: StartingPoint
    price_version: str
    prices: PriceTable
    limits: RequestLimits
