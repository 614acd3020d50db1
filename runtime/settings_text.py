"""How settings are spelled: addresses of databases, and sentences about what is wrong."""

from pathlib import Path

from pydantic import ValidationError

SQLITE = "sqlite:///"


def absolute_database_url(url: str) -> str:
    """The same database, whatever folder a later process starts in.

    Raises ValueError for a scheme that is neither `sqlite:///` nor `postgresql://`.
    """
    if url.startswith(("postgresql://", "postgresql+psycopg://", "postgres://")):
        return url.replace("postgres://", "postgresql://", 1)
    if not url.startswith(SQLITE) or url == SQLITE:
        raise ValueError("must start with sqlite:/// (and name a file) or postgresql://")
    path, question_mark, query = url.removeprefix(SQLITE).partition("?")
    return f"{SQLITE}{Path(path).expanduser().absolute()}{question_mark}{query}"


def invalid_settings_sentence(prefix: str, error: ValidationError) -> str:
    """One sentence a setting, joined. Values are left out: they may be secrets."""
    sentences = []
    for problem in error.errors(include_input=False, include_context=False, include_url=False):
        name = prefix + "_".join(str(part) for part in problem["loc"]).upper()
        reason = problem["msg"].removeprefix("Value error, ")
        sentences.append(f"{name} is wrong: {reason[:1].lower()}{reason[1:]}.")
    return " ".join(sentences)
