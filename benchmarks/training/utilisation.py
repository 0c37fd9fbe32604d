"""How much of a GPU's arithmetic a training uses: the training function beside plain code, by turns.

The model is as large as GPT-2 small (Radford et al. 2019). What a token takes is counted as in appendix B of
PaLM (Chowdhery et al. 2022): six operations for each weight of a matrix, and those of the attention.
"""

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.training.checkpoints import resumed_metrics
from benchmarks.training.loops import pair
from benchmarks.training.plans import POINTS
from resources.errors import BadInput
from resources.learning.distributed.plan import Plan, Precision, TaskChoice

PEAK_TFLOPS = {"H200": 989.4, "H100": 989.4, "A100": 312.0, "L40S": 362.0, "L4": 121.0}
"""Dense bf16 by the data sheets of NVIDIA; of the H100 that with NVLink."""


@dataclass(frozen=True)
class Size:
    """Of the model and its batches."""

    layers: int = 12
    heads: int = 12
    width: int = 768
    context: int = 1024
    batch_size: int = 32

    def plan(self, steps: int, **changes: Any) -> Plan:
        """In bf16, compiled, without checkpoints but at the end."""
        settings = {name: getattr(self, name) for name in ("layers", "heads", "width", "context")}
        return Plan(
            TaskChoice("text", settings),
            steps,
            self.batch_size,
            precision=Precision.BF16,
            log_every_steps=max(1, steps // POINTS),
            checkpoint_every_s=None,
            **{"compile": True, **changes},
        )

    def flops_per_token(self) -> float:
        """Forwards and backwards. Embeddings are looked up, not multiplied."""
        weights = self.layers * 12 * self.width**2 + 256 * self.width
        return 6 * weights + 12 * self.layers * self.width * self.context


def gpu_metrics(folder: Path, *, turns: int, steps: int) -> dict[str, float]:
    """``loop_utilisation`` and ``plain_utilisation``, and whether losses after a kill are the same.

    Raises :class:`BadInput` where there is no GPU, or one whose peak is not known.
    """
    peak = peak_flops()
    metrics = utilisation_metrics(folder / "utilisation", Size(), turns=turns, steps=steps, peak=peak)
    return metrics | resumed_metrics(folder / "resumed", steps=max(200, steps), device="cuda")


def utilisation_metrics(
    folder: Path, size: Size, *, turns: int, steps: int, peak: float, device: str = "cuda", **changes: Any
) -> dict[str, float]:
    """Both shares of ``peak`` operations per second, and the median of one over the other."""
    chosen = size.plan(steps, **changes)
    each = size.flops_per_token() * size.context / peak
    pairs = [
        pair(chosen, folder / str(turn), ours_first=turn % 2 == 0, device=device) for turn in range(turns)
    ]
    return {
        "loop_utilisation": median(ours for ours, _ in pairs) * each,
        "plain_utilisation": median(plain for _, plain in pairs) * each,
        "loop_over_plain_on_gpu": median(ours / plain for ours, plain in pairs),
    }


def peak_flops() -> float:
    """Of the GPU that torch sees first."""
    import torch

    if not torch.cuda.is_available():
        raise BadInput(
            "torch sees no GPU; expected one to measure how much of it is used",
            "Run this where there is one, or leave --gpu out.",
        )
    name = torch.cuda.get_device_name(0)
    for known, tflops in PEAK_TFLOPS.items():
        if known in name:
            return tflops * 1e12
    raise BadInput(
        f"the peak of {name} is not known; expected one of {', '.join(PEAK_TFLOPS)}",
        "Add it to PEAK_TFLOPS, from its data sheet.",
    )
