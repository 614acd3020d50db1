"""What validation finds, in plain sentences with JSON pointers."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, get_args

from pydantic import BaseModel, ValidationError

from studio.ingest.errors import Problem

PROBLEMS_MAX: Final = 20
"""More help nobody; a request of a million unknown fields must not make a million sentences."""

SHOWN_TEXT_LENGTH_MAX: Final = 80

_SUGGESTION_CUTOFF: Final = 0.75
"""Close enough to be a typing error (`shot_cout`), not another word."""

_Context = Mapping[str, object]
_Path = tuple[int | str, ...]

_SENTENCES: Final[Mapping[str, Callable[[_Context], str]]] = {
    "missing": lambda _: "is required",
    "string_type": lambda _: "must be text",
    "int_type": lambda _: "must be a whole number",
    "int_from_float": lambda _: "must be a whole number",
    "float_type": lambda _: "must be a number",
    "finite_number": lambda _: "must be a finite number",
    "bool_type": lambda _: "must be true or false",
    "tuple_type": lambda _: "must be a list",
    "list_type": lambda _: "must be a list",
    "model_type": lambda _: "must be an object",
    "enum": lambda context: f"must be one of {context['expected']}",
    "literal_error": lambda context: f"must be one of {context['expected']}",
    "greater_than": lambda context: f"must be more than {_number(context, 'gt')}",
    "greater_than_equal": lambda context: f"must be at least {_number(context, 'ge')}",
    "less_than": lambda context: f"must be less than {_number(context, 'lt')}",
    "less_than_equal": lambda context: f"must be at most {_number(context, 'le')}",
    "string_too_short": lambda context: _too_short(context, "characters"),
    "string_too_long": lambda context: _too_long(context, "characters"),
    "too_short": lambda context: _too_short(context, _unit(context)),
    "too_long": lambda context: _too_long(context, _unit(context)),
    "value_error": lambda context: str(context["error"]),
}


def problems_of(error: ValidationError, model: type[BaseModel]) -> tuple[Problem, ...]:
    """The first problems of a failed validation of `model`, at most PROBLEMS_MAX.

    Nothing of the input is repeated but the cut names of unknown fields.
    """
    found = error.errors(include_url=False, include_input=False)
    problems = [
        _problem(item["type"], item["loc"], item.get("ctx", {}), item["msg"], model)
        for item in found[:PROBLEMS_MAX]
    ]
    if len(found) > PROBLEMS_MAX:
        problems.append(Problem("", f"There are {len(found) - PROBLEMS_MAX} more problems."))
    return tuple(problems)


def _problem(
    kind: str,
    loc: _Path,
    context: _Context,
    fallback: str,
    model: type[BaseModel],
) -> Problem:
    if kind == "extra_forbidden":
        return Problem(pointer_to(loc), _unknown_field(loc, model))
    make = _SENTENCES.get(kind)
    said = make(context) if make else f"is not valid: {fallback}"
    if kind == "value_error":
        # A rule about an object names the field that it is about, or the first of several.
        name, _, rest = said.partition(" ")
        if name in _model_at(model, loc).model_fields:
            if not loc:
                return Problem("", f"{said}.")
            loc, said = (*loc, name), rest
    return Problem(pointer_to(loc), f"{_place(loc)} {said}.")


def _unknown_field(loc: _Path, model: type[BaseModel]) -> str:
    name = str(loc[-1])[:SHOWN_TEXT_LENGTH_MAX]
    where = f" in {_place(loc[:-1])}" if loc[:-1] else ""
    known = list(_model_at(model, loc[:-1]).model_fields)
    close = difflib.get_close_matches(name, known, n=1, cutoff=_SUGGESTION_CUTOFF)
    hint = f'; did you mean "{close[0]}"?' if close else "; remove it."
    return f"There is no field {shown_text(name)}{where}{hint}"


def _model_at(model: type[BaseModel], loc: Iterable[int | str]) -> type[BaseModel]:
    """The model of a nested object, found through the annotations of the fields on the way."""
    for step in loc:
        if not isinstance(step, int) and step in model.model_fields:
            model = next(_models_in(model.model_fields[step].annotation), model)
    return model


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """The models that an annotation is made of: itself, an item's, one behind `Annotated`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _place(loc: Iterable[int | str]) -> str:
    """`assets[0].filename`; the whole is "The request"."""
    place = ""
    for step in loc:
        if isinstance(step, int):
            place += f"[{step}]"
        else:
            place += f".{step}" if place else step
    return place or "The request"


def _unit(context: _Context) -> str:
    """Pydantic measures text that passed through a validator of ours as a `Value` of items."""
    return "characters" if context.get("field_type") == "Value" else "entries"


def _number(context: _Context, bound: str) -> str:
    return f"{float(str(context[bound])):g}"


def _too_short(context: _Context, units: str) -> str:
    least = context["min_length"]
    return "must not be empty" if least == 1 else f"must have at least {least} {units}"


def _too_long(context: _Context, units: str) -> str:
    return f"must have at most {context['max_length']:,} {units}"


def shown_text(text: str) -> str:
    """A piece of input in a sentence: short, printable, in double quotes."""
    cut = text[: SHOWN_TEXT_LENGTH_MAX + 1]
    printable = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in cut)
    if len(printable) > SHOWN_TEXT_LENGTH_MAX:
        printable = printable[: SHOWN_TEXT_LENGTH_MAX - 1] + "…"
    return f'"{printable}"'


def pointer_to(path: Iterable[str | int]) -> str:
    """A JSON pointer (RFC 6901) to a place; long names are cut."""
    tokens = (str(token)[:SHOWN_TEXT_LENGTH_MAX] for token in path)
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in tokens)
