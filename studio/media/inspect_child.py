"""The child process in which a stranger's file meets its decoder.

Started as `python -I -m studio.media.inspect_child <request>`, the request being JSON (`Request`).
Answers with JSON on stdout: `{"result": …}`, `{"refused": "sentence"}` or `{"disk_full": true}`.
It limits itself before it imports a decoder, and imports only the one that is needed, for start-up
counts.
"""

import json
import resource
import sys
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from typing import TypedDict

from studio.media.errors import UndecodableMedia
from studio.media.polyglots import refuse_polyglot
from studio.media.upload_limits import (
    ADDRESS_SPACE_BYTES_MAX,
    IMAGE_FORMATS,
    OPEN_FILES_MAX,
    STREAM_FORMATS,
    WRITTEN_FILE_BYTES_MAX,
)


class Request(TypedDict):
    """What is asked. `destination` and `chars_max` matter to some operations only.

    `destination` is a file, or for several pictures a folder that is there.
    """

    operation: str
    path: str
    media_type: str
    kind: str
    destination: str
    chars_max: int
    cpu_seconds: int


Result = dict[str, int | float | bool | str | None]


def main() -> None:
    request: Request = json.loads(sys.argv[1])
    limit_this_process(request["cpu_seconds"])
    json.dump(answer(request), sys.stdout)


def limit_this_process(cpu_seconds: int) -> None:
    """Memory, CPU time (SIGXCPU at the limit, SIGKILL after), file size, open files, no cores."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (WRITTEN_FILE_BYTES_MAX, WRITTEN_FILE_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES_MAX, OPEN_FILES_MAX))
    if sys.platform == "linux":  # macOS accepts the call and ignores the limit, or refuses it
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES_MAX, ADDRESS_SPACE_BYTES_MAX))


def answer(request: Request) -> dict[str, object]:
    """Do what is asked, and say in JSON what came of it."""
    try:
        return {"result": _operate(request)}
    except UndecodableMedia as refusal:
        return {"refused": refusal.detail}
    except MemoryError:
        return {"refused": "The file needs more memory than a file of its type may."}
    except OSError as error:
        return _os_answer(error)
    except Exception as error:  # noqa: BLE001  decoders raise whatever a broken file provokes
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201  for the parent
        return {"refused": "The file is damaged or not of the type it claims."}


def _os_answer(error: OSError) -> dict[str, object]:
    """PyAV's errors are OSErrors too; those have no errno of the disk."""
    if error.errno in (ENOSPC, EDQUOT):
        return {"disk_full": True}
    if error.errno == EFBIG:
        return {"refused": "The file decodes to more than it may."}
    return {"refused": "The file is damaged or cut short."}


def _operate(request: Request) -> Result:
    path, media_type = Path(request["path"]), request["media_type"]
    destination = Path(request["destination"])
    refuse_polyglot(path, media_type)
    match request["operation"]:
        case "inspect":
            return _inspect(path, request["kind"], media_type)
        case "text":
            from studio.media.child_document import document_text

            return {"text": document_text(path, media_type, request["chars_max"])}
        case "frames":
            from studio.media.child_frames import sample_frames

            return {"count": sample_frames(path, media_type, destination)}
        case "pictures":
            from studio.media.child_pictures import document_pictures

            return {"count": document_pictures(path, media_type, destination)}
        case operation:
            return _convert(operation, path, media_type, destination)


def _convert(operation: str, path: Path, media_type: str, destination: Path) -> Result:
    """Write one file, made from another."""
    match operation:
        case "image":
            from studio.media.child_image import reencode_image

            reencode_image(path, media_type, destination)
            return {}
        case "still":
            from studio.media.child_stream import still_from_video

            still_from_video(path, media_type, destination)
            return {}
        case "wav":
            from studio.media.child_stream import decode_to_wav

            return {**decode_to_wav(path, media_type, destination)}
        case unknown:
            raise ValueError(unknown)


def _inspect(path: Path, kind: str, media_type: str) -> Result:
    if media_type in IMAGE_FORMATS:
        from studio.media.child_image import inspect_image

        return {**inspect_image(path, media_type)}
    if media_type in STREAM_FORMATS:
        from studio.media.child_stream import inspect_stream

        return {**inspect_stream(path, media_type, wants_video=kind == "video")}
    from studio.media.child_document import inspect_document

    inspect_document(path, media_type)
    return {}


if __name__ == "__main__":
    main()
