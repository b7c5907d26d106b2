"""SAE files of every library: parity with what the library computed, refusals, and export and back."""

import io
import json

import numpy as np
import pytest
import torch
from nets import file_of, random_sae
from safetensors.numpy import load, save

from benchmarks import parity_saes
from policyscope.core.errors import InvalidInput, UnsupportedFile
from policyscope.core.sae import SAE
from policyscope.core.sae_formats import EXPORTS, export_sae, open_sae, open_sae_files

NAMES = parity_saes.names()
VARIANTS = {
    "saelens_batchtopk": ("batchtopk", 5),
    "saelens_matryoshka": ("matryoshka", 5),
    "saelens_gated": ("gated", 40),
    "saelens_standard": ("relu", 40),
    "dictionary_learning_BatchTopKSAE": ("batchtopk", 5),
    "dictionary_learning_MatryoshkaBatchTopKSAE": ("matryoshka", 5),
    "openai_topk": ("topk", 5),
    "overcomplete_JumpSAE": ("jumprelu", 40),
}


def fixture(name):
    directory = parity_saes.FIXTURES / name
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != parity_saes.RECORDED}


def changed(name, file, change):
    """The fixture with ``change`` applied to the tensors or the configuration of one file."""
    files = fixture(name)
    if file.endswith(".json"):
        config = json.loads(files[file])
        change(config)
        files[file] = json.dumps(config).encode()
    elif file.endswith(".safetensors"):
        tensors = load(files[file])
        change(tensors)
        files[file] = save(tensors)
    else:
        tensors = torch.load(io.BytesIO(files[file]), weights_only=True)
        change(tensors)
        files[file] = file_of(tensors)
    return files


def test_every_library_of_the_issue_is_recorded():
    libraries = {"saelens", "dictionary_learning", "sparsify", "openai", "overcomplete"}
    assert {lib for lib in libraries if any(name.startswith(lib) for name in NAMES)} == libraries
    assert len(NAMES) == 23


@pytest.mark.parametrize("name", NAMES)
def test_encode_and_decode_are_the_librarys(name):
    parity = parity_saes.measure(name)
    assert parity.same_active
    assert parity.encode <= 1e-6
    assert parity.decode <= 1e-6


def test_the_table_has_a_line_for_each_and_no_failure():
    text = parity_saes.table()
    assert all(f"| {name} |" in text for name in NAMES)
    assert "**no**" not in text


@pytest.mark.parametrize(("name", "expected"), VARIANTS.items())
def test_variant_and_k(name, expected):
    sae = open_sae_files(fixture(name))
    assert (sae.variant, sae.k) == expected


def test_a_dropped_threshold_would_show():
    """The control of the parity tests: without its threshold the same file gives other latents."""
    sae = open_sae_files(fixture("saelens_batchtopk"))
    recorded = load((parity_saes.FIXTURES / "saelens_batchtopk" / parity_saes.RECORDED).read_bytes())
    plain = SAE(sae.w_enc, sae.b_enc, sae.w_dec, sae.b_dec, sae.d_latent)
    assert np.abs(plain.encode(recorded["x"]) - recorded["z"]).max() > 0.1


@pytest.mark.parametrize("form", EXPORTS)
@pytest.mark.parametrize("name", [*NAMES, "ours"])
def test_export_and_back_is_the_same_sae(name, form):
    sae = random_sae() if name == "ours" else open_sae_files(fixture(name))
    again = open_sae_files(export_sae(sae, form))
    assert again.fingerprint() == sae.fingerprint()
    assert (again.k, again.tap_index, again.variant) == (sae.k, sae.tap_index, sae.variant)


def test_an_export_format_that_does_not_exist():
    with pytest.raises(InvalidInput, match="use one of original, safetensors, saelens"):
        export_sae(random_sae(), "gguf")


def extra(tensors):
    first = next(iter(tensors.values()))
    tensors["surprise"] = first[:1] * 0


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("saelens_topk", "sae_weights.safetensors"),
        ("saelens_jumprelu", "sae_weights.safetensors"),
        ("sparsify_topk", "sae.safetensors"),
        ("dictionary_learning_BatchTopKSAE", "ae.pt"),
        ("openai_relu", "autoencoder.pt"),
    ],
)
def test_unknown_tensors_are_refused(name, file):
    with pytest.raises(UnsupportedFile, match="surprise, whose meaning is not known"):
        open_sae_files(changed(name, file, extra))


