"""Half precision: what training in float16 needs besides layers that compute in it.

A model built under Keras's policy mixed_bfloat16 or mixed_float16 keeps its weights, and the models of
`ablate.models` their logits, in float32; losses and metrics are float32 always. bfloat16 has the range of
float32 and needs nothing more. In float16 small gradients vanish: the objective is multiplied by a scale
before they are taken, and they are divided by it before they are applied.
"""

from __future__ import annotations

import keras

__all__ = ["with_loss_scaling"]


def with_loss_scaling(optimizer: keras.optimizers.Optimizer, model: keras.Model) -> keras.optimizers.Optimizer:
    """The optimizer of a model: as it is, but for a model that computes in float16, whose loss it also scales.

    Micikevicius et al., ICLR 2018, section 3.2, as Keras has it: a step whose scaled gradients are not all
    finite is skipped and halves the scale, which begins at 2¹⁵; 2,000 applied steps in a row double it. A
    skipped step is no divergence: that is an objective, or a weight, which is not finite.
    """
    if model.compute_dtype != "float16":
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)
