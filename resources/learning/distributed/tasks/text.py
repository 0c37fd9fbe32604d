"""A small GPT over the bytes of a text (Radford et al., 2019; pre-norm blocks, a head of its own weights)."""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from resources.errors import BadInput
from resources.learning.distributed.order import Places
from resources.learning.distributed.task import Batch
from resources.learning.distributed.tasks import made_text
from resources.learning.distributed.tasks.made_text import HELD_OUT
from resources.learning.distributed.tasks.settings import TextSettings

BYTES = 256
SCORED_WINDOWS = 64


Settings = TextSettings


class Text:
    """Windows of a text; the last tenth of it is held out."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        text = _read(settings)
        trained = int(len(text) * (1 - HELD_OUT))
        if len(text) - trained <= settings.context:
            raise BadInput(
                f"text {settings.text} has {len(text)} bytes; expected more than "
                f"{int(settings.context / HELD_OUT)} for a context of {settings.context}",
                "Give a longer text or a shorter context.",
            )
        whole = torch.frombuffer(bytearray(text), dtype=torch.uint8)
        self._train, self._test = whole[:trained], whole[trained:]

    @property
    def count(self) -> int:
        """Windows that begin at different bytes."""
        return len(self._train) - self.settings.context

    def model(self) -> nn.Module:
        """A GPT of the size that the settings ask for."""
        return Gpt(self.settings)

    def batch(self, places: Places) -> Batch:
        """``seen`` and ``next`` [n, t]: bytes, and the same one byte further on."""
        return self._windows(self._train, torch.from_numpy(places))

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Nats a byte."""
        logits: Tensor = model(batch["seen"])
        return functional.cross_entropy(logits.flatten(0, 1), batch["next"].flatten())

    def blocks(self, model: nn.Module) -> Iterator[nn.Module]:
        """Its layers."""
        yield from (one for one in model.modules() if isinstance(one, Block))

    def scores(self, model: nn.Module) -> dict[str, float]:
        """``held_out_loss``: nats a byte."""
        begins = torch.linspace(0, len(self._test) - self.settings.context - 1, SCORED_WINDOWS).long()
        batch = self._windows(self._test, begins)
        device = next(model.parameters()).device
        model.eval()
        with torch.no_grad():
            loss = self.loss(model, {name: value.to(device) for name, value in batch.items()})
        model.train()
        return {"held_out_loss": float(loss)}

    def _windows(self, text: Tensor, begins: Tensor) -> Batch:
        taken = text[begins[:, None] + torch.arange(self.settings.context + 1)].long()
        return {"seen": taken[:, :-1], "next": taken[:, 1:]}


class Gpt(nn.Module):
    """Bytes [n, t] in, logits of the next one [n, t, 256] out."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.tokens = nn.Embedding(BYTES, settings.width)
        self.places = nn.Embedding(settings.context, settings.width)
        self.blocks = nn.ModuleList(Block(settings) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(settings.width)
        self.head = nn.Linear(settings.width, BYTES, bias=False)
        self.apply(_begin)
        for name, parameter in self.named_parameters():
            if name.endswith("out.weight"):  # what is added to the residual stream, as GPT-2 scales it
                nn.init.normal_(parameter, std=0.02 / (2 * settings.layers) ** 0.5)

    def forward(self, seen: Tensor) -> Tensor:
        """Logits of what follows each byte."""
        x = self.tokens(seen) + self.places(torch.arange(seen.shape[1], device=seen.device))
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.head(self.norm(x))
        return logits


class Block(nn.Module):
    """Attention to what came before, then two linear layers."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        width = settings.width
        self.heads, self.dropout = settings.heads, settings.dropout
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.hidden = nn.Linear(width, 4 * width)
        self.hidden_out = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """What is added up for each byte, [n, t, width], with what this layer adds."""
        n, t, width = x.shape
        qkv = self.queries_keys_values(self.norm_1(x)).view(n, t, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        dropped = self.dropout if self.training else 0.0
        attended = functional.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=dropped)
        x = x + self._drop(self.attention_out(attended.transpose(1, 2).reshape(n, t, width)))
        return x + self._drop(self.hidden_out(functional.gelu(self.hidden(self.norm_2(x)))))

    def _drop(self, x: Tensor) -> Tensor:
        return functional.dropout(x, self.dropout, self.training)


def build(settings: Settings) -> Text:
    """The task."""
    return Text(settings)


def _read(settings: Settings) -> bytes:
    if settings.text in made_text.TEXTS:
        return made_text.TEXTS[settings.text](settings.characters).encode()
    path = Path(settings.text)
    try:
        return path.read_bytes()
    except OSError as problem:
        raise BadInput(
            f"text {settings.text!r} cannot be read: {problem.strerror}",
            f"Name a text file, or one of {', '.join(sorted(made_text.TEXTS))}, which are made here.",
        ) from problem


def _begin(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
