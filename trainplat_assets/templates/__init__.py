"""The templates: each a Dagster Component, whose parameters a file gives."""

from trainplat_assets.templates.custom import Custom
from trainplat_assets.templates.evaluation import Evaluation
from trainplat_assets.templates.inference import Inference
from trainplat_assets.templates.loop import Loop
from trainplat_assets.templates.training import Finetune, Pretrain

__all__ = ["Custom", "Evaluation", "Finetune", "Inference", "Loop", "Pretrain"]
