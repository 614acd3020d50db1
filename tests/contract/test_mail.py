"""Mail: the same messages through both adapters, and what a real SMTP server is sent."""

import io
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default as default_policy
from typing import Literal, Protocol

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from studio.mail.console import ConsoleMailer
from studio.mail.errors import InvalidMessage, MailNotSent
from studio.mail.ports import Mailer, Message
from studio.mail.smtp import Security, SmtpMailer, SmtpPlace
from tests.ledger_scenes import NOW

HOST = "localhost"
USER, PASSWORD = "studio", "a password with spaces"
SENDER = Address("Studio", "studio", "studio.example")
LINK = "https://studio.example/reset/" + "a=b&" * 50
TEXT = f"Grüße!\n\nDies ist der Link:\n\n{LINK}\n.\nFrom here on\n"
MESSAGE = Message(to="ada@example.com", subject="Ein neues Paßwort", text=TEXT)


@dataclass
class Inbox:
    """An SMTP server's side: what came, how, and what it is to answer."""

    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[LoginPassword] = field(default_factory=list)
    answer: str = "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - the server's name for it
        content = envelope.original_content or b""
        self.messages.append(message_from_bytes(content, policy=default_policy))
        self.recipients += envelope.rcpt_tos
        return self.answer

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data)
        is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)


@dataclass
class Post:
    """A server in a thread, and a mailer that trusts it."""

    inbox: Inbox
    port: int
    trust: ssl.SSLContext

    def mailer(
        self,
        *,
        security: Security = "starttls",
        password: str | None = PASSWORD,
        trust: ssl.SSLContext | None = None,
    ) -> SmtpMailer:
        place = SmtpPlace(
            HOST,
            self.port,
            security=security,
            username=None if password is None else USER,
            password=password,
            timeout_seconds=5,
        )
        return SmtpMailer(place, sender=SENDER, now=lambda: NOW, trust=trust or self.trust)


@contextmanager
def post_office(offers: Literal["starttls", "tls", "nothing"] = "starttls") -> Iterator[Post]:
    authority = trustme.CA()
    theirs, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(HOST).configure_cert(theirs)
    authority.configure_trust(ours)
    inbox = Inbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(
        inbox,
        hostname="127.0.0.1",
        port=port,
        ssl_context=theirs if offers == "tls" else None,
        server_hostname=HOST,
        authenticator=inbox.authenticate,
        auth_require_tls=offers == "starttls",
        tls_context=theirs if offers == "starttls" else None,
        require_starttls=offers == "starttls",
    )
    controller.start()
    try:
        yield Post(inbox, port, ours)
    finally:
        controller.stop()


class Read(Protocol):
    """What became of a message, as its reader sees it."""

    def __call__(self) -> tuple[str, str, str]: ...


@pytest.fixture(params=["console", "smtp"])
def adapter(request: pytest.FixtureRequest) -> Iterator[tuple[Mailer, Read]]:
    """A mailer, and how to read recipient, subject and text of what it sent."""
    if request.param == "console":
        written = io.StringIO()
        yield ConsoleMailer(written.write), lambda: _read_console(written.getvalue())
        return
    with post_office() as post:
        yield post.mailer(), lambda: _read_mail(post.inbox.messages[0])


def _read_console(text: str) -> tuple[str, str, str]:
    found = re.fullmatch(
        r"-+ mail -+\nTo: ([^\n]*)\nSubject: ([^\n]*)\n\n(.*)\n-+ ends -+\n", text, re.DOTALL
    )
    assert found is not None
    return found[1], found[2], found[3]


def _read_mail(mail: EmailMessage) -> tuple[str, str, str]:
    text = mail.get_content().replace("\r\n", "\n").rstrip("\n")
    return str(mail["To"]), str(mail["Subject"]), text


def test_a_message_arrives_as_it_was_written(adapter: tuple[Mailer, Read]) -> None:
    mailer, read = adapter
    mailer.send(MESSAGE)
    assert read() == (MESSAGE.to, MESSAGE.subject, TEXT.rstrip("\n"))


