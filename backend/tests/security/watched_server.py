"""The real server, with everything that its Python processes open written down."""

from __future__ import annotations

import http.client
import os
import sys
from pathlib import Path

import places
import traps
from live_server import Server

HERE = Path(__file__).parent
SYSTEM = ("/proc/", "/sys/", "/dev/null", "/dev/urandom", "/usr/", "/etc/mime.types", "/etc/localtime")
TOKEN = "correct-horse-battery-staple"


class Watched(Server):
    """The real server on a root full of traps; it writes down what it opens, and asks for a token.

    It is bound to an address that counts as beyond loopback and is on it all the same.
    """

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder, self.opened = folder, folder / "opened"
        (folder / "tmp").mkdir()
        super().__init__(
            traps.build(folder),
            1,
            ("-m", "policyscope.cli", "serve"),
            PYTHONPATH=os.pathsep.join([str(HERE / "watching"), str(HERE.parents[1])]),
            POLICYSCOPE_TEST_OPENED=str(self.opened),
            POLICYSCOPE_FRONTEND=str(traps.bundle(folder)),
            TMPDIR=str(folder / "tmp"),
            POLICYSCOPE_HOST="127.0.0.2",
            POLICYSCOPE_TOKEN=TOKEN,
            **environ,
        )

    def __exit__(self, *_: object) -> None:
        self.kill_everything()

    def send(self, wire: places.Wire) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            kind = {"Content-Type": wire.content_type} if wire.content_type else {}
            connection.putrequest(wire.method, wire.target, skip_accept_encoding=True)
            for name, value in {**self.headers, **kind, "Content-Length": str(len(wire.body or b""))}.items():
                connection.putheader(name, value)
            connection.endheaders(wire.body)
            answer = connection.getresponse()
            return answer.status, answer.read() + str(answer.getheaders()).encode()
        finally:
            connection.close()

    def escapes(self, since: int = 0) -> set[str]:
        """What was opened outside of the root, the bundle, the temporary folder and Python itself."""
        inside = [str(self.folder / name) for name in ("artifacts", "dist", "tmp", "opened")]
        python = [sys.prefix, sys.base_prefix, str(HERE.parents[1]), *SYSTEM]
        with self.opened.open() as lines:
            lines.seek(since)
            opened = {line.rstrip("\n") for line in lines}
        return {path for path in opened if not path.startswith((*inside, *python))}
