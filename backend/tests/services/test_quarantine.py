"""The process that opens strangers' files: same answers, no rights, no harm."""

import io
import os
import signal
import time
import zipfile

import numpy as np
import pytest
import tiny

from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.policy_formats import open_policy
from policyscope.services import models, quarantine, quarantined


def resident_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_what_comes_back_is_what_the_reader_reads():
    data = tiny.policy_bytes(3)
    spec, tensors = quarantine.open_policy(data, "imitator.pt")
    expected_spec, expected = open_policy(data, "imitator.pt")
    assert spec == expected_spec
    assert list(spec.tensor_shapes()) == list(expected_spec.tensor_shapes())
    assert tensors.keys() == expected.keys()
    assert all(np.array_equal(tensors[name], expected[name]) for name in expected)


def test_a_warm_verdict_takes_no_time():
    quarantine.open_policy(tiny.policy_bytes(), "warm.pt")
    began = time.monotonic()
    quarantine.open_policy(tiny.policy_bytes(), "imitator.pt")
    assert time.monotonic() - began < 2.0


@pytest.mark.parametrize("data", [b"", b"no policy at all", b"PK\x03\x04broken", b"\x80\x02."])
def test_refusals_are_those_of_the_reader(data):
    with pytest.raises(UnsupportedFile) as direct:
        open_policy(data, "x.pt")
    with pytest.raises(UnsupportedFile) as quarantined_error:
        quarantine.open_policy(data, "x.pt")
    assert quarantined_error.value.message == direct.value.message


def test_a_file_that_unpacks_to_gigabytes_costs_the_server_nothing():
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("archive/data.pkl", "w") as member:
            for _ in range(64):
                member.write(bytes(1 << 20))
        archive.writestr("archive/version", "3")
    quarantine.open_policy(tiny.policy_bytes(), "warm.pt")
    before = resident_bytes()
    with pytest.raises((UnsupportedFile, LimitExceeded)):
        quarantine.open_policy(bomb.getvalue(), "bomb.pt")
    assert resident_bytes() - before < 50 << 20


def test_the_process_can_open_nothing_and_take_no_memory():
    """Forked here as the helper forks, then tried out from inside."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            quarantined._give_up_rights(1000)
            report = "".join(
                "n" if refused(act) else "y" for act in (open_a_file, open_a_socket, fill_memory, fork)
            )
            os.write(into, report.encode())
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        assert pipe.read().decode() == ("nnny" if os.geteuid() == 0 else "nnnn")
    os.waitpid(child, 0)


def refused(act):
    try:
        act()
    except (OSError, MemoryError):
        return True
    return False


def open_a_file():
    os.close(os.open("/etc/hostname", os.O_RDONLY))


def open_a_socket():
    import socket

    socket.socket().close()


def fill_memory():
    bytearray(8 << 30)


def fork():
    """The limit on processes does not bind root."""
    if os.fork() == 0:
        os._exit(0)


def test_a_helper_that_is_gone_is_started_again():
    quarantine.open_policy(tiny.policy_bytes(), "imitator.pt")
    process = quarantine._helper._process
    assert process is not None
    process.send_signal(signal.SIGKILL)
    process.wait()
    spec, _ = quarantine.open_policy(tiny.policy_bytes(), "imitator.pt")
    assert spec.obs_dim == tiny.OBS


def test_uploads_are_opened_there(monkeypatch):
    assert not hasattr(models, "open_policy")
    asked = []
    monkeypatch.setattr(quarantine, "open_policy", lambda data, filename: asked.append(filename) or stop())
    with pytest.raises(UnsupportedFile, match="stopped here"):
        models.upload(None, b"data", "imitator.pt")
    assert asked == ["imitator.pt"]


def stop():
    raise UnsupportedFile("stopped here")
