"""Refusals as answers: `application/problem+json` (RFC 9457) for programs, a page for people.

The last segment of `type` is the word to switch on; `detail` is for people.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from pfpkit.console import clipped
from pfpkit.errors import (
    BadImage,
    BadInput,
    BadSignIn,
    ChainError,
    NotFound,
    PfpkitError,
    StorageError,
)

__all__ = ["Problem", "problem_of"]

_MAX_DETAIL = 2_000


class Problem(HTTPException):
    """A refusal: status, a word for programs, a sentence for people, and further members."""

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(status, clipped(detail, _MAX_DETAIL), headers)
        self.slug, self.members = slug, members

    @property
    def title(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status_code).phrase

    def response(self) -> JSONResponse:
        """Return the answer for programs."""
        body = {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": self.status_code,
            "detail": self.detail,
            **self.members,
        }
        headers = {"Cache-Control": "no-store", **(self.headers or {})}
        return JSONResponse(body, self.status_code, headers, "application/problem+json")


def problem_of(error: Exception) -> Problem:
    """Return the refusal that an error is."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return Problem(
            error.status_code, _slug(error.status_code), error.detail, headers=error.headers
        )
    for kind, (status, slug) in _ERRORS.items():
        if isinstance(error, kind):
            word = str(getattr(error, "fault", slug)) if kind is BadSignIn else slug
            return Problem(status, word, str(error))
    return Problem(500, "fault", "this is a fault of the service; please report it")


def _slug(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "-")


_ERRORS: dict[type[PfpkitError], tuple[int, str]] = {
    BadSignIn: (400, "bad-sign-in"),
    BadImage: (422, "bad-picture"),
    BadInput: (400, "bad-request"),
    NotFound: (404, "not-found"),
    ChainError: (503, "unknown"),
    StorageError: (503, "storage"),
}
