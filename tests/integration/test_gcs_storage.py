"""Google Cloud Storage over the wire, its failures, and its signatures checked by hand."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.transport import Request, Response
from google.auth.transport.requests import Request as TransportRequest

from studio.storage.gcs import GcsStorage
from studio.storage.gcs_signing import GcsSigningIdentity
from studio.storage.port import StorageError
from tests.fake_gcs import (
    BUCKET,
    ServiceAccount,
    client_for,
    make_service_account,
    running_fake_gcs,
)

EMAIL = "studio@example.iam.gserviceaccount.com"
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_fake_gcs(tmp_path_factory.mktemp("gcs")) as address:
        yield address


@pytest.fixture(scope="module")
def account() -> ServiceAccount:
    return make_service_account(EMAIL)


def no_transport() -> Request:
    pytest.fail("where a key is at hand nobody may be asked")


def open_store(
    endpoint: str,
    credentials: Credentials,
    *,
    bucket: str = BUCKET,
    transport: Callable[[], Request] = no_transport,
) -> GcsStorage:
    signing = GcsSigningIdentity(credentials, transport=transport)
    return GcsStorage(
        bucket, client_for(endpoint), signing=signing, prefix="films", retry_deadline_seconds=0.05
    )


def sign(store: GcsStorage, key: str = "p/film.mp4") -> str:
    return store.sign_url(
        key,
        base_url="http://unused",
        now=NOW,
        lifetime=timedelta(minutes=30),
        download_name="Mein Fílm.mp4",
    ).url


def check_v4_signature(url: str, public_key: RSAPublicKey) -> dict[str, str]:
    """Rebuild the canonical request and check the signature; answers the query.

    https://cloud.google.com/storage/docs/authentication/canonical-requests
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, strict_parsing=True))
    signature = bytes.fromhex(query["X-Goog-Signature"])
    canonical_query = "&".join(
        sorted(
            f"{quote(name, safe='~')}={quote(value, safe='~')}"
            for name, value in query.items()
            if name != "X-Goog-Signature"
        )
    )
    canonical = "\n".join(
        ["GET", parts.path, canonical_query, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"]
    )
    scope = query["X-Goog-Credential"].removeprefix(f"{EMAIL}/")
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join(["GOOG4-RSA-SHA256", query["X-Goog-Date"], scope, digest])
    public_key.verify(signature, to_sign.encode(), padding.PKCS1v15(), hashes.SHA256())
    return query


def test_a_signed_url_carries_a_sound_v4_signature(endpoint: str, account: ServiceAccount) -> None:
    query = check_v4_signature(sign(open_store(endpoint, account.credentials)), account.public_key)

    assert query["X-Goog-Algorithm"] == "GOOG4-RSA-SHA256"
    assert query["X-Goog-Credential"].split("/")[0] == EMAIL
    assert query["X-Goog-Credential"].split("/")[2:] == ["auto", "storage", "goog4_request"]
    assert query["X-Goog-Expires"] == "1800"
    assert query["X-Goog-SignedHeaders"] == "host"
    assert query["response-content-disposition"].startswith('attachment; filename="Mein F_lm.mp4"')


def test_a_signed_url_opens_the_object(endpoint: str, account: ServiceAccount) -> None:
    store = open_store(endpoint, account.credentials)
    store.put_bytes("p/open.mp4", b"film", content_type="video/mp4")

    answer = requests.get(sign(store, "p/open.mp4"), timeout=10)

    assert answer.status_code == HTTPStatus.OK
    assert answer.content == b"film"
    assert answer.headers["Content-Type"] == "video/mp4"


def test_a_url_signed_before_its_object_was_moved_opens_nothing(
    endpoint: str, account: ServiceAccount
) -> None:
    store = open_store(endpoint, account.credentials)
    store.put_bytes("p/held.mp4", b"film", content_type="video/mp4")
    url = sign(store, "p/held.mp4")

    store.move("p/held.mp4", "withheld/held.mp4")

    assert requests.get(url, timeout=10).status_code == HTTPStatus.NOT_FOUND
    assert requests.get(sign(store, "withheld/held.mp4"), timeout=10).content == b"film"


class IamResponse(Response):
    """The answer of `signBlob`."""

    def __init__(self, signed: bytes) -> None:
        self._body = json.dumps({"signedBlob": base64.b64encode(signed).decode()}).encode()

    @property
    def status(self) -> int:
        return HTTPStatus.OK

    @property
    def headers(self) -> Mapping[str, str]:
        return {}

    @property
    def data(self) -> bytes:
        return self._body


class IamService(Request):
    """Signs with the account's key, as Google's service does for those who may ask it."""

    def __init__(self, account: ServiceAccount) -> None:
        self._account = account
        self.called: list[tuple[str, str]] = []

    def __call__(  # type: ignore[override]  # the base takes any keywords
        self, *, url: str, method: str, body: bytes, headers: Mapping[str, str]
    ) -> IamResponse:
        self.called.append((f"{method} {url}", headers["authorization"]))
        blob = base64.b64decode(json.loads(body)["payload"])
        return IamResponse(self._account.credentials.sign_bytes(blob))


class KeylessCredentials(Credentials):
    """What a machine of Google's has: a token and an account, learnt by a refresh, and no key."""

    service_account_email = "default"

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth is typed in part
        self.expiry = None

    def refresh(self, request: Request) -> None:
        del request
        self.token = "machine-token"
        self.service_account_email = EMAIL


def test_without_a_key_the_iam_service_signs(endpoint: str, account: ServiceAccount) -> None:
    service = IamService(account)
    store = open_store(endpoint, KeylessCredentials(), transport=lambda: service)

    check_v4_signature(sign(store), account.public_key)

    assert service.called == [
        (
            f"POST https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{EMAIL}:signBlob",
            "Bearer machine-token",
        )
    ]


def test_who_cannot_sign_says_so(endpoint: str) -> None:
    anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]  # likewise
    with pytest.raises(StorageError, match=r"Signing a URL for p/film\.mp4 failed"):
        sign(open_store(endpoint, anonymous, transport=TransportRequest))


def test_a_missing_bucket_is_named_as_the_reason(
    endpoint: str, account: ServiceAccount, tmp_path: Path
) -> None:
    store = open_store(endpoint, account.credentials, bucket="none-such")
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(StorageError, match="bucket does not exist"):
        store.put_file("a.png", tmp_path / "a", content_type="image/png")


def test_a_server_that_is_away_is_a_storage_error_in_every_call(
    account: ServiceAccount, tmp_path: Path
) -> None:
    with running_fake_gcs(tmp_path / "gcs") as address:
        store = open_store(address, account.credentials)
        store.put_bytes("a.json", b"{}", content_type="application/json")

    for call in (
        lambda: store.put_bytes("a.json", b"{}", content_type="application/json"),
        lambda: store.put_file("a.json", Path(__file__), content_type="application/json"),
        lambda: store.fetch("a.json", tmp_path / "copy"),
        lambda: store.read_bytes("a.json", size_bytes_max=10),
        lambda: store.stat("a.json"),
        lambda: store.move("a.json", "b.json"),
        lambda: store.delete("a.json"),
    ):
        with pytest.raises(StorageError, match=r"a\.json failed"):
            call()
    assert not (tmp_path / "copy").exists()
