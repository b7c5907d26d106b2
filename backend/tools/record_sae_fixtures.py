"""Record ``tests/fixtures/sae/``: one small SAE per library and variant, with what the library computes.

``python tools/record_sae_fixtures.py [openai's model.py]``. Written with
sae-lens 6.54.12, dictionary-learning 0.1.0, eai-sparsify 1.3.3, overcomplete 0.3.0, torch 2.13.0 on the CPU;
OpenAI's sparse_autoencoder has no release, so its model.py is given by path. What these packages import and
an SAE does not need (nnsight, torchvision, plots) is stubbed: torchvision's operators do not load beside a
CPU torch.
"""

import importlib.util
import sys
from pathlib import Path
from unittest.mock import MagicMock

import torch
from safetensors.torch import save_file

ROOT = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "sae"
D, F, K, N = 12, 40, 5, 32


def randomise(module, scale=0.4):
    """Nothing zero, nothing tied, no unit norm: whatever a reader drops shows in the numbers."""
    for index, (key, tensor) in enumerate([*module.named_parameters(), *module.named_buffers()]):
        if tensor.is_floating_point() and tensor.ndim > 0:
            generator = torch.Generator().manual_seed(index + len(key))
            tensor.data = (scale * torch.randn(tensor.shape, generator=generator)).to(tensor.dtype)


def record(name, sae, encode, decode):
    """In the library's float32, and by the same code and weights in float64, which shows what is rounding."""
    x = torch.randn(N, D, generator=torch.Generator().manual_seed(9)) + 0.3
    tensors = {"x": x}
    with torch.no_grad():
        for suffix, kind in (("_float32", torch.float32), ("", torch.float64)):
            training = sae.training
            sae.train()  # overcomplete fuses its dictionary on the way back to eval()
            sae.to(kind)
            sae.train(training)
            tensors[f"z{suffix}"] = z = encode(x.to(kind))
            tensors[f"reconstruction{suffix}"] = decode(z)
    kept = {key: value.detach().contiguous() for key, value in tensors.items()}
    save_file(kept, ROOT / name / "recorded.safetensors")
    print(f"{name:36} active {float((z != 0).float().sum(1).mean()):5.2f}")


def folder(name):
    (ROOT / name).mkdir(parents=True, exist_ok=True)
    return ROOT / name


def stub(*names):
    for name in names:
        sys.modules[name] = MagicMock(__spec__=None)


def saelens():
    import sae_lens as lens

    standard, topk = (lens.StandardSAE, lens.StandardSAEConfig), (lens.TopKSAE, lens.TopKSAEConfig)
    rescaled = {"normalize_activations": "constant_norm_rescale", "apply_b_dec_to_input": False}
    plain = {
        "standard": (*standard, {}),
        "standard_layer_norm": (*standard, {"normalize_activations": "layer_norm"}),
        "standard_rescaled": (*standard, rescaled),
        "topk": (*topk, {"k": K}),
        "topk_decoder_norm": (*topk, {"k": K, "rescale_acts_by_decoder_norm": True}),
        "jumprelu": (lens.JumpReLUSAE, lens.JumpReLUSAEConfig, {}),
        "gated": (lens.GatedSAE, lens.GatedSAEConfig, {}),
    }
    for name, (kind, config, extra) in plain.items():
        sae = kind(config(d_in=D, d_sae=F, **extra))
        randomise(sae)
        sae.save_model(folder(f"saelens_{name}"))
        record(f"saelens_{name}", sae, sae.encode, sae.decode)
    saelens_trained(lens)


