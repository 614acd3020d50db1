"""Where every shot lies in the film, in frames and in samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from studio.contracts.plan import ShotTiming, overlap_frames_max
from studio.media.encoding import samples_of
from studio.media.errors import MediaError


@dataclass(frozen=True)
class Timeline:
    """`clip_frames` in film order; `overlap_frames[i]` are shared by clip i and i + 1 (0: a cut).

    Positions count from 0. Raises MediaError where an overlap is longer than it may be.
    """

    clip_frames: tuple[int, ...]
    overlap_frames: tuple[int, ...]
    frames_per_second: int

    def __post_init__(self) -> None:
        if not self.clip_frames or len(self.overlap_frames) != len(self.clip_frames) - 1:
            raise MediaError("A film needs at least one clip, and an overlap for each pair.")
        for index, overlap in enumerate(self.overlap_frames):
            before, after = self.clip_frames[index : index + 2]
            if not 0 <= overlap <= overlap_frames_max(before, after, self.frames_per_second):
                raise MediaError(
                    f"Clips {index + 1} and {index + 2} cannot share {overlap} frames."
                )

    @staticmethod
    def of(shots: Sequence[ShotTiming], frames_per_second: int) -> "Timeline":
        """The timeline of planned shots. Where a neighbour is missing, overlaps get shorter."""
        frames = tuple(shot.frames for shot in shots)
        overlaps = tuple(
            min(shot.overlap_frames, overlap_frames_max(before, after, frames_per_second))
            for shot, (before, after) in zip(shots, pairwise(frames), strict=False)
        )
        return Timeline(frames, overlaps, frames_per_second)

    @property
    def frames(self) -> int:
        return sum(self.clip_frames) - sum(self.overlap_frames)

    @property
    def seconds(self) -> float:
        return self.frames / self.frames_per_second

    @property
    def samples(self) -> int:
        return samples_of(self.frames, self.frames_per_second)

    @cached_property
    def start_frames(self) -> tuple[int, ...]:
        """The film's frame at which each clip begins, under the end of the one before."""
        pairs = zip(self.clip_frames, self.overlap_frames, strict=False)
        return tuple(accumulate((frames - overlap for frames, overlap in pairs), initial=0))

    def head(self, index: int) -> int:
        """The frames that a clip shares with the one before."""
        return self.overlap_frames[index - 1] if index else 0

    def tail(self, index: int) -> int:
        """The frames that a clip shares with the next one."""
        return self.overlap_frames[index] if index < len(self.overlap_frames) else 0

    def start_sample(self, index: int) -> int:
        """Rounded from the film's start, so that rounding never adds up."""
        return samples_of(self.start_frames[index], self.frames_per_second)

    def end_sample(self, index: int) -> int:
        end = self.start_frames[index] + self.clip_frames[index]
        return samples_of(end, self.frames_per_second)

    def split_frames(self, index: int) -> tuple[int, ...]:
        """Where a clip is cut apart, in its own frames: these must be keyframes."""
        return split_frames(self.clip_frames[index], self.head(index), self.tail(index))


def split_frames(frames: int, head: int, tail: int) -> tuple[int, ...]:
    """Where a clip of `frames` is cut apart that shares `head` and `tail` frames with others."""
    return (*((head,) if head else ()), *((frames - tail,) if tail else ()))
