"""A page while it is drawn: digits and lines are laid on paper, in ink of any colour."""

from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from tests.written_digits import Writer

BLACK, BLUE, RED, GREEN = (25, 25, 30), (30, 50, 150), (190, 30, 40), (20, 110, 60)
ORANGE, PENCIL = (255, 140, 0), (150, 150, 152)


@dataclass
class Page:
    """The page while it is drawn: what the paper reflects, float (h, w, 3) in [0, 1], and what stands on it."""

    rng: np.random.Generator
    write: Writer
    seen: np.ndarray
    pen: float = 6.0
    height: float = 90.0
    text: str = ""
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        return self.seen.shape[1], self.seen.shape[0]

    def put(self, mask: np.ndarray, left: float, top: float, colour: tuple[int, int, int] = BLACK) -> None:
        """Lays ink on the page; what is outside is cut off."""
        x, y = round(left), round(top)
        mask = mask[max(0, -y) :, max(0, -x) :]
        place = self.seen[max(0, y) : max(0, y) + mask.shape[0], max(0, x) : max(0, x) + mask.shape[1]]
        mask = mask[: place.shape[0], : place.shape[1], None]
        place[:] = place * (1 - mask) + np.array(colour) / 255 * mask

    def line(self, points: list[tuple[float, float]], width: float, colour: tuple[int, int, int]) -> None:
        low = np.maximum(np.floor(np.min(points, 0) - width - 1), -300)
        wide, high = np.minimum(np.ceil(np.max(points, 0) + width + 1), np.add(self.size, 300)) - low
        fine = Image.new("L", (2 * int(max(wide, 1)), 2 * int(max(high, 1))))
        moved = [(2 * (x - low[0]), 2 * (y - low[1])) for x, y in points]
        ImageDraw.Draw(fine).line(moved, fill=255, width=max(1, round(2 * width)))
        self.put(np.asarray(fine.reduce(2)) / 255, float(low[0]), float(low[1]), colour)

    def row(self, digits: str, left: float, base: float, *, slope: float = 0.0, step: float = 0.0,
            colours: list[tuple[int, int, int]] | None = None) -> None:  # fmt: skip
        """Writes `digits` side by side on a base line that falls by `slope`, as many as the page holds."""
        at = left
        for place, digit in enumerate(digits):
            mask = self.write(self.rng, int(digit), self.height * self.rng.uniform(0.92, 1.08), self.pen)
            top = base + slope * (at - left) - mask.shape[0]
            x = left + step * place + (step - mask.shape[1]) / 2 if step else at
            if place and x + mask.shape[1] > self.size[0]:
                break  # half a digit has no right answer
            self.put(mask, x, top, colours[place] if colours else BLACK)
            self.boxes.append((x, top, x + mask.shape[1], top + mask.shape[0]))
            at += mask.shape[1] + self.height * self.rng.uniform(0.22, 0.45)
            self.text += digit
