"""What a quote's uploads are called and seem to be, before anything of them is fetched."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, TypeVar
from urllib.parse import unquote, urlsplit

from studio.contracts import problems as infeasible
from studio.contracts.assets import AssetKind
from studio.contracts.quote_request import QuoteRequest, UploadUrl
from studio.ingest.errors import InvalidRequest, Problem
from studio.ingest.filenames import extension_of
from studio.ingest.formats import ACCEPTED, EXTENSIONS
from studio.ingest.parts import quoted, upload_label
from studio.ingest.prepare import match_manifest
from studio.pricing.uploads import UploadFacts

REQUEST_POINTER: Final = "/request"

AnyProblem = TypeVar("AnyProblem", Problem, infeasible.Problem)

_KINDS: Final = {
    extension: frozenset(
        sniffed.kind for sniffed, allowed in EXTENSIONS.items() if extension in allowed
    )
    for extensions in EXTENSIONS.values()
    for extension in extensions
}
"""What a file with this extension can be, as sniffing it will have it."""

_ANY_KIND: Final = frozenset(AssetKind)


def declared_filename(upload: UploadUrl, number: int) -> str:
    """The label of the `number`th upload (from 1): its entry's, else the last part of its path."""
    path = urlsplit(upload.url).path
    return upload_label(upload.filename or unquote(path.rpartition("/")[2]), number)


def declared_uploads(quote: QuoteRequest) -> UploadFacts:
    """What the names of a quote's uploads tell of them.

    What could turn out well once it is fetched is let through. Raises InvalidRequest where a name
    has an extension that no accepted type has, and where `assets[]` names a file that is not
    declared, or one twice; DuplicateFilename.
    """
    names = [
        declared_filename(upload, number) for number, upload in enumerate(quote.upload_urls, 1)
    ]
    _refuse_other_types(names)
    try:
        match_manifest(quote.request.assets, names, remedy="name them in upload_urls")
    except InvalidRequest as error:
        raise InvalidRequest(within_request(error.problems), error.detail) from error
    return _facts(names)


def within_request(problems: Sequence[AnyProblem]) -> tuple[AnyProblem, ...]:
    """Problems of a render's request as those of a quote, which it is a member of."""
    return tuple(
        type(each)(pointer=REQUEST_POINTER + each.pointer, detail=each.detail) for each in problems
    )


def _refuse_other_types(names: Sequence[str]) -> None:
    problems = tuple(
        Problem(
            f"/upload_urls/{index}",
            f"{quoted(name)} has no extension of {ACCEPTED}; if it is one of them, say so with a "
            "filename.",
        )
        for index, name in enumerate(names)
        if extension_of(name) and extension_of(name) not in _KINDS
    )
    if problems:
        raise InvalidRequest(problems)


def _facts(names: Sequence[str]) -> UploadFacts:
    guesses = [_KINDS.get(extension_of(name), _ANY_KIND) for name in names]
    sure = Counter(kind for kinds in guesses if len(kinds) == 1 for kind in kinds)
    return UploadFacts(
        filenames=tuple(names),
        audio_count=sure[AssetKind.AUDIO],
        image_count=sure[AssetKind.IMAGE],
        video_count=sure[AssetKind.VIDEO],
        document_count=sure[AssetKind.DOCUMENT],
        fetched=False,
        unsure_count=len(names) - sure.total(),
    )
