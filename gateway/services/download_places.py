"""Where a film is written: below one folder, through no link, and never over what must stay.

Folders are walked by descriptors, each opened relative to the one before and never through a link,
so that nobody who may write there can lead the film elsewhere between a check and its use.
"""

import errno
import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.services.download_errors import DiskRefused, FileExists, PathNotAllowed
from gateway.services.download_paths import components_of

FILE_MODE: Final = 0o600
"""A film is its owner's, whatever else this machine is used for."""
FOLDER_MODE: Final = 0o755
PART_SUFFIX: Final = ".part"

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_FOLDER: Final = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EMLINK})
"""EMLINK is FreeBSD's word for a link that is not followed."""
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS})
"""File systems without hard links, such as those of memory cards."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True)
class SavedFilm:
    """`path` is absolute, on the file system of this process; `sha256` is in hexadecimal."""

    path: str
    size_bytes: int
    sha256: str
    replaced: bool


class DownloadFolder:
    """The one folder that films are saved below."""

    def __init__(self, root: Path, *, new_name: Callable[[], str]) -> None:
        """`root` may itself be reached through links: who configured it chose them.

        `new_name` gives names that nobody can guess, for files that are not whole yet.
        """
        self.root = root.expanduser().absolute()
        self._new_name = new_name

    def part(self, output_path: str, *, overwrite: bool) -> "FilmPart":
        """The file to write; nothing is made yet.

        Raises PathNotAllowed, FileExists, DiskRefused.
        """
        names = components_of(output_path, self.root)
        part = FilmPart(self.root, names, self._new_name() + PART_SUFFIX, overwrite=overwrite)
        part.look()
        return part


class FilmPart:
    """A film that grows beside its place and takes it when it is whole. Used from threads.

    `discard` may be called at any time, and leaves nothing behind that is not whole.
    """

    def __init__(
        self, root: Path, names: Sequence[str], part_name: str, *, overwrite: bool
    ) -> None:
        self._root = root
        self._folders, self._name = names[:-1], names[-1]
        self._part_name = part_name
        self._overwrite = overwrite
        self._lock = threading.Lock()
        self._folder: int | None = None
        self._file: int | None = None
        self._is_over = False
        self._size_bytes = 0
        self._hash = hashlib.sha256()

    def look(self) -> None:
        """Refuse what can be refused before anything is fetched."""
        with _disk_errors():
            folder = self._open_folder(make=False)
            if folder is None:
                return
            try:
                self._check_place(folder)
            finally:
                os.close(folder)

    def write(self, data: bytes) -> None:
        """Append. The first call makes the folders and the file. Raises as `part` does."""
        with self._lock, _disk_errors():
            if self._is_over:
                return
            left = memoryview(data)
            while left:
                left = left[os.write(self._opened(), left) :]
            self._size_bytes += len(data)
            self._hash.update(data)

    def finish(self) -> SavedFilm:
        """Put the whole film into its place. Raises as `part` does, FileExists for a late rival.

        Gigabytes may take the disk minutes: whoever gives up meanwhile does not wait for it, and
        the film is then not put anywhere.
        """
        with _disk_errors():
            with self._lock:
                self._refuse_discarded()
                file = os.dup(self._opened())
            try:
                os.fsync(file)
            finally:
                os.close(file)
            with self._lock:
                self._refuse_discarded()
                return self._settle()

    def discard(self) -> None:
        """Close everything and remove what is not in its place. Waits for a write under way."""
        with self._lock:
            self._is_over = True
            if self._folder is not None:
                with suppress(OSError):
                    os.unlink(self._part_name, dir_fd=self._folder)
            for descriptor in (self._file, self._folder):
                if descriptor is not None:
                    os.close(descriptor)
            self._file = self._folder = None

    def _refuse_discarded(self) -> None:
        if self._is_over:
            raise DiskRefused("The download was given up; nothing was kept.")

    def _settle(self) -> SavedFilm:
        assert self._folder is not None  # noqa: S101 - opened with the file
        replaced = self._check_place(self._folder)
        if self._overwrite:
            os.replace(
                self._part_name, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder
            )
        else:
            self._settle_beside(self._folder)
        path = self._root.joinpath(*self._folders, self._name)
        return SavedFilm(str(path), self._size_bytes, self._hash.hexdigest(), replaced)

    def _opened(self) -> int:
        if self._file is None:
            self._folder = self._open_folder(make=True)
            self._file = os.open(self._part_name, _NEW_FILE, FILE_MODE, dir_fd=self._folder)
        return self._file

    def _open_folder(self, *, make: bool) -> int | None:
        """The folder of the file; None if it does not exist and is not to be made."""
        if make:
            self._root.mkdir(parents=True, exist_ok=True)
        try:
            folder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        for name in self._folders:
            try:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(name, FOLDER_MODE, dir_fd=folder)
                below = os.open(name, _FOLDER, dir_fd=folder)
            except FileNotFoundError:
                return None
            except OSError as error:
                if error.errno in _NO_FOLDER:
                    raise PathNotAllowed(
                        "A folder in output_path is a link or no folder; links are not followed."
                    ) from None
                raise
            finally:
                os.close(folder)
            folder = below
        return folder

    def _check_place(self, folder: int) -> bool:
        """Whether there is a file that will be replaced. Raises PathNotAllowed, FileExists."""
        try:
            found = os.stat(self._name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        if not stat.S_ISREG(found.st_mode):
            raise PathNotAllowed("output_path is a folder, a link or a device, not a file.")
        if not self._overwrite:
            raise _exists()
        return True

    def _settle_beside(self, folder: int) -> None:
        """Give the film its name where nothing has it. A link is refused if something does."""
        try:
            os.link(self._part_name, self._name, src_dir_fd=folder, dst_dir_fd=folder)
        except FileExistsError:
            raise _exists() from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # The name is taken by an empty file of ours, which the film then replaces.
            try:
                os.close(os.open(self._name, _NEW_FILE, FILE_MODE, dir_fd=folder))
            except FileExistsError:
                raise _exists() from None
            os.replace(self._part_name, self._name, src_dir_fd=folder, dst_dir_fd=folder)


def _exists() -> FileExists:
    return FileExists(
        "There is a file at output_path, which was left as it is. Choose another name, or set "
        "overwrite to true to replace it."
    )


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskRefused("The disk is full; nothing was kept of the film.") from None
        if error.errno == errno.ENAMETOOLONG:
            raise PathNotAllowed("output_path is longer than the file system allows.") from None
        raise DiskRefused(f"The film cannot be written there: {error.strerror}.") from None