@pytest.mark.parametrize(
    ("to", "subject"),
    [
        ("ada@example.com\r\nBcc: eve@example.com", "Hello"),
        ("ada@example.com\nBcc: eve@example.com", "Hello"),
        ("ada@example.com, eve@example.com", "Hello"),
        ("ada@example.com;eve@example.com", "Hello"),
        ("Ada <ada@example.com>", "Hello"),
        ("ada@example.com@example.com", "Hello"),
        ("ada", "Hello"),
        ("", "Hello"),
        ("a" * 250 + "@example.com", "Hello"),
        ("ada@example.com", "Hello\r\nBcc: eve@example.com"),
        ("ada@example.com", "Hello\u2028X-Other: 1"),
        ("ada@example.com", "Hello\0"),
        ("ada@example.com", ""),
        ("ada@example.com", "x" * 201),
    ],
)
def test_nothing_can_be_put_into_the_head_of_a_mail(to: str, subject: str) -> None:
    with pytest.raises(InvalidMessage) as refused:
        Message(to=to, subject=subject, text="")
    assert "eve" not in refused.value.detail


@pytest.mark.parametrize("text", ["\0", "x" * 20_001])
def test_a_text_is_one_that_can_be_read(text: str) -> None:
    with pytest.raises(InvalidMessage):
        Message(to="ada@example.com", subject="Hello", text=text)


def test_a_text_cannot_steer_the_terminal_of_whoever_reads_it() -> None:
    written = io.StringIO()
    ConsoleMailer(written.write).send(Message("ada@example.com", "Hello", "a\x1b[2Jb"))
    assert "\x1b" not in written.getvalue()


def test_who_is_written_to_and_what_is_no_part_of_a_repr() -> None:
    assert "ada" not in repr(MESSAGE)
    assert "reset" not in repr(MESSAGE)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_and_password_go_encrypted(security: Literal["starttls", "tls"]) -> None:
    with post_office(security) as post:
        post.mailer(security=security).send(MESSAGE)
        assert post.inbox.recipients == ["ada@example.com"]
        assert [login.password for login in post.inbox.logins] == [PASSWORD.encode()]
        (mail,) = post.inbox.messages
    assert str(mail["From"]) == "Studio <studio@studio.example>"
    assert mail["Date"].datetime == NOW
    assert mail["Auto-Submitted"] == "auto-generated"
    assert str(mail["Message-ID"]).endswith("@studio.example>")


def test_a_server_that_offers_no_encryption_gets_neither_mail_nor_password() -> None:
    with post_office("nothing") as post, pytest.raises(MailNotSent) as failed:
        post.mailer().send(MESSAGE)
    assert failed.value.reason == "SMTPNotSupportedError"
    assert (post.inbox.messages, post.inbox.logins) == ([], [])


def test_a_server_that_nobody_vouches_for_gets_neither() -> None:
    with post_office() as post, pytest.raises(MailNotSent) as failed:
        post.mailer(trust=ssl.create_default_context()).send(MESSAGE)
    assert failed.value.reason == "SSLCertVerificationError"
    assert (post.inbox.messages, post.inbox.logins) == ([], [])


def test_a_relay_on_this_machine_is_sent_mail_without_a_password() -> None:
    with post_office("nothing") as post:
        post.mailer(security="none", password=None).send(MESSAGE)
        assert post.inbox.recipients == ["ada@example.com"]
    with pytest.raises(ValueError, match="TLS"):
        SmtpPlace(HOST, 25, security="none", username=USER, password=PASSWORD)


def test_a_domain_of_other_letters_is_asked_for_as_dns_has_it() -> None:
    with post_office() as post:
        post.mailer().send(Message("ada@exämple.de", "Hello", "Hello"))
        assert post.inbox.recipients == ["ada@xn--exmple-cua.de"]


@pytest.mark.parametrize("password", ["wrong", PASSWORD])
def test_a_refusal_is_told_by_its_name_and_never_by_its_words(password: str) -> None:
    with post_office() as post:
        post.inbox.answer = f"554 not {MESSAGE.to} and not {LINK}"
        with pytest.raises(MailNotSent) as failed:
            post.mailer(password=password).send(MESSAGE)
    assert failed.value.reason in {"SMTPAuthenticationError", "SMTPDataError"}
    assert "ada" not in f"{failed.value!r} {failed.value.detail}"
    assert failed.value.__cause__ is None


def test_a_server_that_is_away_or_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        place = SmtpPlace("127.0.0.1", port, timeout_seconds=0.05)
        with pytest.raises(MailNotSent) as failed:
            SmtpMailer(place, sender=SENDER, now=lambda: NOW).send(MESSAGE)
        assert failed.value.reason == "SMTPServerDisconnected"
    with pytest.raises(MailNotSent) as failed:
        SmtpMailer(place, sender=SENDER, now=lambda: NOW).send(MESSAGE)
    assert failed.value.reason == "ConnectionRefusedError"
