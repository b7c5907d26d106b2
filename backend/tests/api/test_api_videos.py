"""Videos over HTTP: real frames of the recorded steps."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
from moviepy import VideoFileClip
from PIL import Image, ImageSequence

from policyscope.core.envs import get_env
from policyscope.core.film import FPS, Film, Pane, frames
from policyscope.core.film.plan import PAPER
from policyscope.core.film.sheet import Sheet
from policyscope.core.progress import drain
from policyscope.core.rollout import Arm, RolloutSpec, rollout
from policyscope.services import drawing_processes, videos

RECORDED = frozenset({"state", "actions", "rewards"})


@pytest.fixture
def run(client):
    model_id = client.with_sae()
    client("POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 1, "alpha": -2})
    return client.run(model_id, max_steps=40)


def made(client, run, **wanted):
    accepted = client("POST", f"/run/{run['id']}/video", {"size": 240, **wanted}, 202)
    job = client.finished(accepted["job_id"], timeout=60)
    assert (job["state"], job["result"]) == ("done", {"video_id": accepted["video_id"]}), job
    assert job["progress"]["done"] == job["progress"]["total"]
    return f"/video/{accepted['video_id']}"


def fetched(client, address, **headers):
    response = client.http.get(address, headers=headers)
    data = response.data
    response.close()
    return response, data


def test_a_video_shows_every_arm_side_by_side(client, run, tmp_path):
    address = made(client, run)
    whole, data = fetched(client, address)
    assert whole.headers["Content-Type"] == "video/mp4"
    (tmp_path / "video.mp4").write_bytes(data)
    seconds = 39 * get_env(tiny.ENV).dt if get_env(tiny.ENV).dt else 39 / 30
    with VideoFileClip(str(tmp_path / "video.mp4")) as clip:
        assert clip.size == [480, 312]
        assert clip.duration == pytest.approx(seconds, abs=2 / FPS)
        first, last = clip.get_frame(0), clip.get_frame(clip.duration - 1 / FPS)
    for left in (0, 240):  # something moved in either pane
        assert np.abs(first[40:, left : left + 240].astype(int) - last[40:, left : left + 240]).max() > 60
    part, data = fetched(client, address, Range="bytes=4-7")
    assert (part.status_code, data) == (206, b"ftyp")


def test_a_gif_of_one_arm(client, run):
    answer, data = fetched(client, made(client, run, format="gif", arms=["baseline"], speed=2))
    assert (answer.headers["Content-Type"], data[:4]) == ("image/gif", b"GIF8")


@pytest.mark.parametrize("env_id", ["Walker2d-v5", "hard_stable"])
def test_a_gif_has_the_colours_of_its_pictures(tmp_path, env_id):
    if get_env(env_id).render_note:
        pytest.skip(get_env(env_id).render_note)
    film = recorded_film(env_id)
    drain(videos.encode(film, tmp_path / "video.gif"))
    with Image.open(tmp_path / "video.gif") as picture:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]
    shown = frames[-1]
    names = Sheet(film)._plain[: film.head // 2].astype(int)  # they stand still, and so do their colours
    assert all((np.abs(frame[: film.head // 2] - names).max(axis=2) > 60).mean() < 0.002 for frame in frames)
    assert shown.shape == film.shape
    margin = shown[:3]  # nothing is drawn above the names
    assert np.abs(margin.astype(int) - PAPER).max() <= 6
    assert np.unique(margin.reshape(-1, 3), axis=0).shape[0] == 1  # and no noise stands in for a colour


def test_a_long_name_stays_in_its_pane():
    film = recorded_film("hard_stable", steps=3)
    long, other = (replace(film.panes[0], name=name) for name in ("α −5 on feature 16383, " * 4, "baseline"))
    alone, beside = (
        Sheet(replace(film, panes=panes))._plain[: film.head] for panes in ([other, long], [long, other])
    )
    size = film.size
    assert (
        beside[:, size:] == alone[:, :size]
    ).all()  # the other's heading as where nothing stands before it
    assert (alone[:, size:] == beside[:, :size]).all()


def test_refusals(client, run):
    address = f"/run/{run['id']}/video"
    assert "seed 999" in client("POST", address, {"seed": 999}, 404)["error"]["message"]
    assert "no arm 'x'" in client("POST", address, {"arms": ["x"]}, 404)["error"]["message"]
    assert "at most 4" in client("POST", address, {"arms": ["baseline"] * 5}, 400)["error"]["message"]
    client("POST", address, {"size": 241}, 422)
    client("GET", "/video/v_none", expect=404)


def recorded_film(env_id, size=240, steps=30):
    rng = np.random.default_rng(0)
    info = get_env(env_id)
    weights = rng.normal(size=(info.obs_dim, info.act_dim)) / 3
    arms = [Arm(name, lambda obs, w=weights * k: obs @ w) for k, name in ((1, "baseline"), (-1, "other"))]
    results = drain(rollout(arms, RolloutSpec(env_id, (0,), steps, record=RECORDED)))
    panes = [Pane(arm.name, (200, 90, 0), arm.traces[0], bool(arm.fell[0])) for arm in results]
    return Film(env_id, 0, panes, size)


@pytest.mark.parametrize(
    "env_id", ["Walker2d-v5", "Reacher-v5", "hard_stable", "CartPole-v1", "LunarLanderContinuous-v3"]
)
def test_every_kind_of_environment_can_be_filmed(env_id):
    if get_env(env_id).render_note:
        pytest.skip(get_env(env_id).render_note)
    film = recorded_film(env_id)
    pictures = list(frames(film))
    assert len(pictures) == len(film.steps) > 1
    assert film.steps[0] == 0
    assert all(side % 2 == 0 for side in pictures[0].shape[:2])
    assert all(picture.shape == pictures[0].shape for picture in pictures)
    assert any(not np.array_equal(picture, pictures[0]) for picture in pictures[1:])


def test_frames_follow_real_time():
    film = recorded_film("hard_stable", steps=60)
    assert film.steps[-1] == 59
    slow = Film(film.env_id, 0, film.panes, 240, speed=0.5)
    assert len(slow.steps) == pytest.approx(2 * len(film.steps), abs=2)


@pytest.mark.parametrize("processes", [1, 3])
def test_processes_that_share_a_film_draw_what_one_draws(processes):
    film = recorded_film("hard_stable", steps=20)
    shared = [picture.copy() for picture in drawing_processes.drawn(film, processes)]
    alone = list(frames(film))
    assert alone[0].shape == film.shape
    assert len(shared) == len(alone) > 2 * drawing_processes.AHEAD
    assert all(np.array_equal(one, other) for one, other in zip(shared, alone, strict=True))


def test_a_drawing_process_that_fails_says_why(monkeypatch):
    def failing(film, first, every):
        yield from list(frames(film, first, every))[:1]
        raise ValueError("no more paper")

    monkeypatch.setattr(drawing_processes, "frames", failing)
    with pytest.raises(RuntimeError, match="no more paper"):
        list(drawing_processes.drawn(recorded_film("hard_stable", steps=20), 2))


def test_one_bar_for_each_choice_or_share_of_the_bound():
    chosen = np.concatenate(Sheet(recorded_film("CartPole-v1")).bars)
    assert set(chosen.ravel()) <= {0, 1}
    assert (chosen.sum(axis=1) == 1).all()
    shares = np.concatenate(Sheet(recorded_film("hard_stable")).bars)
    assert np.abs(shares).max() == 1  # unbounded: of the largest on show
