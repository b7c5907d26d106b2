"""What belongs to the application that handles the present request."""

from __future__ import annotations

import threading
from typing import cast

from flask import current_app

from policyscope.services.live_sessions import LiveSessions
from policyscope.services.workspace import Workspace

WORKSPACE, STREAMS, LIVE = "policyscope", "policyscope.streams", "policyscope.live"


def workspace() -> Workspace:
    return cast(Workspace, current_app.extensions[WORKSPACE])


def streams() -> threading.BoundedSemaphore:
    """One place per event stream that may be open."""
    return cast(threading.BoundedSemaphore, current_app.extensions[STREAMS])


def live_sessions() -> LiveSessions:
    """What the server steps for pages that are open now."""
    return cast(LiveSessions, current_app.extensions[LIVE])
