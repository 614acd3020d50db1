"""Processor time from clips that land to a film that is measured, beside one plain filter graph.

In: each clip's normalisation as it lands, the join, the mix, the master, and the measurement of the
film. Out, and told apart in the details: what the plain graph makes none of, which is each clip's
preview and thumbnail and the film's poster. Storage is in neither. Modules are loaded beforehand.
"""

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

from pydantic import JsonValue

from bench.errors import MeasurementFailed
from bench.join_clips import ALIKE, CLIP_SECONDS, SETS, ClipSpec, make_clips
from bench.join_judge import Judgement, judge
from bench.join_plain import plain_command
from bench.join_work import FPS, Spent
from bench.meters import PeakWatch, children_of, resident_bytes
from bench.options import Options
from bench.result import Finding, Row, rounded, show
from studio.contracts.limits import MEBIBYTE
from studio.media.mastering import LOUDNESS_LUFS, LOUDNESS_TOLERANCE_LU, TRUE_PEAK_DBTP_MAX

NAME: Final = "join"
UNIT: Final = "CPU s"
ROUNDS: Final = 3
RATIO_MAX: Final = 1.05
DRIFT_MS_MAX: Final = 1000 / FPS
AFTER_LAST_CLIP_SECONDS_MAX: Final = 6.0
MEMORY_SHOTS: Final = (3, 64)
MEMORY_SHOTS_QUICK: Final = (3, 8)
MEMORY_GROWTH_MEBIBYTES_MAX: Final = 16
QUICK_CLIPS: Final = 3
LOOK_SECONDS: Final = 0.02


@dataclass(frozen=True)
class Measured:
    """One set: every round's spending, and what the last round's two films are like."""

    spent: list[Spent]
    plain_cpu_seconds: list[float]
    film: Judgement
    plain_film: Judgement
    film_seconds: float

    @property
    def cpu_seconds(self) -> float:
        return median(one.normalise + one.join for one in self.spent)

    @property
    def baseline(self) -> float:
        return median(self.plain_cpu_seconds)

    @property
    def ratio(self) -> float:
        return self.cpu_seconds / self.baseline


def run(options: Options) -> Finding:
    rounds = 1 if options.quick else ROUNDS
    with tempfile.TemporaryDirectory(prefix="fvs-bench-") as folder:
        sets = {}
        for name, specs in SETS.items():
            options.say(f"Set {name}: {rounds} rounds of both ways")
            chosen = specs[:QUICK_CLIPS] if options.quick else specs
            sets[name] = _measure(Path(folder) / name, chosen, rounds)
        memory = _memories(Path(folder), MEMORY_SHOTS_QUICK if options.quick else MEMORY_SHOTS)
    _show(options, sets, memory)
    worst = max(sets.values(), key=lambda measured: measured.ratio)
    details: dict[str, JsonValue] = {
        **{name: _details(measured) for name, measured in sets.items()},
        "memory_mebibytes": {str(shots): rounded(mebibytes) for shots, mebibytes in memory.items()},
        "memory_growth": _held(
            _growth(memory),
            MEMORY_GROWTH_MEBIBYTES_MAX,
            _growth(memory) <= MEMORY_GROWTH_MEBIBYTES_MAX,
        ),
        "counted": "normalising each clip, join, mix, master, measuring the film",
        "not_counted": "previews, thumbnails and poster (see each set), storage, loading modules",
        "rounds": rounds,
    }
    return Finding(
        NAME,
        rounded(worst.cpu_seconds),
        UNIT,
        rounded(worst.baseline),
        rounded(worst.ratio),
        details,
    )


def _measure(folder: Path, specs: Sequence[ClipSpec], rounds: int) -> Measured:
    folder.mkdir()
    landed = make_clips(folder, specs)
    plain, film = folder / "plain.mp4", folder / "film.mp4"
    spent, plain_cpu = [], []
    for _ in range(rounds):
        plain_cpu.append(_cpu_of(plain_command(landed, specs, plain)))
        spent.append(_work("film", folder, *landed)[0])
    return Measured(
        spent, plain_cpu, judge(film, specs), judge(plain, specs), len(specs) * CLIP_SECONDS
    )


