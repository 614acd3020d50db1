"""The folder of a development stack: its files, secrets, lock, and the note for scripts."""

import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runtime.settings_text import SQLITE
from studio.contracts.errors import StudioError

FREE_BYTES_MIN: Final = 500 * 1024 * 1024
"""A three-shot render with its scratch files takes about a tenth of this."""

SECRET_BYTES: Final = 32
ID_BYTES: Final = 12
"""As much as Stripe's own ids have."""

PRIVATE_MODE: Final = 0o600


class StackError(StudioError):
    """The stack cannot start or go on; the sentence says what to do."""

    code: ClassVar[str] = "stack_error"


def _drawn(prefix: str = "", size_bytes: int = SECRET_BYTES) -> str:
    return prefix + secrets.token_hex(size_bytes)


class StackSecrets(BaseModel):
    """Drawn once, so that keys, signed URLs and offered prices still work after a restart.

    Those of payments came later: a file of an older stack gets them when it is read.
    """

    model_config = ConfigDict(frozen=True)

    key_pepper: str
    signing_key: str
    mpp_secret: str = Field(default_factory=_drawn)
    stripe_secret_key: str = Field(default_factory=lambda: _drawn("sk_test_"))
    stripe_webhook_secret: str = Field(default_factory=lambda: _drawn("whsec_"))
    stripe_network_id: str = Field(default_factory=lambda: _drawn("profile_test_", ID_BYTES))

    @property
    def is_complete(self) -> bool:
        """Whether all of it was given, and none drawn just now."""
        return self.model_fields_set == set(type(self).model_fields)


class Pids(BaseModel):
    """Process ids while the stack runs; None for what is stopped or not ours."""

    model_config = ConfigDict(frozen=True)

    gateway: int | None = None
    worker: int | None = None
    temporal: int | None = None
    stripe: int | None = None


class DevNote(BaseModel):
    """`dev.json`, for scripts: where everything is. The only place that keeps the key, and the
    password that the account was given.

    What begins with `stripe_` is the stand-in's, and None where payments go to Stripe itself: a
    client that pays gets its payment token at `stripe_spt_url` with `stripe_secret_key`.
    """

    model_config = ConfigDict(frozen=True)

    gateway_url: str
    temporal_address: str
    temporal_ui_url: str | None
    api_key: str
    database_url: str
    storage_path: str | None
    email: str | None = None
    password: str | None = None
    stripe_url: str | None = None
    stripe_secret_key: str | None = None
    stripe_spt_url: str | None = None
    pids: Pids


@dataclass(frozen=True)
class StackFolder:
    """All state of a stack, under one folder. Create with `open_folder`."""

    root: Path

    @property
    def note_file(self) -> Path:
        return self.root / "dev.json"

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.root / 'fvs.db'}"

    @property
    def storage(self) -> Path:
        return self.root / "storage"

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def secrets_file(self) -> Path:
        return self.root / "secrets.json"

    @property
    def stripe_state_file(self) -> Path:
        return self.root / "stripe.db"

    def log_file(self, name: str) -> Path:
        return self.root / "logs" / f"{name}.log"

    def secrets(self) -> StackSecrets:
        """The secrets of this folder; what is missing is drawn and kept. Needs the lock."""
        found = self.read_secrets()
        if found is None:
            found = StackSecrets(key_pepper=_drawn(), signing_key=_drawn())
        elif found.is_complete:
            return found
        write_private(self.secrets_file, found.model_dump(mode="json"))
        return found

    def read_secrets(self) -> StackSecrets | None:
        """The secrets as they are kept, or None. StackError when they are damaged."""
        file = self.secrets_file
        if not file.exists():
            return None
        try:
            return StackSecrets.model_validate_json(file.read_bytes())
        except ValidationError:
            raise StackError(
                f"{file} is damaged. Restore it, or delete it to make new secrets; "
                "keys made with the old ones then stop working."
            ) from None

    def read_note(self) -> DevNote | None:
        """The note of the last run, or None when there is none that can be read."""
        try:
            return DevNote.model_validate_json(self.note_file.read_bytes())
        except (OSError, ValidationError):
            return None

    def write_note(self, note: DevNote) -> None:
        write_private(self.note_file, note.model_dump(mode="json"))

    def lock(self) -> IO[str]:
        """Held until it is closed or the process ends. StackError when another stack has it."""
        handle = (self.root / "dev.lock").open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            raise StackError(
                f"Another stack is already running in {self.root}; stop it first, or choose "
                "another folder with --directory."
            ) from None
        return handle


def stack_pepper(database_url: str) -> str | None:
    """The pepper of the development stack that keeps its database here; None where there is none.

    StackError when its secrets cannot be read.
    """
    path, _, _ = database_url.partition("?")
    if not path.startswith(SQLITE):
        return None
    kept = StackFolder(Path(path.removeprefix(SQLITE)).parent).read_secrets()
    return kept.key_pepper if kept else None


def open_folder(root: Path, *, free_bytes_min: int = FREE_BYTES_MIN) -> StackFolder:
    """Create the folder where needed. StackError when it cannot be written or the disk is full."""
    folder = StackFolder(root.expanduser().absolute())
    try:
        for path in (folder.root, folder.storage, folder.work, folder.root / "logs"):
            path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder.root):
            pass
    except OSError as error:
        raise StackError(f"{folder.root} cannot be written: {error.strerror}.") from None
    free_bytes = shutil.disk_usage(folder.root).free
    if free_bytes < free_bytes_min:
        raise StackError(
            f"Only {free_bytes // 2**20} MiB are free on the disk of {folder.root}, and "
            f"{free_bytes_min // 2**20} MiB are needed."
        )
    return folder


def write_private(file: Path, document: Mapping[str, object]) -> None:
    """Replace a file as a whole, readable by its owner only. StackError when the disk refuses."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            json.dump(document, handle, indent=2)
            handle.write("\n")
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StackError(f"{file} cannot be written: {error.strerror}.") from None
