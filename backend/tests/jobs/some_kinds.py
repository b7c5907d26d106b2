"""Work for the engine's tests: imported by name in the child process."""

import json
import os
import signal
import threading
import time

from policyscope.core.errors import InvalidInput
from policyscope.core.progress import Progress

KINDS = {
    name: f"some_kinds:{name}"
    for name in (
        "count", "stubborn", "refuse", "crash", "vanish", "half", "publish_then_hang", "greedy", "tell",
        "pieces", "linger",
    )
}  # fmt: skip


def count(store, spec):
    for number in range(spec["to"]):
        yield Progress(number, spec["to"], "steps", "counting", {"loss": float("nan"), "number": number})
        time.sleep(spec.get("pause", 0))
    yield Progress(spec["to"], spec["to"], "steps")
    store.publish(spec["name"], {"pid": str(os.getpid()).encode()})


def stubborn(store, spec):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    yield from count(store, spec)


def refuse(_store, _spec):
    raise InvalidInput("alpha is 7; at most 5 is allowed.")
    yield


def crash(_store, _spec):
    yield Progress(1, 2, "steps")
    raise ZeroDivisionError("private detail")


def vanish(_store, _spec):
    yield Progress(1, 2, "steps")
    os.kill(os.getpid(), signal.SIGKILL)


def half(store, spec):
    def endless(file):
        file.write(b"x" * 100)
        file.flush()
        time.sleep(60)

    yield Progress(0, 1, "files", "writing")
    store.publish(spec["name"], {"big": endless})


def publish_then_hang(store, spec):
    store.publish(spec["name"], {"a": b"x"})
    yield Progress(1, 2, "files", "published")
    time.sleep(60)


def linger(store, spec):
    """Its process does not end by itself."""
    threading.Thread(target=time.sleep, args=(600,), daemon=False).start()
    yield from count(store, spec)


def greedy(_store, spec):
    held = []
    for number in range(1_000):
        if spec["library"] == "torch":
            import torch

            held.append(torch.empty(64 << 20, dtype=torch.uint8))
        else:
            held.append(bytearray(64 << 20))
        yield Progress(number, 1_000, "blocks")


def tell(store, spec):
    """What the process may take, as it sees it."""
    import resource

    import torch
    from threadpoolctl import threadpool_info

    from policyscope.core.processors import processors

    yield Progress(1, 1, "answers")
    blas = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
    told = {
        "niceness": os.nice(0),
        "open_files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "memory": resource.getrlimit(resource.RLIMIT_DATA)[0],
        "torch": torch.get_num_threads(),
        "blas": sorted(blas),
        "processors": processors(),
    }
    store.publish(spec["name"], {"told.json": json.dumps(told).encode()})


def pieces(store, spec):
    """Work in four parts, each in its own process; the whole only gathers them."""
    kept = store.checkpoints(spec["name"])
    if "part" in spec:
        if spec["part"] == spec.get("bad"):
            raise InvalidInput(f"Part {spec['part']} cannot be made.")
        time.sleep(spec["pause"])
        kept.save(f"part-{spec['part']}", str(os.getpid()).encode())
        yield Progress(1, 1, "pieces")
        return
    made = {number: kept.load(f"part-{number}") for number in range(4)}
    yield Progress(4, 4, "pieces")
    told = {
        "made_before": [number for number, data in made.items() if data is not None],
        "processes": [int(data) for data in made.values() if data is not None],
    }
    store.publish(spec["name"], {"told.json": json.dumps(told).encode()})