def saelens_trained(lens):
    """Kinds that SAELens has a training class for, whose inference form carries a threshold."""
    from sae_lens.saes.batchtopk_sae import BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig
    from sae_lens.saes.matryoshka_batchtopk_sae import (
        MatryoshkaBatchTopKTrainingSAE,
        MatryoshkaBatchTopKTrainingSAEConfig,
    )

    batch = (BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig)
    nested = (MatryoshkaBatchTopKTrainingSAE, MatryoshkaBatchTopKTrainingSAEConfig)
    trained = {
        "batchtopk": (*batch, {"rescale_acts_by_decoder_norm": False}),
        "batchtopk_decoder_norm": (*batch, {"rescale_acts_by_decoder_norm": True}),
        "matryoshka": (*nested, {"matryoshka_widths": [10, 20, 40]}),
    }
    for name, (kind, config, extra) in trained.items():
        sae = kind(config(d_in=D, d_sae=F, k=K, **extra))
        randomise(sae)
        sae.topk_threshold = torch.tensor(0.9, dtype=torch.double)
        sae.save_inference_model(folder(f"saelens_{name}"))
        loaded = lens.SAE.load_from_disk(folder(f"saelens_{name}"))
        record(f"saelens_{name}", loaded, loaded.encode, loaded.decode)


def dictionary_learning():
    import json

    from dictionary_learning import dictionary
    from dictionary_learning.trainers.batch_top_k import BatchTopKSAE
    from dictionary_learning.trainers.matryoshka_batch_top_k import MatryoshkaBatchTopKSAE
    from dictionary_learning.trainers.top_k import AutoEncoderTopK

    makers = [
        dictionary.AutoEncoder(D, F),
        dictionary.GatedAutoEncoder(D, F),
        dictionary.JumpReluAutoEncoder(D, F),
        AutoEncoderTopK(D, F, K),
        BatchTopKSAE(D, F, K),
        MatryoshkaBatchTopKSAE(D, F, K, [10, 10, 20]),
    ]
    for sae in makers:
        randomise(sae)
        if getattr(sae, "threshold", torch.zeros(1)).ndim == 0:
            sae.threshold.fill_(0.9)
        name = f"dictionary_learning_{type(sae).__name__}"
        torch.save(sae.state_dict(), folder(name) / "ae.pt")
        trainer = {"dict_class": type(sae).__name__, "activation_dim": D, "dict_size": F, "k": K}
        (folder(name) / "config.json").write_text(json.dumps({"trainer": trainer}))
        record(name, sae, sae.encode, sae.decode)


def sparsify():
    from sparsify import SparseCoder, SparseCoderConfig

    sae = SparseCoder(D, SparseCoderConfig(num_latents=F, k=K))
    randomise(sae)
    sae.save_to_disk(folder("sparsify_topk"))

    def encode(x):
        found = sae.encode(x)
        return torch.zeros(len(x), F, dtype=x.dtype).scatter(1, found.top_indices, found.top_acts)

    def decode(z):
        values, places = z.topk(K, dim=1)
        return sae.decode(values, places)

    record("sparsify_topk", sae, encode, decode)


def openai(path):
    spec = importlib.util.spec_from_file_location("openai_sae", path)
    library = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(library)
    for name, activation, normalize in (
        ("topk", library.TopK(K), True),
        ("relu", torch.nn.ReLU(), False),
    ):
        sae = library.Autoencoder(F, D, activation, normalize=normalize)
        randomise(sae)
        torch.save(sae.state_dict(), folder(f"openai_{name}") / "autoencoder.pt")
        statistics = {}

        def encode(x, sae=sae, statistics=statistics):
            z, info = sae.encode(x)
            statistics.update(info)
            return z

        record(f"openai_{name}", sae, encode, lambda z, sae=sae, info=statistics: sae.decode(z, info))


def overcomplete():
    import overcomplete.sae as library

    for sae in (
        library.SAE(D, F),
        library.TopKSAE(D, F, top_k=K),
        library.BatchTopKSAE(D, F, top_k=K * N),
        library.JumpSAE(D, F),
    ):
        randomise(sae)
        if isinstance(sae, library.BatchTopKSAE):
            sae.running_threshold = torch.tensor(0.9)
        sae.dictionary.multiplier.fill_(0.2)
        sae.eval()
        name = f"overcomplete_{type(sae).__name__}"
        torch.save(sae, folder(name) / "sae.pt")
        record(name, sae, lambda x, sae=sae: sae.encode(x)[1], sae.decode)


if __name__ == "__main__":
    saelens()
    sparsify()
    stub("nnsight", "torchvision", "torchvision.transforms", "timm", "overcomplete.visualization")
    dictionary_learning()
    overcomplete()
    if len(sys.argv) > 1:
        openai(sys.argv[1])
