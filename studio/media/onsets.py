"""How strongly something new begins at each moment of a recording (its onset strength).

Spectral flux over bands that are as wide as hearing's: see Bello et al., 'A Tutorial on Onset
Detection in Music Signals', IEEE Transactions on Speech and Audio Processing 13(5), 2005, and
Ellis, 'Beat Tracking by Dynamic Programming', Journal of New Music Research 36(1), 2007, section 3.
"""

import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from studio.media.errors import UndecodableMedia

Samples = NDArray[np.float32]
Envelope = NDArray[np.float64]

ENVELOPE_RATE_HZ: Final = 100
"""Values a second: 10 ms is a quarter of a film frame."""

_WINDOW_SECONDS: Final = 0.046
"""As Ellis' 32 ms, a little longer so that the lowest band of a kick drum has a bin of its own."""

_BANDS: Final = 32
_LOWEST_HZ: Final = 40.0
_HIGHEST_HZ: Final = 8_000.0
_MEL_BREAK_HZ: Final = 700.0
"""The mel scale (O'Shaughnessy 1987): 2595 log10(1 + f / 700)."""

_RANGE: Final = 1_000.0
"""60 dB below the loudest moment of a band's recording everything counts as silence."""

_BLOCK_SECONDS: Final = 10
"""What is held of the samples at once, so that memory grows with the envelope only."""

_SILENCE: Final = 1e-4
"""A recording that never gets above -80 dBFS."""

_SAMPLE_BYTES: Final = 2


def onset_envelope(wav: Path, *, start_seconds: float, seconds_max: float) -> Envelope:
    """Onset strength from `start_seconds` on, ENVELOPE_RATE_HZ values a second, none below 0.

    `wav` is 16-bit PCM as the decoder of uploads writes it. Empty where nothing is to be heard.
    Raises UndecodableMedia for any other file. Blocking.
    """
    loudness = _band_loudness(wav, start_seconds, seconds_max)
    if loudness.size == 0 or loudness.max() < _SILENCE:
        return np.zeros(0)
    levels = np.log1p(_RANGE * loudness / loudness.max())
    flux = np.maximum(np.diff(levels, axis=0, prepend=levels[:1]), 0.0).sum(axis=1)
    return np.asarray(flux, dtype=np.float64)


def _band_loudness(wav: Path, start_seconds: float, seconds_max: float) -> Samples:
    """Magnitude in each band, shape (values, bands); value n is centred on n / rate seconds."""
    with _open(wav) as sound:
        rate = sound.getframerate()
        hop = rate // ENVELOPE_RATE_HZ
        window = np.hanning(int(_WINDOW_SECONDS * rate)).astype(np.float32)
        weights = _band_weights(len(window), rate)
        pieces = [
            _spectra(block, window, hop) @ weights
            for block in _blocks(sound, hop, len(window), start_seconds, seconds_max)
        ]
    return np.concatenate(pieces) if pieces else np.zeros((0, _BANDS), np.float32)


def _open(wav: Path) -> wave.Wave_read:
    try:
        sound = wave.open(str(wav), "rb")  # noqa: SIM115  the caller closes it
    except (wave.Error, EOFError) as error:
        raise UndecodableMedia("The sound is no WAV file.") from error
    if sound.getsampwidth() != _SAMPLE_BYTES or sound.getframerate() < 2 * _HIGHEST_HZ:
        sound.close()
        raise UndecodableMedia("The sound is not as the decoder writes it.")
    return sound


def _blocks(
    sound: wave.Wave_read, hop: int, window: int, start_seconds: float, seconds_max: float
) -> Iterator[Samples]:
    """Mono samples, each block beginning where the last one's hops end."""
    rate = sound.getframerate()
    start = min(int(start_seconds * rate), sound.getnframes())
    left = min(sound.getnframes() - start, int(seconds_max * rate))
    sound.setpos(start)
    kept = np.zeros(window // 2, np.float32)
    while left > 0:
        count = min(left, _BLOCK_SECONDS * rate)
        left -= count
        block = np.concatenate([kept, _mono(sound, count)])
        if left == 0:
            block = np.concatenate([block, np.zeros(window // 2, np.float32)])
        yield block
        hops = (len(block) - window) // hop + 1
        kept = block[max(hops, 0) * hop :]


def _mono(sound: wave.Wave_read, count: int) -> Samples:
    raw = np.frombuffer(sound.readframes(count), dtype="<i2")
    channels = sound.getnchannels()
    mixed = raw.reshape(-1, channels).mean(axis=1, dtype=np.float32)
    return np.asarray(mixed / 32768.0, dtype=np.float32)


def _spectra(block: Samples, window: Samples, hop: int) -> Samples:
    if len(block) < len(window):
        return np.zeros((0, len(window) // 2 + 1), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(block, len(window))[::hop]
    spectra = np.abs(np.fft.rfft(frames * window, axis=1)) * (2.0 / window.sum())
    return np.asarray(spectra, dtype=np.float32)


def _band_weights(window: int, rate: int) -> Samples:
    """Triangles that overlap by half, evenly spaced in mel; shape (bins, bands)."""
    mels = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), _BANDS + 2)
    edges = _MEL_BREAK_HZ * (10 ** (mels / 2595.0) - 1.0)
    bins = np.fft.rfftfreq(window, 1.0 / rate)[:, None]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), dtype=np.float32)


def _mel(hertz: float) -> float:
    return float(2595.0 * np.log10(1.0 + hertz / _MEL_BREAK_HZ))
