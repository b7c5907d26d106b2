"""A sweep by command, and one of its SAEs put to use."""

import tiny

SMALL = (
    "--env", tiny.ENV, "--tap_index", tiny.TAP, "--topk", 2, "--topk", 4, "--d_latent", 16, "--steps", 40,
    "--batch", 32, "--num_traj", 6, "--max_timesteps", 30, "--eval_episodes", 3, "--seeds_of_each", 1,
)  # fmt: skip


def test_a_sweep_and_the_use_of_it(cli, model):
    found = cli("sweep", model, *SMALL, "--json")
    assert [cell["k"] for cell in found["cells"]] == [2, 4]
    again = cli("sweep", model, *SMALL)
    assert found["sentence"] in again
    assert "k 4 of 16" in cli("use-sweep", found["sweep_id"], "--cell", 1)
    same = found["command"].split()[1:]
    assert cli(*same, "--json")["sweep_id"] == found["sweep_id"]  # the command line on screen is this sweep


def test_what_cannot_be_swept(cli, model):
    assert "smaller k" in cli("sweep", model, *SMALL[:4], "--topk", 9, "--d_latent", 4, status=2)
    assert "no sweep" in cli("use-sweep", "w_0", status=2)
