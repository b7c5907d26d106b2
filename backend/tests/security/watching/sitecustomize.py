"""Imported by every Python process of a watched server: writes down what it opens, with links followed."""

import os
import sys

OPENED = "POLICYSCOPE_TEST_OPENED"


def watch(log):
    """From now on append one line for every file or directory that this process opens to ``log``, a path."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def hook(event, arguments):
        if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], str | bytes):
            line = os.fsencode(target(event, *arguments)).replace(b"\n", b"\\n")
            os.write(descriptor, line + b"\n")

    sys.addaudithook(hook)


def target(event, path, _mode=None, flags=0):
    """The file that is opened: of a link the one it leads to, unless it is opened with O_NOFOLLOW."""
    path = os.fsdecode(path)
    if "\0" in path:
        return path.replace("\0", "\\0")
    if event == "open" and isinstance(flags, int) and flags & os.O_NOFOLLOW:
        return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    return os.path.realpath(path)


if OPENED in os.environ:
    watch(os.environ[OPENED])
