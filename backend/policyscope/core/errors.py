"""Every error a user can cause. The API maps the class to a status; the sentence is for the user.

A message names what was received, what is allowed, and the remedy.
"""

from __future__ import annotations

from collections.abc import Mapping


class PolicyscopeError(Exception):
    """Base of all expected errors.

    ``code`` is a stable machine-readable word; ``fields`` maps input field names to sentences.
    """

    code = "error"

    def __init__(
        self, message: str, *, code: str | None = None, fields: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.fields = dict(fields or {})


class InvalidInput(PolicyscopeError):
    """The request is well formed, but a value in it cannot be used."""

    code = "invalid_input"


class UnsupportedFile(InvalidInput):
    """A file whose content is not a policy or an SAE that can be opened here."""

    code = "unsupported_file"


class ShapeMismatch(InvalidInput):
    """Two things whose sizes must agree do not; the message says both shapes."""

    code = "shape_mismatch"


class NotFound(PolicyscopeError):
    """Something named in the request does not exist."""

    code = "not_found"


class Conflict(PolicyscopeError):
    """The request is valid but not in the present state."""

    code = "conflict"


class LimitExceeded(PolicyscopeError):
    """A size or count limit was passed."""

    code = "limit_exceeded"


class Busy(PolicyscopeError):
    """The queue is full; try again later."""

    code = "busy"


class StorageFull(PolicyscopeError):
    """The artifact store could not be written."""

    code = "storage_full"
