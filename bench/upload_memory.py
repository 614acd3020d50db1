"""How much memory the gateway takes while a file of the largest size is uploaded."""

import json
import wave
from pathlib import Path
from typing import Final

import httpx2

from bench.errors import MeasurementFailed
from bench.meters import (
    PeakWatch,
    children_of,
    peak_resident_bytes,
    reset_peak,
    resident_bytes,
)
from bench.options import Options
from bench.place import a_place
from bench.result import Finding, Row, rounded, show
from bench.service import FILM, Service, a_caller, a_service
from studio.contracts.limits import MEBIBYTE, UPLOAD_FILE_BYTES_MAX

NAME: Final = "upload-memory"
UNIT: Final = "MiB above idle"
TARGET_MEBIBYTES: Final = 64
UPLOADS: Final = 3
HEADER_BYTES: Final = 44
"""Of a WAV file with one format and one data chunk."""
FRAME_BYTES: Final = 4
BLOCK_FRAMES: Final = 256 * 1024
LOOK_SECONDS: Final = 0.01


def run(options: Options) -> Finding:
    """Upload, watch the kernel's own peak of the gateway, and of the decoding child beside it."""
    with a_place(options.say) as place, a_service(place, "upload") as service:
        sound = place.root / "sound.wav"
        _write_sound(sound)
        with a_caller() as client:
            service.submit(client)  # everything is imported and warm
            idle = resident_bytes(service.process.pid)
            count = 1 if options.quick else UPLOADS
            peaks = [_peaks(service, client, sound) for _ in range(count)]
    above = max(peak for peak, _ in peaks) - idle
    child = max(peak for _, peak in peaks)
    show(
        options.console,
        "Memory of the gateway while 100 MiB are uploaded",
        [
            Row("idle", _mebibytes(idle)),
            Row("peak above idle", _mebibytes(above), f"≤ {TARGET_MEBIBYTES} MiB"),
            Row("the decoding child's own peak", _mebibytes(child)),
        ],
    )
    return Finding(
        NAME,
        rounded(above / MEBIBYTE),
        UNIT,
        baseline=rounded(idle / MEBIBYTE),
        ratio=rounded(above / idle),
        details={
            "file_bytes": UPLOAD_FILE_BYTES_MAX,
            "uploads": len(peaks),
            "target_mebibytes_max": TARGET_MEBIBYTES,
            "target_met": above <= TARGET_MEBIBYTES * MEBIBYTE,
            "child_peak_mebibytes": rounded(child / MEBIBYTE),
        },
    )


def _peaks(service: Service, client: httpx2.Client, sound: Path) -> tuple[int, int]:
    """Peak resident bytes of the gateway, and of the largest child that it started."""
    pid = service.process.pid
    reset_peak(pid)
    child = PeakWatch(lambda: _largest_child(pid), every_seconds=LOOK_SECONDS)
    with child, sound.open("rb") as content:
        answer = client.post(
            f"{service.base_url}/api/agent/renders",
            headers=service.headers,
            data={"request_json": _request()},
            files={"files": ("sound.wav", content)},
        )
    if answer.status_code != httpx2.codes.CREATED:
        raise MeasurementFailed(f"The upload was refused: {answer.text}")
    return peak_resident_bytes(pid), child.peak


def _largest_child(pid: int) -> int:
    """The largest peak among the children that run now; they may end in the middle of a look."""
    try:
        return max((peak_resident_bytes(child) for child in children_of(pid)), default=0)
    except OSError:
        return 0


def _request() -> str:
    return json.dumps({**FILM, "use_first_audio_asset_as_music": True})


def _write_sound(path: Path) -> None:
    """A WAV file of exactly the largest size: quiet noise, so that nothing compresses away."""
    import numpy as np

    frames = (UPLOAD_FILE_BYTES_MAX - HEADER_BYTES) // FRAME_BYTES
    noise = np.random.default_rng(1)
    with wave.open(str(path), "wb") as sound:
        sound.setparams((2, 2, 48_000, 0, "NONE", ""))
        for begin in range(0, frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, frames - begin)
            block = noise.integers(-2000, 2000, size=(count, 2), dtype=np.int16)
            sound.writeframes(block.tobytes())


def _mebibytes(size_bytes: int) -> str:
    return f"{size_bytes / MEBIBYTE:.1f} MiB"
