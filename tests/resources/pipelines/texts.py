"""Files of pipelines for tests."""

PRETRAIN = """\
type: trainplat_assets.templates.Pretrain
attributes:
  task: table
  steps: 20
  batch_size: 16
"""


def with_lines(*lines: str) -> str:
    """The file above with more parameters."""
    return PRETRAIN + "".join(f"  {line}\n" for line in lines)
