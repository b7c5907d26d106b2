"""Artifacts directories whose cached data are HDF5 files or a Minari dataset, through the API."""

import io
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import tiny
import torch

from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy
from policyscope.services import quarantine

MINARI = Path(__file__).parents[1] / "fixtures" / "minari"


def load(client, expect=200, **body):
    model_id = client.model()
    return client("POST", f"/model/{model_id}/load_sae", {"artifacts_dir": "other", **body}, expect), model_id


def as_hdf5(directory: Path) -> None:
    for stem in ("cached_obs", "tapped_activations"):
        path = directory / f"{stem}.pt"
        with h5py.File(directory / f"{stem}.hdf5", "w") as file:
            rows = torch.load(path, weights_only=True).numpy()
            file.create_dataset("table", data=rows, chunks=(50, rows.shape[1]), compression="gzip")
        path.unlink()


def test_hdf5_files_give_what_torch_files_give(client, artifacts):
    directory = tiny.write_directory(artifacts, "other")
    before, _ = load(client)
    as_hdf5(directory)
    listed = {each["artifacts_dir"]: each for each in client("GET", "/artifacts")["directories"]}
    assert listed["other"]["complete"]
    after, model_id = load(client)
    assert after["activations_from"] == "file"
    assert {**after, "id": None} == {**before, "id": None}
    client("POST", f"/model/{model_id}/interpret_features", {"target_dim": 0, "top_k": 4})


def minari_directory(artifacts: Path, place: str) -> Path:
    directory = tiny.write_directory(artifacts, "other", tiny.Recipe(data=False, manifest=False))
    (directory / place).mkdir(parents=True, exist_ok=True)
    for file in (MINARI / "pendulum" / "data").iterdir():
        shutil.copyfile(file, directory / place / file.name)
    return directory


@pytest.mark.parametrize("place", ["data", ".", "cached_obs/data"])
def test_a_minari_dataset_is_enough_and_the_policy_gives_the_activations(client, artifacts, place):
    minari_directory(artifacts, place)
    listed = {each["artifacts_dir"]: each for each in client("GET", "/artifacts")["directories"]}
    assert (listed["other"]["complete"], listed["other"]["env"]) == (True, "Pendulum-v1")
    info, model_id = load(client)
    assert (info["n_samples"], info["env"], info["activations_from"]) == (150, "Pendulum-v1", "policy")
    assert (info["reproduction_error"], info["candidate"], info["warnings"]) == (None, None, [])
    assert info["fvu"] < 1e-6  # the tiny SAE loses nothing
    found = client("POST", f"/model/{model_id}/interpret_features", {"target_dim": 0, "top_k": 4})
    assert found["n_samples"] == 150


def test_what_is_kept_of_minari_is_its_steps_and_the_tap_of_the_policy(client, artifacts, settings):
    directory = minari_directory(artifacts, "data")
    load(client)
    (kept,) = (settings.store / "saes").iterdir()
    arrays = {path.stem: np.load(path) for path in kept.glob("*.npy")}
    assert set(arrays) == {"observations", "activations", "episode", "step", "action", "reward"}
    assert np.array_equal(np.unique(arrays["episode"]), np.arange(12))
    spec, tensors = open_policy((directory / "imitator.pt").read_bytes(), "imitator.pt")
    tapped = Policy(spec, tensors).head(arrays["observations"], tiny.TAP).astype(np.float32)
    assert np.array_equal(arrays["activations"], tapped)
    assert not list((settings.store / "tmp").glob("*"))


def test_with_computed_activations_only_the_sae_can_object_to_the_tap(client, artifacts):
    directory = minari_directory(artifacts, "data")
    half = torch.eye(8)[:4]  # an SAE that knows four of eight directions
    state = {"encoder.weight": torch.cat([half, -half]), "decoder.weight": torch.cat([half, -half]).T}
    (directory / "walker_sae.pt").write_bytes(
        tiny.saved({"sae_state": state, "d_in": 8, "d_latent": 8, "k": 8, "tap_index": tiny.TAP})
    )
    info, model_id = load(client)
    assert [warning["code"] for warning in info["warnings"]] == ["high_fvu"]
    assert "no activations that could tell" in info["warnings"][0]["message"]
    client("PATCH", f"/model/{model_id}", {"activation": "relu"})
    (warning,) = client("GET", f"/model/{model_id}/sae")["warnings"]
    assert (warning["code"], warning["fix"]["path"]) == ("activation_mismatch", f"/model/{model_id}/load_sae")
    assert client("GET", f"/model/{model_id}")["activation_source"] == "user"


def test_a_refused_file_says_what_was_found_and_what_would_work(client, artifacts, settings):
    directory = tiny.write_directory(artifacts, "other")
    (directory / "cached_obs.pt").unlink()
    with h5py.File(directory / "cached_obs.hdf5", "w") as file:
        file["observations"] = h5py.ExternalLink("/etc/passwd", "/")
    error = load(client, 400)[0]["error"]
    assert error["message"].startswith("other/cached_obs.hdf5: ")
    assert "another file" in error["fields"]["found"]
    assert "HDF5" in error["fields"]["found"]
    assert "Minari" in error["fields"]["expected"]
    assert "numpy.save" in error["fields"]["remedy"]
    assert not (settings.store / "saes").exists()
    assert not list((settings.store / "tmp").glob("*"))
    shutil.copyfile(MINARI / "goal/data/main_data.hdf5", directory / "cached_obs.hdf5")
    assert "dictionary" in load(client, 400)[0]["error"]["message"]


def test_an_hdf5_file_that_unpacks_to_gigabytes_is_refused(client, artifacts):
    directory = tiny.write_directory(artifacts, "other")
    (directory / "cached_obs.pt").unlink()
    with h5py.File(directory / "cached_obs.hdf5", "w") as file:
        file.create_dataset("observations", (10**7, 512), "f4", chunks=(1000, 512))
    assert "20,480,000,000" in load(client, 413)[0]["error"]["message"]


def test_a_link_that_leads_a_minari_dataset_out_is_not_followed(client, artifacts, tmp_path):
    directory = tiny.write_directory(artifacts, "other", tiny.Recipe(data=False))
    (directory / "data").symlink_to(MINARI / "pendulum" / "data")
    info, _ = load(client)
    assert info["has_cached_data"] is False


def test_the_same_data_of_two_saes_are_kept_once_on_disk(client, artifacts, settings):
    _, model_id = load(client, artifacts_dir="pendulum_w8")
    form = {"file": (io.BytesIO(tiny.sae_bytes(k=4)), "walker_sae.pt")}
    info = client("POST", f"/model/{model_id}/sae", expect=201, data=form)
    assert (info["n_samples"], info["activations_from"]) == (400, "file")
    files = list((settings.store / "saes").glob("*/activations.npy"))
    assert len(files) == 2
    assert len({path.stat().st_ino for path in files}) == 1


def test_rows_come_through_the_process_that_may_do_nothing(tmp_path):
    rows = np.random.default_rng(0).standard_normal((300_000, 8)).astype(np.float32)
    np.save(tmp_path / "rows.npy", rows)
    with (tmp_path / "rows.npy").open("rb") as file:
        size = (tmp_path / "rows.npy").stat().st_size
        with quarantine.rows_of(file.fileno(), size, "rows.npy", "observations") as incoming:
            parts = list(incoming.blocks("observations"))
    assert len(parts) > 1
    assert np.array_equal(np.concatenate(parts), rows)
