"""Requests to the running server: it alone writes the database."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from policyscope.config import Settings
from policyscope.core.errors import PolicyscopeError

WAIT_SECONDS = 15


def ask(settings: Settings, method: str, path: str) -> Any:
    """The server's JSON answer. Raises PolicyscopeError with the server's sentence, or without a server."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    address = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    headers = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
    request = urllib.request.Request(address + path, method=method, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=WAIT_SECONDS) as response:
            return json.loads(response.read())
    except urllib.error.HTTPError as error:
        raise PolicyscopeError(_sentence(error.read(), error.code)) from error
    except (OSError, ValueError) as error:
        raise PolicyscopeError(
            f"No policyscope server answers at {address}. Start one with `policyscope serve`, or set "
            "POLICYSCOPE_HOST and POLICYSCOPE_PORT to where it is."
        ) from error


def _sentence(body: bytes, status: int) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"The server answered with status {status}."
