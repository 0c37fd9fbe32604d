"""Things in pictures, in torch: each cell of a picture tells whether a thing has its middle there, which, and
how large it is (Zhou, Wang and Krähenbühl 2019, *Objects as points*; without its heat maps).

Import this module inside functions only.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from resources.learning.kinds.model import Measured
from resources.learning.kinds.network import KindNet, Marks, Places, Shape
from resources.learning.kinds.scoring import score_boxes
from resources.learning.model import Images
from resources.marks import Box, boxes_in, written
from resources.terms import Label

STRIDE_PX = 4
"""The side of a cell."""
SURE_ENOUGH = 0.4
"""From here on what is found is said to people; all of it counts for the average precision."""
LEAST_SURE = 0.05
SAME_THING = 0.4
"""Of two boxes that overlap so much the surer one counts."""
SHIFT_PX = 3
"""Pictures are moved by up to so much, at random, while they are learnt."""
FOCUS = 2.0
"""How much less a cell counts that is told rightly already (Lin and others 2017, *Focal loss*)."""


class BoxNet(KindNet):
    """A cell is a place."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        c = shape.channels
        self.body = nn.Sequential(
            *_layer(1, c, 1),
            *_layer(c, 2 * c, 2),
            *_layer(2 * c, 4 * c, 2),
            *_layer(4 * c, 4 * c, 1),
            *_layer(4 * c, 4 * c, 1),
        )
        self.head = nn.Linear(4 * c, len(shape.classes) + 1)
        self.sides = nn.Linear(4 * c, 4)

    def places(self, samples_nhw: Tensor) -> Places:
        """What the heads are given of each cell, [n, p, f], row by row."""
        features_npf = self.body(samples_nhw.float().unsqueeze(1) / 255.0).flatten(2).transpose(1, 2)
        there = torch.ones(features_npf.shape[:2], dtype=torch.bool, device=features_npf.device)
        return Places(features_npf, there)

    def targets(self, samples: Images, answers: Sequence[Label]) -> list[Tensor]:
        """The boxes of each picture, [n, m, 5]: left, top, width, height in pixels, class; -1 for none."""
        _, height_px, width_px = samples.shape
        read = [boxes_in(answer) for answer in answers]
        found = torch.full((len(read), max(map(len, read), default=0), 5), -1.0)
        for row, boxes in enumerate(read):
            for number, box in enumerate(boxes):
                sides = (box.x * width_px, box.y * height_px, box.width * width_px, box.height * height_px)
                chosen = self.shape.classes.index(box.label)
                found[row, number] = torch.tensor([*(side / 100 for side in sides), chosen])
        return [found]

    def loss(
        self, samples_nhw: Tensor, targets: Sequence[Tensor], smoothing: float, generator: torch.Generator
    ) -> tuple[Tensor, float]:
        """Focal cross entropy of all cells, and the error of the sides where a thing has its middle."""
        del smoothing
        samples_nhw, boxes_nm5 = _moved(samples_nhw, targets[0], generator)
        features_npf = self.places(samples_nhw).features_npf
        classes_np, sides_np4 = self._cells(boxes_nm5)
        logits = self.head(features_npf).flatten(0, 1)
        entropy = nn.functional.cross_entropy(logits, classes_np.flatten(), reduction="none")
        focal = ((1 - torch.exp(-entropy)) ** FOCUS * entropy).sum()
        is_thing = classes_np < len(self.shape.classes)
        things = is_thing.sum().clamp(min=1)
        error = nn.functional.smooth_l1_loss(
            self.sides(features_npf)[is_thing], sides_np4[is_thing], reduction="sum", beta=0.2
        )
        right = logits.detach().argmax(dim=1).view_as(classes_np) == classes_np
        share = right[is_thing].float().mean() if bool(is_thing.any()) else right.float().mean()
        return (focal + error) / things, float(share)

    def _cells(self, boxes_nm5: Tensor) -> tuple[Tensor, Tensor]:
        """[n, p] class and [n, p, 4] sides of each cell. Of two things in one cell the later one counts."""
        rows, columns = self._grid()
        n, device = len(boxes_nm5), boxes_nm5.device
        classes = torch.full((n, rows * columns), len(self.shape.classes), device=device)
        sides = torch.zeros(n, rows * columns, 4, device=device)
        middle_x = (boxes_nm5[..., 0] + boxes_nm5[..., 2] / 2) / STRIDE_PX
        middle_y = (boxes_nm5[..., 1] + boxes_nm5[..., 3] / 2) / STRIDE_PX
        inside = (middle_x >= 0) & (middle_x < columns) & (middle_y >= 0) & (middle_y < rows)
        for sample, number in (inside & (boxes_nm5[..., 4] >= 0)).nonzero().tolist():
            x, y = middle_x[sample, number], middle_y[sample, number]
            cell = int(y) * columns + int(x)
            width, height = boxes_nm5[sample, number, 2:4] / STRIDE_PX
            classes[sample, cell] = int(boxes_nm5[sample, number, 4])
            sides[sample, cell] = torch.stack([x - int(x), y - int(y), width.log(), height.log()])
        return classes, sides

    def found(self, samples: Images, device: str) -> list[Marks]:
        """The surest boxes, without those that overlap a surer one."""
        features_npf = self.places(torch.from_numpy(samples).to(device)).features_npf
        said = self.head(features_npf).double().softmax(dim=-1)[..., :-1].max(dim=-1)
        sides_np4 = self.sides(features_npf).double().cpu()
        best, sure = said.indices.cpu(), said.values.cpu()
        return [self._boxes(best[row], sure[row], sides_np4[row]) for row in range(len(samples))]

    def _boxes(self, best_p: Tensor, sure_p: Tensor, sides_p4: Tensor) -> Marks:
        _, columns = self._grid()
        height_px, width_px = self.shape.height_px, self.shape.width_px
        kept: list[tuple[Box, float]] = []
        for cell in sure_p.argsort(descending=True, stable=True).tolist():
            if sure_p[cell] < LEAST_SURE:
                break
            dx, dy, width, height = sides_p4[cell].tolist()
            width, height = (STRIDE_PX * 2.718281828459045 ** min(side, 6.0) for side in (width, height))
            x = (cell % columns + dx) * STRIDE_PX - width / 2
            y = (cell // columns + dy) * STRIDE_PX - height / 2
            left, top = max(x, 0.0), max(y, 0.0)
            right, bottom = min(x + width, width_px), min(y + height, height_px)
            if right - left < 1 or bottom - top < 1:
                continue
            across, down = 100 / width_px, 100 / height_px
            box = Box(
                round(left * across, 2),
                round(top * down, 2),
                round((right - left) * across, 2),
                round((bottom - top) * down, 2),
                self.shape.classes[int(best_p[cell])],
            )
            if all(box.overlap(surer) < SAME_THING for surer, _ in kept):
                kept.append((box, float(sure_p[cell])))
        return [(written([box]), value) for box, value in kept]

    def answer(self, marks: Marks) -> Label:
        """Those that are sure enough."""
        return written(box for answer, value in marks if value >= SURE_ENOUGH for box in boxes_in(answer))

    def score(self, found: Sequence[Marks], answers: Sequence[Label], classes: tuple[Label, ...]) -> Measured:
        """Average precision."""
        scored = [[(box, value) for answer, value in marks for box in boxes_in(answer)] for marks in found]
        said = [boxes_in(self.answer(marks)) for marks in found]
        return score_boxes(scored, said, [boxes_in(answer) for answer in answers], classes)

    def _grid(self) -> tuple[int, int]:
        return -(-self.shape.height_px // STRIDE_PX), -(-self.shape.width_px // STRIDE_PX)


def _layer(before: int, after: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, stride=stride, padding=1), nn.GroupNorm(1, after), nn.ReLU()]


def _moved(samples_nhw: Tensor, boxes_nm5: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Each picture moved a little with its boxes; what comes in is black."""
    steps_n2 = torch.randint(-SHIFT_PX, SHIFT_PX + 1, (len(samples_nhw), 2), generator=generator)
    padded = nn.functional.pad(samples_nhw, (SHIFT_PX,) * 4)
    _, height, width = samples_nhw.shape
    moved = torch.stack(
        [
            padded[
                row, SHIFT_PX - down : SHIFT_PX - down + height, SHIFT_PX - right : SHIFT_PX - right + width
            ]
            for row, (right, down) in enumerate(steps_n2.tolist())
        ]
    )
    by = nn.functional.pad(steps_n2.to(boxes_nm5), (0, 3))
    return moved, boxes_nm5 + by[:, None] * (boxes_nm5[..., 4:] >= 0)
