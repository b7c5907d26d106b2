"""Making artifacts: what is written, what is refused, and that --resume gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from policyscope.cli import main
from policyscope.core.activations import ActivationData, read_tensor
from policyscope.core.errors import Conflict, InvalidInput, NotFound, ShapeMismatch
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy
from policyscope.core.progress import Progress, Work, drain
from policyscope.core.sae_formats import open_sae
from policyscope.core.taps import examine_taps
from policyscope.services.pipeline import PipelineConfig, build_artifacts, stages
from policyscope.services.pipeline.scratch import publish

TINY = PipelineConfig(
    env="hard_stable",
    artifacts_dir="tiny",
    hidden_size=8,
    topk=4,
    num_traj=6,
    max_timesteps=40,
    epochs=2,
    steps=60,
    batch=32,
    eval_episodes=3,
)
GUIDE_FILES = ("imitator.pt", "walker_sae.pt", "cached_obs.pt", "tapped_activations.pt")


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("artifacts")
    return drain(build_artifacts(root, TINY)).path


def test_writes_the_guides_files_with_the_guides_shapes(finished: Path) -> None:
    policy = Policy(*open_policy((finished / "imitator.pt").read_bytes(), "imitator.pt"))
    sae = open_sae((finished / "walker_sae.pt").read_bytes(), "walker_sae.pt")
    observations = read_tensor((finished / "cached_obs.pt").read_bytes(), "cached_obs.pt")
    activations = read_tensor((finished / "tapped_activations.pt").read_bytes(), "tapped_activations.pt")
    assert (sae.d_in, sae.d_latent, sae.k, sae.tap_index) == (8, 32, 4, 4)
    assert observations.shape == (len(activations), 6)
    assert policy.spec.activation_source == "recorded"
    assert policy.spec.metadata["env"] == "hard_stable"
    report = examine_taps(policy, ActivationData(observations, activations), sae)
    assert (report.best.tap_index, report.best.activation) == (4, "gelu")
    assert report.best.reproduction_error < 1e-10


def test_manifest_and_card_tell_the_truth(finished: Path) -> None:
    manifest = json.loads((finished / "manifest.json").read_text())
    actual = digests(finished)
    assert {name: actual[name] for name in manifest["files"]} == manifest["files"]
    assert set(GUIDE_FILES) <= set(manifest["files"])
    metrics = json.loads((finished / "metrics.json").read_text())
    assert 0 <= metrics["held_out"]["fvu"] < 2
    assert f"{metrics['closed_loop']['return_baseline']:.4g}" in (finished / "MODEL_CARD.md").read_text()


def test_leaves_no_partial_work(finished: Path) -> None:
    assert [p.name for p in finished.parent.iterdir()] == ["tiny"]


@pytest.mark.parametrize("stop_after", [1, 3, 5, 12, 30])
def test_interrupted_and_resumed_equals_uninterrupted(
    tmp_path: Path, finished: Path, stop_after: int
) -> None:
    work = build_artifacts(tmp_path, TINY)
    for _ in range(stop_after):
        next(work)
    work.close()
    assert not (tmp_path / "tiny").exists()
    resumed = drain(build_artifacts(tmp_path, TINY, resume=True)).path
    assert digests(resumed) == digests(finished)


def test_writing_checkpoints_takes_a_twentieth_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing takes 2 s here, and a check comes every 10 s."""
    clock, written = [0.0], []

    def write(name: str, arrays: dict[str, float]) -> None:
        clock[0] += 2.0
        written.append((name, arrays["at"]))

    def work(checkpoint: None, on_checkpoint: Callable[[dict[str, float]], None]) -> Work[str]:
        for at in range(0, 100, 10):
            clock[0] = max(clock[0], float(at))
            on_checkpoint({"at": at})
        return "done"
        yield

    monkeypatch.setattr(stages, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    scratch = SimpleNamespace(read_arrays=lambda name: None, write_arrays=write)
    assert drain(stages._trained(SimpleNamespace(scratch=scratch), work, "sae")) == "done"
    assert written == [("sae.checkpoint", 0), ("sae.checkpoint", 50)]


def test_resume_refuses_other_settings_and_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nothing to resume"):
        build_artifacts(tmp_path, TINY, resume=True)
    work = build_artifacts(tmp_path, TINY)
    next(work)
    work.close()
    with pytest.raises(InvalidInput, match=r"--steps 60 → 61"):
        build_artifacts(tmp_path, replace(TINY, steps=61), resume=True)


def test_existing_artifacts_are_replaced_only_on_request(tmp_path: Path) -> None:
    target = tmp_path / "tiny"
    target.mkdir()
    (target / "walker_sae.pt").write_bytes(b"mine")
    (target / "notes.txt").write_text("keep me")
    with pytest.raises(Conflict, match=r"already holds walker_sae\.pt"):
        build_artifacts(tmp_path, TINY)
    drain(build_artifacts(tmp_path, TINY, overwrite=True))
    assert (target / "walker_sae.pt").read_bytes() != b"mine"
    assert (target / "notes.txt").read_text() == "keep me"


def test_an_mlp_of_the_right_width_is_not_cloned(tmp_path: Path, finished: Path) -> None:
    policy_file = tmp_path / "imitator.pt"
    policy_file.write_bytes((finished / "imitator.pt").read_bytes())
    seen: list[Progress] = []
    config = replace(TINY, policy="imitator.pt")
    path = drain(build_artifacts(tmp_path, config), seen.append).path
    assert not any("clon" in step.message for step in seen)
    before = Policy(*open_policy(policy_file.read_bytes(), "a"))
    after = Policy(*open_policy((path / "imitator.pt").read_bytes(), "b"))
    assert before.fingerprint() == after.fingerprint()


def test_a_policy_of_another_width_is_cloned_unless_never(tmp_path: Path, finished: Path) -> None:
    (tmp_path / "wide.pt").write_bytes((finished / "imitator.pt").read_bytes())
    config = replace(TINY, policy="wide.pt", hidden_size=12, artifacts_dir="narrow")
    never = drain(build_artifacts(tmp_path, replace(config, clone="never", artifacts_dir="never")))
    assert open_sae((never.path / "walker_sae.pt").read_bytes(), "").d_in == 8
    cloned = drain(build_artifacts(tmp_path, config))
    assert open_sae((cloned.path / "walker_sae.pt").read_bytes(), "").d_in == 12
    assert cloned.metrics["expert"]["return"] == never.metrics["closed_loop"]["return_baseline"]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"env": "Walker3d-v9"}, InvalidInput, "Walker3d-v9"),
        ({"env": "Pendulum-v1"}, InvalidInput, "--policy"),
        ({"policy": "nowhere.pt"}, NotFound, "nowhere.pt"),
        ({"artifacts_dir": "../outside"}, InvalidInput, "artifacts root"),
        ({"clone": "never"}, InvalidInput, "--clone never"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(
    tmp_path: Path, change: dict[str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        build_artifacts(tmp_path, replace(TINY, **change))
    assert list(tmp_path.iterdir()) == []


def test_sizes_that_do_not_fit_say_both(tmp_path: Path, finished: Path) -> None:
    (tmp_path / "six.pt").write_bytes((finished / "imitator.pt").read_bytes())
    with pytest.raises(ShapeMismatch, match=r"6.*17"):
        build_artifacts(tmp_path, replace(TINY, policy="six.pt", env="Walker2d-v5"))


@pytest.mark.parametrize(
    "flag", [{"steps": 0}, {"noise_scale": 2.0}, {"topk": 0}, {"lr": -1.0}, {"tap_index": -1}]
)
def test_flags_out_of_range(flag: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match=f"--{next(iter(flag))}"):
        replace(TINY, **flag)


@pytest.mark.slow
def test_a_stable_baselines3_zip_is_an_expert(tmp_path: Path) -> None:
    sb3 = pytest.importorskip("stable_baselines3")
    model = sb3.PPO("MlpPolicy", "Pendulum-v1", n_steps=8, batch_size=8, device="cpu")
    model.save(tmp_path / "ppo.zip")
    config = replace(TINY, env="Pendulum-v1", policy="ppo.zip", artifacts_dir="from_sb3")
    path = drain(build_artifacts(tmp_path, config)).path
    manifest = json.loads((path / "manifest.json").read_text())
    assert "cloned from ppo.zip (sb3" in manifest["policy"]


def test_the_guides_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICYSCOPE_ARTIFACTS", str(tmp_path))
    words = "make-artifacts --env hard_stable --artifacts_dir artifacts_w32 --hidden_size 32 --tap_index 4"
    small = " --num_traj 4 --max_timesteps 20 --epochs 1 --steps 20 --eval_episodes 2"
    result = CliRunner().invoke(main, (words + small).split())
    assert result.exit_code == 0, result.output
    sae = open_sae((tmp_path / "artifacts_w32" / "walker_sae.pt").read_bytes(), "walker_sae.pt")
    assert (sae.d_in, sae.d_latent, sae.k, sae.tap_index) == (32, 128, 16, 4)
    assert np.isfinite(sae.w_dec).all()
    again = CliRunner().invoke(main, (words + small).split())
    assert again.exit_code == 2
    assert "--overwrite" in again.output


def test_what_lay_in_the_directory_stays_and_nothing_is_read_or_written_through_links(tmp_path):
    target, outside = tmp_path / "target", tmp_path / "outside.pt"
    (target / "notes").mkdir(parents=True)
    (target / "notes" / "mine.txt").write_text("mine")
    outside.write_bytes(b"not ours")
    (target / "walker_sae.pt").symlink_to(outside)
    (target / "endless").symlink_to("/dev/zero")
    os.mkfifo(target / "pipe")
    scratch = SimpleNamespace(path=tmp_path / "work")
    scratch.path.mkdir()
    publish(scratch, target, {"walker_sae.pt": b"new"})
    assert (target / "walker_sae.pt").read_bytes() == b"new"
    assert outside.read_bytes() == b"not ours"
    assert (target / "notes" / "mine.txt").read_text() == "mine"
    assert (target / "endless").is_symlink()
    assert not (target / "pipe").exists()
