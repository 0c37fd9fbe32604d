"""A perceptron whose head grows with new classes, in torch. Import this module inside functions only.

Letters of tensor shapes: n samples, d inputs, f features, k classes.
"""

import math

import torch
from torch import Tensor, nn

from resources.learning.head import GrowingHead, unset_layer


class Perceptron(nn.Module):
    """Inputs [n, d] in, logits [n, k] out, one hidden layer between.

    Weights are drawn as in He et al., "Delving deep into rectifiers", ICCV 2015.
    """

    def __init__(self, inputs: int, hidden: int, classes: int, generator: torch.Generator) -> None:
        super().__init__()
        self.hidden = unset_layer(inputs, hidden)
        self.head = GrowingHead(hidden, [classes])
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=math.sqrt(2 / layer.in_features), generator=generator)
                nn.init.zeros_(layer.bias)

    def forward(self, inputs_nd: Tensor) -> Tensor:
        """Logits [n, k]."""
        logits: Tensor = self.head(self.hidden(inputs_nd).relu())
        return logits
