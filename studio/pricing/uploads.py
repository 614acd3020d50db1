"""What freezing a plan needs to know of a request's uploads."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class UploadFacts:
    """`filenames` are the uploads' own names. `known` is False where there are no uploads yet.

    `first_audio_duration_seconds` is None where there is no audio, or its length was not measured.
    `fetched` is False where the files are named but not there yet: then `unsure_count` of them may
    be of any kind, audio among them, and the others are of the kind that their names promise.
    """

    filenames: tuple[str, ...] = ()
    audio_count: int = 0
    first_audio_duration_seconds: float | None = None
    image_count: int = 0
    video_count: int = 0
    document_count: int = 0
    known: bool = True
    fetched: bool = True
    unsure_count: int = 0

    @classmethod
    def unknown(cls) -> Self:
        """An estimate's: uploads may come with the render. What they decide is only a warning."""
        return cls(known=False)

    @property
    def may_have_audio(self) -> bool:
        return self.audio_count > 0 or self.unsure_count > 0 or not self.known

    @property
    def may_have_images(self) -> bool:
        return self.image_count > 0 or self.unsure_count > 0 or not self.known


def base_name(filename: str) -> str:
    """The part after the last slash of either kind, in NFC: callers send names of any system."""
    return unicodedata.normalize("NFC", re.split(r"[/\\]", filename.strip())[-1])
