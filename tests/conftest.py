"""What tests share: small data, one home for all runs of the session, and one run trained once."""

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdist.scheduler import LoadFileScheduling

from core import process_settings

# Set before anything of the project is imported: the suite never touches a person's own runs.
_HOME = tempfile.TemporaryDirectory(prefix="digit-lab-tests-", ignore_cleanup_errors=True)
os.environ["DIGIT_LAB_HOME"] = _HOME.name
os.environ["DIGIT_LAB_SPARE"] = "0"  # each would import TensorFlow, mostly for nothing
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
process_settings.apply()  # as every process that trains does
if "MNIST_PATH" in os.environ:
    os.environ["MNIST_PATH"] = str(Path(os.environ["MNIST_PATH"]).resolve())

ROOT = Path(__file__).parents[1]
BROWSER = "tests/browser/"
LONG = (BROWSER, "tests/unit/training/test_engine", "tests/unit/jobs/test_worker_process", "tests/unit/test_main")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that all workers end at about the same time."""
    items.sort(key=lambda item: next((place for place, name in enumerate(LONG) if item.nodeid.startswith(name)), 9))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """One worker has the browser and its server; the others take the rest, file by file."""

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)

    return Scheduling(config, log)


def pytest_collection_finish() -> None:
    """By now the tests' modules are imported, TensorFlow among them: garbage collection need not look there again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def home() -> Path:
    """The session's DIGIT_LAB_HOME."""
    return Path(_HOME.name)


@pytest.fixture(scope="session")
def real_mnist():
    """The official 70,000, where MNIST_PATH points at them; otherwise the test is skipped."""
    if "MNIST_PATH" not in os.environ:
        pytest.skip("needs the official MNIST: set MNIST_PATH to it")
    from core.data import mnist

    return mnist.load()


@pytest.fixture(scope="session")
def embedded():
    """The 5,000 real images that every installation has, split as the dashboard splits them."""
    from core.data import mnist

    return mnist.load_embedded()


@pytest.fixture(scope="session")
def tiny_mnist(embedded):
    """1,000 training, 200 validation and 200 test images: enough to learn something in a second."""
    return embedded._replace(
        train=embedded.train[:1000], validation=embedded.validation[:200], test=embedded.test[:200]
    )


@pytest.fixture(scope="module")
def nothing_is_compiled() -> Iterator[None]:
    """For what does not depend on the compiler, which would take most of the time of a short training."""
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get("KERAS_BACKEND") != "jax":
            patch.setattr("core.training.engine_tensorflow.should_compile", lambda model: False)
        yield


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