def _cpu_of(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if subprocess.run(command, check=False, capture_output=True).returncode != 0:
        raise MeasurementFailed("The plain filter graph failed.")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _work(task: str, folder: Path, *arguments: Path | int) -> tuple[Spent, int]:
    """Run the product's way in a process of its own; what it spent, and its tree's peak memory."""
    command = [sys.executable, "-m", "bench.join_work", task, str(folder), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        watch = PeakWatch(lambda: _tree_bytes(process.pid), every_seconds=LOOK_SECONDS)
        with watch:
            output, _ = process.communicate()
    if process.returncode != 0:
        raise MeasurementFailed(f"bench.join_work {task} ended with {process.returncode}.")
    spent = Spent(**json.loads(output))
    if not spent.passed:
        raise MeasurementFailed("The film does not meet its own checks.")
    return spent, watch.peak


def _memories(folder: Path, shots: Sequence[int]) -> dict[int, float]:
    """The most memory in MiB that a join of so many shots takes, all processes together."""
    work = folder / "memory"
    work.mkdir()
    landed = make_clips(work, [ALIKE])
    _work("film", work, *landed)
    return {
        count: _work("memory", work, work / "clip-0.mov", count)[1] / MEBIBYTE for count in shots
    }


def _tree_bytes(pid: int) -> int:
    """What they have in memory now; they may end in the middle of a look."""
    try:
        return sum(map(resident_bytes, (pid, *children_of(pid))))
    except OSError:
        return 0


def _growth(memory: dict[int, float]) -> float:
    few, many = memory.values()
    return many - few


def _details(measured: Measured) -> dict[str, JsonValue]:
    film, plain = measured.film, measured.plain_film
    lengths = (film.video_seconds, film.audio_seconds)
    length = max(lengths, key=lambda seconds: abs(seconds - measured.film_seconds))
    loudness = film.loudness_lufs if film.loudness_lufs is not None else float("-inf")
    peak = film.true_peak_dbtp if film.true_peak_dbtp is not None else float("-inf")
    after = median(one.after_last_clip_seconds for one in measured.spent)
    extras = median(one.previews + one.poster for one in measured.spent)
    return {
        "ratio": _held(measured.ratio, RATIO_MAX, measured.ratio <= RATIO_MAX),
        "drift_ms": _held(film.last_drift_ms, DRIFT_MS_MAX, film.last_drift_ms <= DRIFT_MS_MAX),
        "worst_drift_ms": _held(
            film.worst_drift_ms, DRIFT_MS_MAX, film.worst_drift_ms <= DRIFT_MS_MAX
        ),
        "length_seconds": _held(
            length, measured.film_seconds, abs(length - measured.film_seconds) <= 1 / FPS
        ),
        "loudness_lufs": _held(
            loudness, LOUDNESS_LUFS, abs(loudness - LOUDNESS_LUFS) <= LOUDNESS_TOLERANCE_LU
        ),
        "true_peak_dbtp": _held(peak, TRUE_PEAK_DBTP_MAX, peak <= TRUE_PEAK_DBTP_MAX),
        "after_last_clip_seconds": _held(
            after, AFTER_LAST_CLIP_SECONDS_MAX, after <= AFTER_LAST_CLIP_SECONDS_MAX
        ),
        "cpu_seconds": rounded(measured.cpu_seconds),
        "baseline_cpu_seconds": rounded(measured.baseline),
        "previews_thumbnails_poster_cpu_seconds": rounded(extras),
        "ratio_with_them": rounded((measured.cpu_seconds + extras) / measured.baseline),
        "rounds": [
            {
                name: value if isinstance(value, bool) else rounded(value)
                for name, value in one.items()
            }
            for one in map(asdict, measured.spent)
        ],
        "baseline_rounds": [rounded(seconds) for seconds in measured.plain_cpu_seconds],
        "baseline_film": {
            "drift_ms": plain.last_drift_ms,
            "loudness_lufs": plain.loudness_lufs,
            "true_peak_dbtp": plain.true_peak_dbtp,
        },
    }


def _held(value: float, target: float, met: bool) -> JsonValue:  # noqa: FBT001  read by name
    return {"value": rounded(value), "target": rounded(target), "met": met}


def _show(options: Options, sets: dict[str, Measured], memory: dict[int, float]) -> None:
    rows = []
    for name, measured in sets.items():
        cpu, baseline = f"{measured.cpu_seconds:.1f}", f"{measured.baseline:.1f}"
        rows.append(Row(f"set {name}: CPU s", cpu, baseline, f"{measured.ratio:.2f}"))
        film, plain = measured.film, measured.plain_film
        rows.append(
            Row(f"set {name}: drift, ms", f"{film.worst_drift_ms:g}", f"{plain.worst_drift_ms:g}")
        )
        rows.append(
            Row(f"set {name}: loudness, LUFS", f"{film.loudness_lufs}", f"{plain.loudness_lufs}")
        )
        rows.append(
            Row(f"set {name}: true peak, dBTP", f"{film.true_peak_dbtp}", f"{plain.true_peak_dbtp}")
        )
        after = median(one.after_last_clip_seconds for one in measured.spent)
        rows.append(Row(f"set {name}: s after the last clip", f"{after:.1f}"))
    rows += [Row(f"memory, {shots} shots, MiB", f"{most:.0f}") for shots, most in memory.items()]
    show(options.console, "From clips to a film, beside one plain filter graph", rows)
