"""JSON documents that a render keeps in storage between its stages."""

from studio.contracts.assets import AssetKind
from studio.contracts.base import Payload


class AssetNote(Payload):
    """What was found in one upload. Labels and purposes of the caller win over guesses.

    `palette` holds up to five dominant colours as `#rrggbb`; `text` what a document says;
    `still_key` a picture of it (the image itself re-encoded, or a frame of a video).
    """

    index: int
    kind: AssetKind
    filename: str
    label: str = ""
    purpose: str = ""
    description: str = ""
    palette: tuple[str, ...] = ()
    text: str = ""
    still_key: str | None = None
    audio_key: str | None = None
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    loudness_lufs: float | None = None


class AssetReport(Payload):
    notes: tuple[AssetNote, ...] = ()


class ShotScript(Payload):
    """One planned shot: what is seen, how the camera moves, which uploads it shows."""

    index: int
    title: str
    description: str
    camera_move: str
    palette: tuple[str, ...] = ()
    reference_indices: tuple[int, ...] = ()


class ScreenplayDocument(Payload):
    title: str
    style: str
    shots: tuple[ShotScript, ...]
