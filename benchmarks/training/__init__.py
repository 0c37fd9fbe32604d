"""What the training function costs: beside a plain loop, spread over processes, with checkpoints."""

import argparse
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.stack import say
from benchmarks.training.checkpoints import resumed_metrics, stall_metrics
from benchmarks.training.loops import loop_metrics
from benchmarks.training.utilisation import gpu_metrics
from benchmarks.training.ways import sharded_metrics, spread_metrics

NAME = "training"
DESCRIPTION = (
    "The training function on a small GPT and text made here: samples per second over those of a plain "
    "PyTorch loop of the same model, by turns; two processes of one thread with DDP over one; losses and "
    "parameters per process under FSDP2 against one process; the share of a minute that a checkpoint of 50 "
    "million parameters costs, steps that it slows down included; and whether losses after `kill -9` and "
    "resumption are the same to the last bit. With --gpu: of a model as large as GPT-2 small, in bf16, which "
    "share of the GPU's peak it uses beside plain code, and the same losses after a kill."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--turns", type=int, default=5, help="how often each of two is measured, by turns")
    parser.add_argument("--steps", type=int, default=60, help="steps of each training")
    parser.add_argument("--width", type=int, default=768, help="of the model of 7 layers for checkpoints")
    parser.add_argument("--context", type=int, default=128, help="bytes that the other models see at once")
    parser.add_argument(
        "--gpu", action="store_true", help="measure what a GPU is needed for, and nothing else"
    )


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Measure all of it, one after the other."""
    turns, steps, context = arguments.turns, arguments.steps, arguments.context
    with TemporaryDirectory(prefix="trainplat-benchmark-") as name:
        folder = Path(name)
        if arguments.gpu:
            return gpu_metrics(folder, turns=turns, steps=steps)
        metrics = loop_metrics(folder / "loops", turns=turns, steps=steps, context=context)
        say(f"loop over plain: {metrics['loop_over_plain']:.3f}")
        metrics |= spread_metrics(folder / "spread", turns=turns, steps=steps, context=context)
        say(f"DDP over one process: {metrics['ddp_over_one']:.2f}")
        metrics |= sharded_metrics(folder / "sharded", steps=steps, context=context)
        say(f"FSDP2: losses within {metrics['fsdp2_loss_difference']:.1e}")
        metrics |= resumed_metrics(folder / "resumed", steps=max(200, steps))
        threads = os.cpu_count() or 1
        metrics |= stall_metrics(folder / "stall", width=arguments.width, threads=threads)
        say(f"a checkpoint a minute: {metrics['checkpoint_stall_percent']:.2f} % of the time")
    return metrics
