"""The baseline: one plain filter graph, as anyone would write it who knows the pitfalls.

It conforms, joins and normalises the loudness in one go. Nothing is measured on its result, and it
can only begin when the last clip has landed.
"""

from collections.abc import Sequence
from pathlib import Path

from bench.join_clips import CLIP_SECONDS, ClipSpec
from bench.join_work import CLIP_FRAMES, FPS, SIZE
from studio.media.encoding import video_arguments
from studio.media.ffmpeg import ffmpeg_binary
from studio.media.mastering import AAC_BITRATE, LOUDNESS_LUFS, TRUE_PEAK_DBTP_MAX

FIT = (
    "scale={0}:{1}:force_original_aspect_ratio=decrease:force_divisible_by=2,"
    "pad={0}:{1}:(ow-iw)/2:(oh-ih)/2,setsar=1,fps={2},format=yuv420p,"
    "tpad=stop=-1:stop_mode=clone,trim=end_frame={3},setpts=PTS-STARTPTS"
)
LEVEL = "aresample=48000,aformat=sample_fmts=fltp:channel_layouts=stereo"


def plain_command(clips: Sequence[Path], specs: Sequence[ClipSpec], film: Path) -> list[str]:
    """An ffmpeg command with its own default number of threads."""
    inputs: list[str] = []
    graph: list[str] = []
    fit = FIT.format(*SIZE, FPS, CLIP_FRAMES)
    for index, (clip, spec) in enumerate(zip(clips, specs, strict=True)):
        inputs += ["-i", str(clip)]
        graph.append(f"[{index}:v]{fit}[v{index}]")
        sound = f"[{index}:a]" if spec.sound_seconds is not None else "anullsrc=r=48000:cl=stereo,"
        graph.append(f"{sound}{LEVEL},apad,atrim=end={CLIP_SECONDS},asetpts=PTS-STARTPTS[a{index}]")
    pairs = "".join(f"[v{index}][a{index}]" for index in range(len(clips)))
    loudness = f"loudnorm=I={LOUDNESS_LUFS:g}:TP={TRUE_PEAK_DBTP_MAX:g}:LRA=11,aresample=48000"
    graph.append(f"{pairs}concat=n={len(clips)}:v=1:a=1[v][joined];[joined]{loudness}[a]")
    return [
        *(ffmpeg_binary(), "-nostdin", "-y", "-loglevel", "error", *inputs),
        *("-filter_complex", ";".join(graph), "-map", "[v]", "-map", "[a]"),
        *(*video_arguments(FPS), "-c:a", "aac", "-b:a", AAC_BITRATE),
        *("-movflags", "+faststart", str(film)),
    ]
