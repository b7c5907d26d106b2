"""Training a TopK SAE: gradients against autograd, compiled steps against written-out ones, exact resume."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from policyscope.core import sae_wide
from policyscope.core.errors import InvalidInput
from policyscope.core.progress import drain
from policyscope.core.sae_compiled import CompiledLearner, _Pace, learner_for
from policyscope.core.sae_int8 import SUPPORTED, lanes_of
from policyscope.core.sae_sparse import gather
from policyscope.core.sae_step import AUX_COEFFICIENT, SaeLearner, keep_largest
from policyscope.core.sae_tile import compiled, enlist, limits, new_tile
from policyscope.core.sae_train import SaeTrainConfig, _new_learner, train_sae
from policyscope.core.sae_wide import WideLearner
from policyscope.core.sae_wide_kernel import keep_largest as compiled_keep_largest

SHAPES = [(128, 32, 512, 8), (40, 17, 300, 6), (9, 5, 33, 9), (4, 1, 32, 1)]
WIDER = [(150, 50, 200, 12), (80, 70, 140, 20)]
NEVER, ALWAYS = 1e9, -1.0
needs_bytes = pytest.mark.skipif(not SUPPORTED, reason="needs a processor that multiplies bytes in fours")


def _data(width: int, rows: int = 3000) -> torch.Tensor:
    rng = np.random.default_rng(width)
    mixed = rng.standard_normal((rows, width)) @ rng.standard_normal((width, width)) / np.sqrt(width)
    return torch.from_numpy(mixed.astype(np.float32))


def _decoder(features: int, width: int) -> torch.Tensor:
    rows = np.random.default_rng(features).standard_normal((features, width))
    return torch.from_numpy((rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32))


def _lessons(batch: int, steps: int = 25) -> tuple[torch.Tensor, np.ndarray]:
    order = np.random.default_rng(batch).integers(0, 3000, (steps, batch))
    return torch.from_numpy(order), np.linspace(3e-3, 1e-3, steps)


@pytest.mark.parametrize("dead_after", [NEVER, ALWAYS])
def test_written_out_gradients_are_those_of_autograd(dead_after: float) -> None:
    x, decoder = _data(12, 64), _decoder(30, 12)
    learner = SaeLearner(decoder, x.mean(dim=0), 4, dead_after)
    learner.silent.fill_(1.0)
    learner.gradients(x)
    theta = learner.theta.clone().requires_grad_()
    encoder, rows, b_enc, b_dec = learner.split(theta)
    pre = torch.relu((x - b_dec) @ encoder.T + b_enc)
    z = torch.zeros_like(pre).scatter(1, pre.topk(4, dim=1).indices, pre.topk(4, dim=1).values)
    error = x - z @ rows - b_dec
    loss = error.square().mean()
    if dead_after == ALWAYS:
        residual = error.detach()
        most = pre.topk(6, dim=1)
        auxiliary = torch.zeros_like(pre).scatter(1, most.indices, most.values) @ rows
        spread = (residual - residual.mean(dim=0)).square().sum()
        loss = loss + AUX_COEFFICIENT * (residual - auxiliary).square().sum() / spread
    loss.backward()
    expected = learner.split(theta.grad)
    for name, ours, theirs in zip(
        ("encoder", "decoder", "b_enc", "b_dec"), learner.split(learner.grad), expected, strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-7, msg=name)


@pytest.mark.parametrize(("features", "width", "batch", "k"), SHAPES)
@pytest.mark.parametrize(
    ("dead_after", "frozen"), [(NEVER, False), (ALWAYS, False), (600.0, False), (ALWAYS, True)]
)
def test_compiled_steps_are_the_written_out_ones_whatever_the_number_of_threads(
    features: int, width: int, batch: int, k: int, dead_after: float, frozen: bool
) -> None:
    data, decoder = _data(width), _decoder(features, width)
    order, rates = _lessons(batch)
    plain = SaeLearner(decoder, data.mean(dim=0), k, dead_after, frozen)
    loss = plain.learn(data, order, rates)
    compiled = [
        CompiledLearner(decoder, data.mean(dim=0), k, dead_after, frozen, threads) for threads in (1, 2, 3)
    ]
    for learner in compiled:
        assert learner.learn(data, order, rates) == pytest.approx(loss, rel=1e-4)
        torch.testing.assert_close(learner.theta, plain.theta, rtol=1e-3, atol=2e-5)
        assert torch.equal(learner.theta, compiled[0].theta)
        assert torch.equal(learner.silent, plain.silent)
        if frozen:
            torch.testing.assert_close(learner.split(learner.theta)[1], decoder, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("features", "width", "batch", "k"), WIDER)
def test_compiled_steps_are_the_written_out_ones_in_wider_layers_and_with_more_active(
    features: int, width: int, batch: int, k: int
) -> None:
    data, decoder = _data(width), _decoder(features, width)
    order, rates = _lessons(batch, steps=8)
    plain, one, two = (
        SaeLearner(decoder, data.mean(dim=0), k, 300.0),
        *(CompiledLearner(decoder, data.mean(dim=0), k, 300.0, False, threads) for threads in (1, 2)),
    )
    losses = [learner.learn(data, order, rates) for learner in (plain, one, two)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
    torch.testing.assert_close(one.theta, plain.theta, rtol=1e-3, atol=2e-5)
    assert torch.equal(one.theta, two.theta)
    assert torch.equal(one.silent, plain.silent)


@pytest.mark.parametrize(
    ("n", "k"), [(1, 1), (7, 2), (8, 8), (128, 8), (30, 5), (16, 16), (200, 13), (40, 25)]
)
def test_the_latents_that_are_listed_are_the_k_largest(n: int, k: int) -> None:
    drawn = np.random.default_rng(n + k).standard_normal((n, 32)).astype(np.float32)
    values, tile = np.maximum(drawn, 0), new_tile(n, 1, k)
    limits(values.reshape(-1), n, k, tile.columns)
    bits = (tile.columns.high, tile.words, tile.folded)
    enlist(tile.everyone, values.reshape(-1), bits, (0, 32), tile.main)
    for row in range(32):
        count = tile.main.how_many[row]
        wanted = [j for j in np.argsort(-values[:, row])[:k] if values[j, row] > 0]
        assert tile.main.latents[row, :count].tolist() == sorted(wanted)
        assert np.array_equal(tile.main.values[row, :count], values[sorted(wanted), row])


@needs_bytes
@pytest.mark.parametrize(("dead_after", "frozen"), [(NEVER, False), (ALWAYS, False), (ALWAYS, True)])
def test_steps_whose_candidates_bytes_name_are_the_written_out_ones(
    dead_after: float, frozen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sae_wide, "ASKED", 1)
    data, decoder = _data(48), _decoder(256, 48)
    order, rates = _lessons(300, steps=12)
    plain, wide = (
        kind(decoder, data.mean(dim=0), 8, dead_after, frozen) for kind in (SaeLearner, WideLearner)
    )
    for learner in (plain, wide):
        learner.silent.fill_(1.0)
    plain.gradients(data[order[0]])
    plain._before_update()
    wide.gradients(data[order[0]])
    torch.testing.assert_close(wide.grad, plain.grad, rtol=1e-3, atol=float(plain.grad.abs().max()) * 1e-5)
    assert wide.learn(data, order, rates) == pytest.approx(plain.learn(data, order, rates), rel=1e-3)
    assert torch.equal(wide.silent, plain.silent)


@needs_bytes
def test_the_wide_evaluation_is_the_written_out_one() -> None:
    x, decoder = _data(48, 2_500), _decoder(256, 48)
    plain, wide = (kind(decoder, x.mean(dim=0), 8, NEVER) for kind in (SaeLearner, WideLearner))
    assert wide.evaluate(x) == pytest.approx(plain.evaluate(x), rel=1e-4)


@needs_bytes
def test_what_bytes_cannot_rank_is_ranked_in_float32() -> None:
    """One column is so large that the others round to nothing, and latents do not look at it."""
    x, decoder = _data(48, 700), _decoder(1_000, 48)
    x[:, 7] *= 300.0
    decoder[:, 7] = 0.0
    plain, wide = (kind(decoder, x.mean(dim=0), 8, NEVER) for kind in (SaeLearner, WideLearner))
    assert wide.evaluate(x) == pytest.approx(plain.evaluate(x), rel=1e-6)
    plain.gradients(x)
    plain._before_update()
    wide.gradients(x)
    torch.testing.assert_close(wide.grad, plain.grad, rtol=1e-3, atol=float(plain.grad.abs().max()) * 1e-5)


@pytest.mark.parametrize(
    ("features", "lanes"),
    [("+avx2,+avxvnni", 8), ("+avxvnni,+avx512vnni", 16), ("-avx512vnni,+avx2", 0), ("", 0)],
)
def test_bytes_are_multiplied_where_the_processor_has_an_instruction_for_it(
    features: str, lanes: int
) -> None:
    assert lanes_of(features) == lanes


@pytest.mark.parametrize(("rows", "n", "k"), [(300, 256, 24), (33, 40, 1), (5, 9, 8), (64, 7, 7)])
def test_compiled_rows_keep_their_largest(rows: int, n: int, k: int) -> None:
    drawn = np.random.default_rng(rows).standard_normal((rows, n)).astype(np.float32)
    rectified = np.maximum(drawn, 0)
    wanted = keep_largest(torch.from_numpy(rectified.copy()), k).numpy()
    compiled_keep_largest(0, rows, rectified, k, new_tile(n, 1))
    assert np.array_equal(rectified, wanted)


@pytest.mark.parametrize(("width", "rows"), [(1, 32), (16, 5), (17, 32), (40, 31)])
def test_gathered_rows_are_centred_and_turned(width: int, rows: int) -> None:
    data, b_dec = _data(width, 200).numpy(), np.arange(width, dtype=np.float32)
    order, tile = np.random.default_rng(rows).integers(0, 200, rows), new_tile(4, width)
    centred = np.full((64, width), np.nan, dtype=np.float32)

    @compiled
    def call(data, rows, b_dec, beside, centred, first):
        gather(data, rows, b_dec, beside, centred, first)

    call(data, order, b_dec, tile.beside, centred, 32)
    wanted = data[order] - b_dec
    assert np.array_equal(centred[32 : 32 + rows], wanted)
    assert np.array_equal(tile.beside[:, :rows], wanted.T)
    assert np.isnan(centred[:32]).all()


def test_scratch_begins_with_a_line_of_the_cache() -> None:
    tile = new_tile(50, 7)
    for array in (tile.beside, tile.values, tile.dead_values, tile.words):
        assert array.ctypes.data % 64 == 0
        assert not array.any()


def test_all_threads_are_used_as_soon_as_they_are_faster_and_no_longer_when_they_are_not() -> None:
    pace, used = _Pace(), []
    for call in range(60):
        used.append(pace.choose(2))
        together = (
            3.0 if call < 2 or call >= 20 else 1.0
        )  # the first start threads; later the machine is busy
        pace.learn(used[-1], together if used[-1] == 2 else 2.0)
    assert used[:6] == [2, 1, 2, 1, 2, 1]
    assert used[6:20] == [2] * 14
    assert used[25:].count(1) > 28


@pytest.mark.parametrize(("features", "start"), [(256, 1.0), (4096, (128 / 4096) ** 0.5)])
def test_a_wide_encoder_starts_smaller(features: int, start: float) -> None:
    width = 256
    learner = _new_learner(_data(width), SaeTrainConfig(features, 8), 1000)
    encoder, decoder, _, _ = learner.split(learner.theta)
    torch.testing.assert_close(encoder, start * decoder)


@pytest.mark.parametrize(("features", "width", "batch", "k"), SHAPES)
def test_the_compiled_evaluation_is_the_written_out_one(
    features: int, width: int, batch: int, k: int
) -> None:
    x, decoder = _data(width, 77), _decoder(features, width)
    plain, compiled = (kind(decoder, x.mean(dim=0), k, NEVER) for kind in (SaeLearner, CompiledLearner))
    assert compiled.evaluate(x) == pytest.approx(plain.evaluate(x), rel=1e-5)


def test_the_bits_of_an_evaluation_do_not_depend_on_the_number_of_threads() -> None:
    x, decoder = _data(48, 1_100), _decoder(70, 48)
    found = {CompiledLearner(decoder, x.mean(dim=0), 8, NEVER, False, n).evaluate(x) for n in (1, 2, 3)}
    assert len(found) == 1


def test_the_size_decides_who_learns() -> None:
    assert learner_for(torch.empty(128, 32)) is CompiledLearner
    assert learner_for(torch.empty(4096, 512)) in (WideLearner, SaeLearner)
    assert learner_for(torch.empty(2, 32)) is SaeLearner


def test_equal_rows_and_rows_of_zeros_do_no_harm() -> None:
    data = torch.zeros(64, 8)
    data[:32] = 1.0
    order = torch.arange(64).reshape(1, 64).repeat(5, 1)
    learner = CompiledLearner(_decoder(16, 8), torch.zeros(8), 3, NEVER)
    assert np.isfinite(learner.learn(data, order, np.full(5, 1e-3)))
    assert torch.isfinite(learner.theta).all()


@pytest.mark.parametrize("features", [24, 40_000], ids=["compiled", "wide"])
def test_a_training_that_was_interrupted_ends_in_the_same_bits(features: int) -> None:
    x = _data(16, 1200).numpy()
    config = SaeTrainConfig(features, 4, steps=60 if features < 100 else 4, batch=128, device="cpu")
    saved: list[dict[str, np.ndarray]] = []
    whole = drain(train_sae(x[:1000], x[1000:], config, on_checkpoint=saved.append))
    half = saved[len(saved) // 2]
    again = drain(train_sae(x[:1000], x[1000:], config, checkpoint=half))
    assert half["steps"] < saved[-1]["steps"]
    assert whole.sae.fingerprint() == again.sae.fingerprint()
    for name, curve in whole.curves.items():
        assert np.array_equal(curve, again.curves[name]), name


def test_a_checkpoint_of_another_training_is_refused() -> None:
    x = _data(16, 600).numpy()
    saved: list[dict[str, np.ndarray]] = []
    drain(train_sae(x[:500], x[500:], SaeTrainConfig(24, 4, 20, 64), on_checkpoint=saved.append))
    with pytest.raises(InvalidInput, match="other settings"):
        train_sae(x[:500], x[500:], SaeTrainConfig(24, 4, 20, 64, seed=1), checkpoint=saved[0])
