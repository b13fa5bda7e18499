"""New versions of the training images for each epoch: bent, redrawn with a round pen, or written in other styles.

The canvas has one pen of even width, but MNIST was written with many pencils. So images are redrawn from their centre
lines. Each new pixel is mapped to its source position. It becomes ink if the line is closer than half the pen's width.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from os import cpu_count

import numpy as np

from core.augment.handwriting_styles import shorten_stems
from core.augment.redraw_plan import RedrawPlan, random_plan
from core.augment.render import render
from core.augment.skeletons import Skeletons, centre_lines
from core.config.run_config import RunConfig
from core.data.random_streams import DISTORTIONS, random

SHORT_STEM_SHARE = 0.6  # share of the styled 4s whose stem is shortened
SHORT_STEM_STREAM = 2  # number of this random stream
MANY_THREADS = 6  # enough to draw two epochs at once
_CHUNK = 300  # images at a time, so that the data stays in the processor's cache; another number gives other images


class Redrawer:
    """Draws new versions of the same training images: knobs `augmentation`, `pen`, `styles` and `unchanged`.

    images: uint8 (n, 28, 28); labels: uint8 (n,). `threads` threads draw the pixels: by default all cores but one,
    which draws the random numbers. The images are the same with any number.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, config: RunConfig, threads: int | None = None) -> None:
        self.images, self.labels, self.config = images, labels, config
        self.threads = threads or max(1, (cpu_count() or 1) - 1)

    @cached_property
    def lines(self) -> Skeletons:
        """The centre lines of the images. They are found once, which takes a core some 4 s for 60,000 images."""
        return centre_lines(self.images, self.threads + 1)

    def draw_epoch(self, rng: np.random.Generator) -> np.ndarray:
        """The images of one epoch: uint8 (n, 28, 28). 60,000 images take a core about 1.4 s."""
        drawn = np.empty_like(self.images)

        def draw(part: slice, lines: Skeletons, plan: RedrawPlan) -> None:
            drawn[part] = render(self.images[part], lines, plan)

        with ThreadPoolExecutor(self.threads, "redraw") as pool:
            pending: deque[Future[None]] = deque()
            for work in self._plans(rng):
                if len(pending) == 2 * self.threads:  # else all plans would be in memory at once
                    pending.popleft().result()
                pending.append(pool.submit(draw, *work))
            for done in pending:
                done.result()
        if self.config.unchanged:
            kept = rng.random(len(drawn)) < self.config.unchanged
            drawn[kept] = self.images[kept]
        return drawn

    def _plans(self, rng: np.random.Generator) -> Iterator[tuple[slice, Skeletons, RedrawPlan]]:
        """For each part of the images: their centre lines and what changes."""
        for start in range(0, len(self.images), _CHUNK):
            part = slice(start, start + _CHUNK)
            lines, short = self._lines_of(part, rng)
            yield part, lines, random_plan(self.labels[part], lines, short, self.config, rng)

    def _lines_of(self, part: slice, rng: np.random.Generator) -> tuple[Skeletons, np.ndarray]:
        """The centre lines of some images, and a mask, bool (n,), of the 4s with a shortened stem."""
        labels = self.labels[part]
        short = (labels == 4) & (rng.random(len(labels)) < self.config.styles * SHORT_STEM_SHARE)
        chosen = np.flatnonzero(short)
        return self.lines[part].replace_at(chosen, self._short_fours[self._number_of_four[part][chosen]]), short

    @cached_property
    def _short_fours(self) -> Skeletons:
        """The centre lines of all 4s with shortened stems."""
        return shorten_stems(self.lines[self.labels == 4], random(self.config.seed, 0, SHORT_STEM_STREAM))

    @cached_property
    def _number_of_four(self) -> np.ndarray:
        """The position of each 4 among all 4s."""
        return np.cumsum(self.labels == 4) - 1


class EpochPrefetcher:
    """The images of each epoch of a run. The next epoch is drawn in the background during training.

    With many cores, the one after it is drawn too: random numbers are drawn in one thread, which a fast GPU would wait
    for. The images depend only on the seed and the epoch, so a resumed run trains on the same images.
    """

    def __init__(self, variations: Redrawer) -> None:
        self.variations, self.config = variations, variations.config
        self._ahead = 2 if variations.threads >= MANY_THREADS else 1
        self._executor = ThreadPoolExecutor(self._ahead, "variations")
        self._futures: dict[int, Future[np.ndarray]] = {}

    def __call__(self, epoch: int) -> np.ndarray:
        """The images of `epoch`, 0-based: uint8 (n, 28, 28)."""
        self.begin(epoch)
        images = self._futures.pop(epoch).result()
        for following in range(epoch + 1, min(epoch + 1 + self._ahead, self.config.epochs)):
            self.begin(following)
        return images

    def begin(self, epoch: int) -> None:
        """Starts to draw the images of `epoch` in the background."""
        if epoch not in self._futures:
            rng = random(self.config.seed, epoch, DISTORTIONS)
            self._futures[epoch] = self._executor.submit(self.variations.draw_epoch, rng)
