"""The process that opens strangers' files: same answers, no rights, no harm."""

import faulthandler
import io
import os
import re
import signal
import socket
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch

from policyscope.core.errors import InvalidInput, LimitExceeded, UnsupportedFile
from policyscope.core.policy_formats import open_policy
from policyscope.core.sae_formats import open_sae
from policyscope.core.torch_tensors import save_tensor
from policyscope.services import models, quarantine, quarantined, reading_process


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
    quickest = float("inf")
    for _ in range(10):  # others can slow down one verdict, and hardly ten
        began = time.monotonic()
        quarantine.open_policy(tiny.policy_bytes(), "imitator.pt")
        quickest = min(quickest, time.monotonic() - began)
    assert quickest < 0.5  # 0.01 s on a quiet machine; a new interpreter with its imports takes seconds


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
    socket.socket().close()


def fill_memory():
    bytearray(8 << 30)


def fork():
    """The limit on processes does not bind root."""
    if os.fork() == 0:
        os._exit(0)


class HelperHere:
    """Forks this process as the helper forks itself, so that a test can put a reader of its own in."""

    def connect(self):
        (pipe, their_pipe), (status, their_status) = socket.socketpair(), socket.socketpair()
        if os.fork() == 0:
            pipe.close()
            status.close()
            quarantined._watch_one(their_pipe.detach(), their_status.detach())
        their_pipe.close()
        their_status.close()
        return reading_process.Child(pipe, status)


def dies_of(number):
    def die(files):
        faulthandler.disable()
        os.kill(os.getpid(), number)

    return die


def wrong(files):
    raise ZeroDivisionError("a defect")


ENDS = [
    (wrong, UnsupportedFile, "the reader broke on this file"),
    (dies_of(signal.SIGSEGV), UnsupportedFile, "the reader broke on this file"),
    (dies_of(signal.SIGABRT), UnsupportedFile, "the reader broke on this file"),
    (lambda files: os._exit(3), UnsupportedFile, "the reader broke on this file"),
    (lambda files: ({"no": "spec"}, {}), InvalidInput, "policy description cannot be read"),
    (dies_of(signal.SIGALRM), LimitExceeded, "takes longer than"),
    (dies_of(signal.SIGPROF), LimitExceeded, "takes longer than"),
    (dies_of(signal.SIGXCPU), LimitExceeded, "takes longer than"),
    (lambda files: sum(iter(int, 1)), LimitExceeded, "takes longer than"),
    (dies_of(signal.SIGKILL), LimitExceeded, "the machine's memory was used up"),
    (lambda files: bytearray(8 << 30), LimitExceeded, "needs more memory than a file may take"),
    (lambda files: ({}, {"a": np.zeros(64 << 20, np.int8)}), LimitExceeded, "unpack to 67,108,864"),
]


@pytest.mark.parametrize(("reader", "kind", "sentence"), ENDS)
def test_every_end_of_the_process_is_told_as_what_it_was(monkeypatch, caplog, reader, kind, sentence):
    monkeypatch.setattr(quarantined, "READERS", {"policy": reader})
    monkeypatch.setattr(quarantine, "helper", HelperHere())
    with pytest.raises(kind, match=sentence) as error:
        quarantine.open_policy(b"data", "x.pt")
    broken = "defect of policyscope" in error.value.message
    assert (error.value.code == "reader_failed") is broken
    assert bool(caplog.records) is broken  # only our own defects are worth a line in the log
    os.wait()


def test_saes_and_cached_data_come_back_as_read():
    sae = quarantine.open_sae({"walker_sae.pt": tiny.sae_bytes()})
    assert sae.fingerprint() == open_sae(tiny.sae_bytes(), "x").fingerprint()
    assert sae.tap_index == tiny.TAP
    rows = np.arange(6, dtype=np.float32).reshape(3, 2)
    assert np.array_equal(quarantine.open_tensor(save_tensor(rows), "cached_obs.pt"), rows)
    with pytest.raises(UnsupportedFile, match=r"^cached_obs.pt"):
        quarantine.open_tensor(b"\x80\x02.", "cached_obs.pt")


