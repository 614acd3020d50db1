"""How each provider says no, in its own words."""

from http import HTTPStatus
from typing import Protocol
from uuid import uuid4

from tests.kit.vendors.documents import Json
from tests.kit.vendors.wire import Reply, json_reply


class Dialect(Protocol):
    """Replies to what no provider takes on. `subject` is the model or the job."""

    def busy(self, retry_after_seconds: float | None) -> Reply: ...

    def unavailable(self, status: int) -> Reply: ...

    def denied(self, status: int) -> Reply: ...

    def gone(self, subject: str) -> Reply: ...

    def invalid(self, message: str) -> Reply: ...


RPC_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def google_error(status: int, message: str, details: list[Json] | None = None) -> Reply:
    """The JSON form of google.rpc.Status, as all of Google's REST APIs send it."""
    error: Json = {
        "code": status,
        "message": message,
        "status": RPC_STATUS.get(status, "UNKNOWN"),
    }
    if details:
        error["details"] = details
    return json_reply({"error": error}, status)


class GoogleDialect:
    def busy(self, retry_after_seconds: float | None) -> Reply:
        details: list[Json] = [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel"}],
            }
        ]
        if retry_after_seconds is not None:
            details.append(
                {
                    "@type": "type.googleapis.com/google.rpc.RetryInfo",
                    "retryDelay": f"{retry_after_seconds:g}s",
                }
            )
        return google_error(429, "You exceeded your current quota.", details)

    def unavailable(self, status: int) -> Reply:
        return google_error(status, "The service is currently unavailable.")

    def denied(self, status: int) -> Reply:
        if status == HTTPStatus.FORBIDDEN:
            return google_error(403, "Permission denied on resource project.")
        return google_error(401, "Request had invalid authentication credentials.")

    def gone(self, subject: str) -> Reply:
        return google_error(
            404, f"Publisher Model `{subject}` was not found or your project does not have access."
        )

    def invalid(self, message: str) -> Reply:
        return google_error(400, message)


class InteractionsDialect(GoogleDialect):
    """Interactions answer with a code in words (`Error` of the SDK's types: two strings).

    The form is the SDK's, the words themselves are unverified: go by the status.
    """

    def busy(self, retry_after_seconds: float | None) -> Reply:
        reply = self._error(429, "too_many_requests", "You exceeded your current quota.")
        if retry_after_seconds is not None:
            reply.headers["Retry-After"] = f"{retry_after_seconds:g}"
        return reply

    def unavailable(self, status: int) -> Reply:
        return self._error(status, "service_unavailable", "The service is unavailable.")

    def denied(self, status: int) -> Reply:
        code = "permission_denied" if status == HTTPStatus.FORBIDDEN else "unauthenticated"
        return self._error(status, code, "The caller may not do this.")

    def gone(self, subject: str) -> Reply:
        return self._error(404, "not_found", f"{subject} was not found.")

    def invalid(self, message: str) -> Reply:
        return self._error(400, "invalid_request", message)

    def _error(self, status: int, code: str, message: str) -> Reply:
        return json_reply({"error": {"code": code, "message": message}}, status)


class FalDialect:
    def busy(self, retry_after_seconds: float | None) -> Reply:
        reply = self._error(429, "Too many requests. Please slow down.", "request_limit")
        if retry_after_seconds is not None:
            reply.headers["Retry-After"] = f"{retry_after_seconds:g}"
        return reply

    def unavailable(self, status: int) -> Reply:
        return self._error(status, "Internal Server Error", "internal_server_error")

    def denied(self, status: int) -> Reply:
        detail = "No user found for Key ID and Secret"
        if status == HTTPStatus.FORBIDDEN:
            detail = "User is locked. Reason: Exhausted balance."
        return self._error(status, detail, "unauthorized")

    def gone(self, subject: str) -> Reply:
        return self._error(404, f"Application '{subject}' not found", "not_found")

    def invalid(self, message: str) -> Reply:
        return self.unprocessable(["body"], message, "value_error")

    def unprocessable(self, loc: list[str], message: str, kind: str) -> Reply:
        """A 422 as fal's model errors: https://docs.fal.ai/errors."""
        detail = [
            {"loc": loc, "msg": message, "type": kind, "url": f"https://docs.fal.ai/errors#{kind}"}
        ]
        return json_reply(
            {"detail": detail}, 422, X_Fal_Request_Id=str(uuid4()), X_Fal_Error_Type=kind
        )

    def _error(self, status: int, detail: str, kind: str) -> Reply:
        return json_reply(
            {"detail": detail}, status, X_Fal_Request_Id=str(uuid4()), X_Fal_Error_Type=kind
        )


class KlingDialect:
    """Kling's service codes: "General Information" of its API reference."""

    def busy(self, retry_after_seconds: float | None) -> Reply:
        reply = self.refuse(429, 1303, "parallel task over resource pack limit")
        if retry_after_seconds is not None:
            reply.headers["Retry-After"] = f"{retry_after_seconds:g}"
        return reply

    def unavailable(self, status: int) -> Reply:
        code = {500: 5000, 503: 5001, 504: 5002}.get(status, 5000)
        return self.refuse(status, code, "Server internal error")

    def denied(self, status: int) -> Reply:
        if status == HTTPStatus.FORBIDDEN:
            return self.refuse(403, 1103, "Unauthorized access to requested resource")
        return self.refuse(401, 1002, "Authorization is invalid")

    def gone(self, subject: str) -> Reply:
        return self.refuse(404, 1203, f"The requested resource does not exist: {subject}")

    def invalid(self, message: str) -> Reply:
        return self.refuse(400, 1201, message)

    def refuse(self, status: int, code: int, message: str) -> Reply:
        return json_reply({"code": code, "message": message, "request_id": str(uuid4())}, status)


GOOGLE = GoogleDialect()
INTERACTIONS = InteractionsDialect()
FAL = FalDialect()
KLING = KlingDialect()
PER_CALL: dict[str, Dialect] = {
    "google": GOOGLE,
    "veo": GOOGLE,
    "files": GOOGLE,
    "interactions": INTERACTIONS,
    "fal": FAL,
    "kling": KLING,
}
