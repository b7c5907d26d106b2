"""Work that can be caught in any state; its output says which process published it."""

import os
import time

from policyscope.core.progress import Progress


def slow(store, spec):
    """``steps`` pauses of 20 ms, then a publication that takes ``publish_s`` seconds."""
    for number in range(spec["steps"]):
        yield Progress(number, spec["steps"], "steps")
        time.sleep(0.02)

    def token(file):
        file.write(b"published by ")
        file.flush()
        time.sleep(spec["publish_s"])
        file.write(f"{os.getpid()} at {time.time_ns()}".encode())

    yield Progress(spec["steps"], spec["steps"], "steps", "publishing")
    store.publish(spec["name"], {"token": token})