@pytest.mark.parametrize(
    ("data", "found", "remedy"),
    [
        (b"", "the file is empty", "get the file again"),
        (b"PK\x03\x04broken", "directory is missing", "get the file again"),
        (b"\x1f\x8b\x08", "gzip", "Unpack"),
        (b"%PDF-1.7", "PDF", "Choose the file"),
        (b"\x89HDF\r\n", "HDF5", "copy the weights"),
        (b"notes of monday", "text", "Choose the file"),
        (b"\x80\x02}.", "pickle", "state_dict"),
        (b"version https://git-lfs.github.com/spec/v1", "pointer", "git lfs pull"),
    ],
)
def test_a_refusal_says_what_was_found_and_what_would_work(data, found, remedy):
    with pytest.raises(UnsupportedFile) as error:
        quarantine.open_policy(data, "x.pt")
    assert error.value.fields.keys() == {"found", "expected", "remedy"}
    assert found in error.value.fields["found"]
    assert "state_dict" in error.value.fields["expected"]
    assert remedy in error.value.fields["remedy"]
    assert "x.pt" not in error.value.fields["found"]


CONVOLUTIONS = tiny.saved({"0.weight": torch.zeros(8, 4, 3, 3), "1.weight": torch.zeros(6, 8)})
BY_CONTENT = [
    ("policy", b"notes of monday", "15 bytes: text.", "imitator.pt or agent.zip"),
    ("sae", b"notes of monday", "15 bytes: text.", "walker_sae.pt or sae_weights"),
    ("policy", b'{"env": "x"}', 'JSON text. JSON needs "layers"', '{"layers": [{"size"'),
    ("policy", tiny.sae_bytes(), "sparse autoencoder", "step 2"),
    ("sae", tiny.policy_bytes(), "Found the keys", "step 1"),
    ("policy", CONVOLUTIONS, "a convolution", "Train or distil an MLP"),
    ("policy", tiny.saved({"lstm.weight_ih_l0": torch.zeros(8, 3)}), "No chain of layers", "Train or distil"),
    ("policy", tiny.saved({"net.0.weight": torch.full((2, 3), torch.nan)}), "NaN", "earlier checkpoint"),
    ("policy", tiny.saved({"actor": Path("x")}), "No code was run.", "state_dict"),
    ("sae", tiny.saved({"sae_state": Path("x")}), "Its code was not run.", "save function"),
]


@pytest.mark.parametrize(("reader", "data", "found", "remedy"), BY_CONTENT)
def test_the_remedy_fits_what_the_file_is(reader, data, found, remedy):
    with pytest.raises(UnsupportedFile) as error:
        quarantine.read(reader, {"x.pt": data})
    assert found in error.value.fields["found"]
    assert remedy in error.value.fields["remedy"]


def test_a_file_that_takes_too_much_is_explained_too():
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(64 << 20))
    with pytest.raises(LimitExceeded) as error:
        quarantine.open_policy(bomb.getvalue(), "bomb.pt")
    assert "67,108,864" in error.value.fields["found"]
    assert "without optimiser state" in error.value.fields["remedy"]


def test_a_helper_that_is_gone_is_started_again():
    quarantine.open_policy(tiny.policy_bytes(), "imitator.pt")
    process = reading_process.helper._process
    assert process is not None
    process.send_signal(signal.SIGKILL)
    process.wait()
    spec, _ = quarantine.open_policy(tiny.policy_bytes(), "imitator.pt")
    assert spec.obs_dim == tiny.OBS


def test_nothing_else_opens_a_file_of_others():
    """Only the process that may do nothing imports the readers; the pipeline reads what it wrote itself."""
    readers = re.compile(r"\b(open_policy|open_sae|open_sae_files|read_tensor|load_tensors|load_archive)\b")
    users = {
        path.stem
        for path in Path(quarantined.__file__).parents[1].rglob("*.py")
        if "core" not in path.parts
        and any(readers.search(line) for line in path.read_text().splitlines() if "import" in line)
    }
    assert users == {"quarantined", "stages", "expert"}


def test_uploads_are_opened_there(monkeypatch):
    assert not hasattr(models, "open_policy")
    asked = []
    monkeypatch.setattr(quarantine, "open_policy", lambda data, filename: asked.append(filename) or stop())
    with pytest.raises(UnsupportedFile, match="stopped here"):
        models.upload(None, b"data", "imitator.pt")
    assert asked == ["imitator.pt"]


def stop():
    raise UnsupportedFile("stopped here")
