"""What is wrong with a request, field by field, so that a caller can mend all of it at once."""

from typing import ClassVar

from studio.contracts.base import Payload
from studio.contracts.errors import StudioError


class Problem(Payload):
    """`pointer` is a JSON pointer (RFC 6901) into the request; `detail` a plain sentence."""

    pointer: str
    detail: str


class RequestInfeasible(StudioError):
    """The request is well-formed but cannot be made into a film. Nothing was spent or stored.

    `problems` holds everything that was found, in the order of the request's fields.
    """

    code: ClassVar[str] = "request_infeasible"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        if not problems:
            raise ValueError("a refusal needs at least one problem")
        super().__init__(" ".join(dict.fromkeys(problem.detail for problem in problems)))
        self.problems = problems
