"""The ways to train an SAE beside TopK, one file each: a learner says what its loss is and which latents it
keeps (``learner.py``), the rest of training is the same for all. TopK itself is ``core/sae_step.py``.
"""

from __future__ import annotations

from policyscope.core.sae_variants.batchtopk import BatchTopKLearner
from policyscope.core.sae_variants.gated import GatedLearner
from policyscope.core.sae_variants.jumprelu import JumpReluLearner
from policyscope.core.sae_variants.learner import VariantLearner
from policyscope.core.sae_variants.matryoshka import MatryoshkaLearner
from policyscope.core.sae_variants.relu import ReluLearner

__all__ = ["LEARNERS", "VariantLearner"]

LEARNERS: dict[str, type[VariantLearner]] = {
    "batchtopk": BatchTopKLearner,
    "jumprelu": JumpReluLearner,
    "matryoshka": MatryoshkaLearner,
    "gated": GatedLearner,
    "relu": ReluLearner,
}
