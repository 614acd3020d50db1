"""How the sending of mail is configured."""

import pytest
from pydantic import SecretStr

from runtime.mail import open_mailer
from runtime.settings import SettingsError, load_settings
from runtime.settings_mail import mail_place, mail_sender
from studio.mail.console import ConsoleMailer
from studio.mail.smtp import SmtpMailer, SmtpPlace

SECRET = "hunter2-hunter2"
FROM = "Studio <studio@studio.example>"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("smtp://mail.example", SmtpPlace("mail.example", 587)),
        ("smtp://mail.example:2525/", SmtpPlace("mail.example", 2525)),
        ("smtps://mail.example", SmtpPlace("mail.example", 465, "tls")),
        ("smtp://127.0.0.1?security=none", SmtpPlace("127.0.0.1", 25, "none")),
        (
            "smtp://me%40here:a%3Ab%2Fc@mail.example?timeout_seconds=3",
            SmtpPlace("mail.example", 587, "starttls", "me@here", "a:b/c", 3.0),
        ),
    ],
)
def test_a_server_is_named_by_a_url(url: str, place: SmtpPlace) -> None:
    assert mail_place(SecretStr(url)) == place


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        f"http://user:{SECRET}@mail.example",
        f"smtp://user:{SECRET}@",
        f"smtp://user:{SECRET}@mail.example:port",
        f"smtp://user:{SECRET}@mail.example/inbox",
        f"smtp://user:{SECRET}@mail.example?security=none",
        f"smtp://user:{SECRET}@mail.example?security=perhaps",
        f"smtp://user:{SECRET}@mail.example?timeout_seconds=0",
        f"smtp://user:{SECRET}@mail.example?timeout_seconds=nan",
        f"smtp://user:{SECRET}@mail.example?timeout_seconds=soon",
        f"smtp://user:{SECRET}@mail.example?tls=no",
    ],
)
def test_a_url_of_something_else_is_refused_without_its_password(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FVS_MAIL_URL", url)
    monkeypatch.setenv("FVS_MAIL_FROM", FROM)
    with pytest.raises(SettingsError, match="FVS_MAIL_URL") as refused:
        load_settings()
    assert SECRET not in f"{refused.value!r}{refused.value.__cause__!r}"


def test_the_password_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FVS_MAIL_URL", f"smtp://user:{SECRET}@mail.example")
    monkeypatch.setenv("FVS_MAIL_FROM", FROM)
    settings = load_settings()
    assert isinstance(open_mailer(settings), SmtpMailer)
    place = mail_place(settings.mail_url)
    assert SECRET not in f"{settings!r} {settings} {place!r}"


def test_mail_has_to_be_from_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FVS_MAIL_URL", "smtp://mail.example")
    with pytest.raises(SettingsError, match="FVS_MAIL_FROM"):
        load_settings()


@pytest.mark.parametrize("url", ["", "console:"])
def test_without_a_server_mail_goes_to_standard_output(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("FVS_MAIL_URL", url)
    assert isinstance(open_mailer(load_settings()), ConsoleMailer)


@pytest.mark.parametrize("text", ["studio@studio.example", FROM, "Grüße <a@exämple.de>"])
def test_a_sender_may_have_a_name(text: str) -> None:
    assert mail_sender(text).addr_spec.isascii()


@pytest.mark.parametrize(
    "text", ["studio", "studio@", "a@b.example\nBcc: eve@example.com", "a\nb <a@b.example>", "<>"]
)
def test_a_sender_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        mail_sender(text)
