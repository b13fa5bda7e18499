"""What the tests of this folder share."""

import numpy as np
import pytest

from core.data.formats import ARRAYS


@pytest.fixture
def arrays(embedded) -> dict[str, np.ndarray]:
    """Forty training and twenty test digits under the names of the official arrays."""
    train, test = embedded.train[:40], embedded.test[:20]
    return dict(zip(ARRAYS, (train.images, train.labels, test.images, test.labels), strict=True))
