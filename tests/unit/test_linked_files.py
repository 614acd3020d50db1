"""Every file of a snapshot is linked by a status, and none of them where none may be."""

from collections.abc import Iterator

from studio.contracts.base import Payload
from studio.contracts.status import ClipSnapshot, RenderSnapshot, Stage, VoiceBrief


def named_files(kind: type[Payload]) -> Iterator[str]:
    """The fields of a contract that have a storage key in them."""
    yield from (name for name in kind.model_fields if name.endswith("_key"))


CLIP = ClipSnapshot(index=0).model_copy(
    update={name: f"clip/{name}" for name in named_files(ClipSnapshot)}
)
SNAPSHOT = RenderSnapshot(
    clips=(CLIP,), voice_briefs=(VoiceBrief(stage=Stage.INPUT, audio_key="brief/audio_key"),)
).model_copy(update={name: f"film/{name}" for name in named_files(RenderSnapshot)})
FILES = {
    *(f"film/{name}" for name in named_files(RenderSnapshot)),
    *(f"clip/{name}" for name in named_files(ClipSnapshot)),
    "brief/audio_key",
}


def test_every_key_of_a_snapshot_counts_as_linked() -> None:
    assert set(SNAPSHOT.linked_keys()) == FILES
    assert len(FILES) >= 8


def test_a_snapshot_without_its_files_links_nothing_and_keeps_the_rest() -> None:
    bare = SNAPSHOT.without_files()
    assert list(bare.linked_keys()) == []
    assert [clip.index for clip in bare.clips] == [0]
    assert '_key":"' not in bare.model_dump_json()
