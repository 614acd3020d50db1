"""The speaking child process: text on stdin; a WAV file's path, rate and pitch as arguments.

espeak-ng is under the GPL; it is loaded here and nowhere else, so that it stays a program of its
own. Run it as `python -m studio.providers.local.speak_child DESTINATION RATE PITCH`, the rate in
words a minute and the pitch from 0 to 99 (50 is espeak's own). It imports nothing of the studio,
so it also runs as a plain file.

The C interface is `espeak-ng/speak_lib.h` of espeak-ng 1.52.
"""

import ctypes
import sys
import wave

import espeakng_loader

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_CHARS_UTF8 = 1
_POSITION_CHARACTER = 1
_PARAMETER_RATE = 1
_PARAMETER_PITCH = 3
_PARAMETER_RANGE = 4
_PARAMETER_WORD_GAP = 7
_RANGE = 58
_WORD_GAP_TENS_OF_MILLISECONDS = 1
_BUFFER_MILLISECONDS = 500
_VOICE = b"en-us"

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


def speak(text: str, destination: str, words_per_minute: int, pitch: int) -> None:
    """Write 16-bit mono at espeak's own sample rate. Raises RuntimeError where espeak refuses."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = str(espeakng_loader.get_data_path()).encode()
    rate = library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, _BUFFER_MILLISECONDS, data, 0)
    if rate <= 0:
        raise RuntimeError("espeak-ng could not be initialised")
    with wave.open(destination, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)

        def write(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: object) -> int:
            if samples and count > 0:
                file.writeframes(ctypes.string_at(samples, 2 * count))
            return 0

        callback = _Callback(write)
        library.espeak_SetSynthCallback(callback)
        library.espeak_SetVoiceByName(_VOICE)
        library.espeak_SetParameter(_PARAMETER_RATE, words_per_minute, 0)
        library.espeak_SetParameter(_PARAMETER_PITCH, pitch, 0)
        library.espeak_SetParameter(_PARAMETER_RANGE, _RANGE, 0)
        library.espeak_SetParameter(_PARAMETER_WORD_GAP, _WORD_GAP_TENS_OF_MILLISECONDS, 0)
        spoken = text.encode("utf-8", "ignore") + b"\0"
        failed = library.espeak_Synth(
            spoken, ctypes.c_size_t(len(spoken)), 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None
        )
        library.espeak_Synchronize()
        library.espeak_Terminate()
    if failed:
        raise RuntimeError(f"espeak-ng could not speak the text (error {failed})")


def main() -> int:
    if len(sys.argv) != 4:  # noqa: PLR2004 - the program and its arguments
        sys.stderr.write("usage: speak_child DESTINATION RATE PITCH\n")
        return 2
    try:
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
        speak(text, sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    except (RuntimeError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
