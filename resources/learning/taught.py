"""Steps that learn from labels and from teachers, in torch. Import this module inside functions only."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from resources.learning.continual.methods import Method, Shown
from resources.learning.teaching import Teaching


class Taught(Method):
    """Beside each labelled image one without a label, distorted too: its target is what teachers say."""

    def __init__(self, teaching: Teaching, label_smoothing: float, shown: Shown, device: str) -> None:
        self.label_smoothing, self.shown = label_smoothing, shown
        self._images = torch.from_numpy(np.array(teaching.images)).to(device)
        self._said = torch.from_numpy(np.array(teaching.said, dtype=np.float32)).to(device)

    def step(
        self, network: nn.Module, inputs: Tensor, labels: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """The loss of both halves of the batch, and the logits of the labelled one."""
        n = len(inputs)
        rows = torch.randint(len(self._images), (n,), generator=generator).to(inputs.device)
        logits = network(torch.cat([inputs, self.shown(self._images[rows], generator)]))
        from_labels = self.wrongness(logits[:n], labels)
        return from_labels + functional.cross_entropy(logits[n:], self._said[rows]), logits[:n]