def setting(**values):
    return lambda config: config.update(values)


def test_settings_that_change_the_numbers_are_refused():
    cases = [
        ("saelens_topk", setting(architecture="temporal"), "architecture is 'temporal'"),
        ("saelens_topk", setting(k=0), "k is 0"),
        ("saelens_topk", setting(normalize_activations="expected_average_only_in"), "not in the file"),
        ("saelens_topk", setting(reshape_activations="hook_z"), "hook_z"),
        ("saelens_standard", setting(activation_fn="tanh-relu"), "older SAELens"),
        ("saelens_standard", setting(finetuning_scaling_factor=True), "older SAELens"),
        ("saelens_jumprelu", setting(architecture="standard"), "threshold, whose meaning"),
        ("sparsify_topk", setting(activation="groupmax"), "groupmax"),
        ("sparsify_topk", setting(transcode=True), "transcode"),
        ("sparsify_topk", setting(skip_connection=True), "skip_connection"),
    ]
    for name, change, words in cases:
        with pytest.raises(UnsupportedFile, match=words):
            open_sae_files(changed(name, "cfg.json", change))


def test_topk_and_batchtopk_of_dictionary_learning_need_their_configuration():
    for name in ("AutoEncoderTopK", "BatchTopKSAE"):
        files = fixture(f"dictionary_learning_{name}")
        with pytest.raises(UnsupportedFile, match=r"AutoEncoderTopK and BatchTopKSAE.*config\.json"):
            open_sae(files["ae.pt"], "ae.pt")
    assert open_sae(fixture("dictionary_learning_AutoEncoder")["ae.pt"], "ae.pt").variant == "relu"


def test_a_threshold_that_training_never_set_is_refused():
    files = changed(
        "dictionary_learning_BatchTopKSAE", "ae.pt", lambda t: t.update(threshold=torch.tensor(-1.0))
    )
    with pytest.raises(UnsupportedFile, match="never set in training"):
        open_sae_files(files)


def test_files_that_need_each_other():
    weights = {"sae_weights.safetensors": fixture("saelens_topk")["sae_weights.safetensors"]}
    with pytest.raises(UnsupportedFile, match=r"needs its cfg\.json"):
        open_sae_files(weights)
    for files in ({}, {"cfg.json": b"{}"}, {"a.pt": b"", "b.pt": b""}):
        with pytest.raises(UnsupportedFile, match="one file of weights"):
            open_sae_files(files)
    with pytest.raises(UnsupportedFile, match="not JSON"):
        open_sae_files({**weights, "cfg.json": b"{"})
    with pytest.raises(UnsupportedFile, match="a list"):
        open_sae_files({**weights, "cfg.json": b"[]"})


@pytest.mark.parametrize("architecture", [["topk"], {}, None, 7, "vae"])
def test_an_architecture_that_is_not_known_is_refused(architecture):
    weights = {"sae_weights.safetensors": save(random_sae().arrays(), {})}
    with pytest.raises(UnsupportedFile, match="architecture"):
        open_sae_files({**weights, "cfg.json": json.dumps({"architecture": architecture}).encode()})


@pytest.mark.parametrize("header", [{}, {"k": "5"}, {"k": 5, "tap_index": 0.5}])
def test_a_damaged_header_of_ours_is_refused(header):
    data = save(random_sae().arrays(), {"policyscope_sae": json.dumps(header)})
    with pytest.raises(UnsupportedFile, match="damaged"):
        open_sae(data, "sae.safetensors")


def test_safetensors_that_are_none():
    with pytest.raises(UnsupportedFile, match="not a safetensors file"):
        open_sae(b"\x10\x00\x00\x00\x00\x00\x00\x00{garbage......}", "sae.safetensors")


def test_openai_activations_that_are_not_known():
    for activation in ("Identity", "Softmax"):
        files = changed("openai_relu", "autoencoder.pt", lambda t, a=activation: t.update(activation=a))
        with pytest.raises(UnsupportedFile, match=activation):
            open_sae_files(files)
