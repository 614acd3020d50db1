"""Signed URLs: what was signed opens, for as long as it said, and nothing else does."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.storage.port import SignedUrl
from studio.storage.signing import SignatureExpired, SignatureInvalid, SigningKey, UrlSigner

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NOW = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)
HOUR = timedelta(hours=1)
CURRENT = SigningKey("k2", b"2" * 32)
PREVIOUS = SigningKey("k1", b"1" * 32)
SIGNER = UrlSigner([CURRENT, PREVIOUS])
PATH = "/files/p/film.mp4"


def sign(path: str = PATH, *, signer: UrlSigner = SIGNER, name: str = "film.mp4") -> SignedUrl:
    return signer.sign(
        path,
        base_url="http://localhost:8080",
        now=NOW,
        lifetime=HOUR,
        query=[("filename", name)],
    )


def pairs_of(signed: SignedUrl) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(signed.url).query, keep_blank_values=True)


def verify(
    pairs: list[tuple[str, str]],
    *,
    method: str = "GET",
    host: str = "localhost:8080",
    path: str = PATH,
    now: datetime = NOW,
    signer: UrlSigner = SIGNER,
) -> None:
    signer.verify(method, host, path, pairs, now)


def test_a_signature_is_made_as_documented() -> None:
    query = (
        "X-FVS-Credential=k2&X-FVS-Date=20260304T050607Z&X-FVS-Expires=3600&filename=My%20film.mp4"
    )
    canonical = f"GET\n/files/p/film.mp4\n{query}\nhost:localhost:8080"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"FVS4-HMAC-SHA256\n20260304T050607Z\nk2\n{digest}"
    signature = hmac.new(b"2" * 32, to_sign.encode(), hashlib.sha256).hexdigest()

    url = sign(name="My film.mp4").url

    assert url == f"http://localhost:8080/files/p/film.mp4?{query}&X-FVS-Signature={signature}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_url_opens_for_reading_until_it_expires(method: str) -> None:
    signed = sign()
    verify(pairs_of(signed), method=method)
    verify(pairs_of(signed), method=method, now=signed.expires_at - timedelta(microseconds=1))


def test_a_url_is_over_at_the_moment_it_names() -> None:
    signed = sign()
    assert signed.expires_at == NOW.replace(microsecond=0) + HOUR
    with pytest.raises(SignatureExpired, match="ask for the status again"):
        verify(pairs_of(signed), now=signed.expires_at)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "get", ""])
def test_a_url_does_not_open_for_anything_but_reading(method: str) -> None:
    with pytest.raises(SignatureInvalid, match="only with GET or HEAD"):
        verify(pairs_of(sign()), method=method)


def test_another_host_or_path_does_not_open() -> None:
    pairs = pairs_of(sign())
    with pytest.raises(SignatureInvalid):
        verify(pairs, host="evil.example")
    with pytest.raises(SignatureInvalid):
        verify(pairs, path="/files/p/other.mp4")


def test_the_host_is_compared_without_case_and_default_port() -> None:
    signed = SIGNER.sign(PATH, base_url="https://Studio.Example", now=NOW, lifetime=HOUR)
    verify(pairs_of(signed), host="studio.example:443")


def test_a_path_prefix_of_the_public_address_is_in_the_url_but_not_in_the_signature() -> None:
    signed = SIGNER.sign(PATH, base_url="https://a.example/fvs/", now=NOW, lifetime=HOUR)
    assert urlsplit(signed.url).path == "/fvs" + PATH
    verify(pairs_of(signed), host="a.example")


def test_the_order_of_the_query_does_not_matter() -> None:
    verify(list(reversed(pairs_of(sign()))))


@pytest.mark.parametrize("name", ["X-FVS-Credential", "X-FVS-Date", "X-FVS-Expires", "filename"])
def test_a_changed_parameter_closes_the_url(name: str) -> None:
    changed = [(key, value + "0" if key == name else value) for key, value in pairs_of(sign())]
    with pytest.raises(SignatureInvalid):
        verify(changed)


@pytest.mark.parametrize(
    "name", ["X-FVS-Credential", "X-FVS-Date", "X-FVS-Expires", "X-FVS-Signature"]
)
def test_a_missing_or_repeated_parameter_closes_the_url(name: str) -> None:
    pairs = pairs_of(sign())
    with pytest.raises(SignatureInvalid, match="exactly one"):
        verify([pair for pair in pairs if pair[0] != name])
    with pytest.raises(SignatureInvalid, match="exactly one"):
        verify(pairs + [pair for pair in pairs if pair[0] == name])


def test_an_added_parameter_closes_the_url() -> None:
    with pytest.raises(SignatureInvalid):
        verify([*pairs_of(sign()), ("download", "1")])


def test_a_forger_learns_nothing_of_time() -> None:
    forged = [
        (key, "0" * 64 if key == "X-FVS-Signature" else value) for key, value in pairs_of(sign())
    ]
    with pytest.raises(SignatureInvalid):
        verify(forged, now=NOW + timedelta(days=30))


def test_a_signature_from_the_future_is_refused_beyond_the_clocks_difference() -> None:
    verify(pairs_of(sign()), now=NOW - timedelta(minutes=14))
    with pytest.raises(SignatureInvalid, match="future"):
        verify(pairs_of(sign()), now=NOW - timedelta(minutes=16))


def test_urls_of_the_previous_key_open_until_it_leaves_the_ring() -> None:
    old = UrlSigner([PREVIOUS]).sign(PATH, base_url="http://localhost:8080", now=NOW, lifetime=HOUR)
    verify(pairs_of(old))
    with pytest.raises(SignatureInvalid, match="not in use"):
        verify(pairs_of(old), signer=UrlSigner([CURRENT]))


@pytest.mark.parametrize("seconds", [0, 0.5, -1, 604_801])
def test_a_url_lives_between_a_second_and_seven_days(seconds: float) -> None:
    with pytest.raises(ValueError, match="604800"):
        SIGNER.sign(PATH, base_url="http://a", now=NOW, lifetime=timedelta(seconds=seconds))


def test_weak_nameless_and_double_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        SigningKey("k", b"short")
    with pytest.raises(ValueError, match="letters, digits"):
        SigningKey("k/1", b"s" * 32)
    with pytest.raises(ValueError, match="at least one key"):
        UrlSigner([])
    with pytest.raises(ValueError, match="same id"):
        UrlSigner([CURRENT, SigningKey("k2", b"3" * 32)])


def test_a_key_does_not_show_its_secret() -> None:
    assert "2222" not in repr(CURRENT)


@unhurried
@given(name=st.text(), path=st.text())
def test_any_name_and_path_open_when_sent_back_unchanged(name: str, path: str) -> None:
    verify(pairs_of(sign("/files/" + path, name=name)), path="/files/" + path)


@unhurried
@given(
    pairs=st.lists(
        st.tuples(
            st.sampled_from(
                ["X-FVS-Credential", "X-FVS-Date", "X-FVS-Expires", "X-FVS-Signature", "filename"]
            ),
            st.text() | st.sampled_from(["k1", "k2", "20260304T050607Z", "3600"]),
        )
    ),
    host=st.text(),
    path=st.text(),
)
def test_nothing_made_up_ever_opens(pairs: list[tuple[str, str]], host: str, path: str) -> None:
    with pytest.raises(SignatureInvalid):
        SIGNER.verify("GET", host, path, pairs, NOW)
