"""What people are written. Names and other texts of customers are in none of it."""

from studio.mail.ports import Message

_CLOSING = "\n\nFuture Video Studio\n"


def reset_letter(email: str, link: str) -> Message:
    """`link` sets a new password."""
    return Message(
        to=email,
        subject="Set a new password",
        text=(
            "Somebody, most likely you, asked for a new password at Future Video Studio.\n\n"
            f"This link sets one, once, within an hour:\n\n{link}\n\n"
            "If it was not you, do nothing: your password stays as it is." + _CLOSING
        ),
    )


def password_changed_letter(email: str) -> Message:
    return Message(
        to=email,
        subject="Your password was changed",
        text=(
            "The password of your account at Future Video Studio was changed just now, and every "
            "browser that was signed in was signed out.\n\n"
            "If it was not you, set a new one by the link 'Forgotten your password?' at once."
            + _CLOSING
        ),
    )


def low_balance_letter(email: str, *, available_credits: int, wallet_url: str | None) -> Message:
    """`wallet_url` is where there are more; None where nobody said under which address we are."""
    more = f"\n\nYour wallet, and more credits: {wallet_url}" if wallet_url else ""
    return Message(
        to=email,
        subject="Your credits are running low",
        text=(
            f"Your account at Future Video Studio has {available_credits:,} credits left, fewer "
            f"than you wanted to be told of. One credit is one US cent.{more}" + _CLOSING
        ),
    )
