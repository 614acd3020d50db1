"""What an agent may write for `output_path`, before the disk is asked."""

import re
from pathlib import Path, PurePosixPath
from typing import Final

from gateway.services.download_errors import PathNotAllowed

PATH_BYTES_MAX: Final = 4095
"""PATH_MAX of Linux without its final NUL."""
NAME_BYTES_MAX: Final = 255
"""NAME_MAX of every file system in common use."""

_DRIVE: Final = re.compile(r"[A-Za-z]:")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?\Z", re.IGNORECASE)
"""Windows opens a device under these, in every folder: a shared folder must not get them."""


def components_of(output_path: str, root: Path) -> tuple[str, ...]:
    """The names below `root` that lead to the file, its own last. Raises PathNotAllowed.

    A relative path counts from `root`; an absolute one has to be below it.
    """
    _check_text(output_path, root)
    path = PurePosixPath(output_path)
    if path.is_absolute():
        if not path.is_relative_to(root):
            raise PathNotAllowed(f"output_path is outside of {root}, the folder of downloads.")
        path = path.relative_to(root)
    names = path.parts
    if not names:
        raise PathNotAllowed("output_path names the folder of downloads itself: add a file's name.")
    for name in names:
        _check_name(name)
    return names


def _check_text(text: str, root: Path) -> None:
    below = f"give a path below {root}, such as film.mp4"
    if not text.strip():
        raise PathNotAllowed(f"output_path is empty: {below}.")
    if _CONTROL.search(text):
        raise PathNotAllowed("output_path has a control character in it.")
    if "://" in text:
        raise PathNotAllowed(f"output_path is an address and no path: {below}.")
    if text.startswith("~"):
        raise PathNotAllowed(f"output_path begins with ~, which is not expanded here: {below}.")
    if _DRIVE.match(text) or "\\" in text:
        raise PathNotAllowed(f"output_path is a path of Windows, and this is none: {below}.")
    if text.endswith(("/", "/.")):
        raise PathNotAllowed("output_path names a folder: add a file's name.")
    if _size_bytes(text) > PATH_BYTES_MAX:
        raise PathNotAllowed(f"output_path is longer than {PATH_BYTES_MAX} bytes.")


def _check_name(name: str) -> None:
    if name == "..":
        raise PathNotAllowed("output_path has .. in it, which is not followed.")
    if _size_bytes(name) > NAME_BYTES_MAX:
        raise PathNotAllowed(f"A name in output_path is longer than {NAME_BYTES_MAX} bytes.")
    if _DEVICES.match(name):
        raise PathNotAllowed("A name in output_path is that of a device on Windows.")


def _size_bytes(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise PathNotAllowed("output_path is not text.") from None
