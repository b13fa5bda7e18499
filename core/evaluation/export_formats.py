"""The formats in which a run leaves Digit Lab, and what each of them needs. Keras is not imported here."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from core.errors import RunError
from core.runs.run import Run

TENSORFLOW = "tensorflow"
FOREIGN = (
    "{} can only be written for networks that were trained here, and this one was opened from a file. "
    "Choose Keras, SavedModel or LiteRT instead."
)


@dataclass(frozen=True)
class Format:
    """One format. suffix: what follows the run's name in the name of the file. about: who uses it, in a sentence."""

    name: str
    label: str
    suffix: str
    about: str
    packages: tuple[str, ...] = ()  # that must be installed, beside Keras
    is_network: bool = False  # a network that another tool runs; it is compared with Keras
    at_once: bool = False  # it takes milliseconds, so that a page writes it itself
    needs_knobs: bool = False  # it is written from the knobs, which say nothing of a foreign network

    @property
    def needs_tensorflow(self) -> bool:
        return TENSORFLOW in self.packages

    def missing(self) -> list[str]:
        """The packages that must be installed first."""
        return [name for name in self.packages if find_spec(name) is None]

    def problem(self) -> str:
        """Why this installation cannot write the format and what to do, as sentences; empty if it can."""
        missing = self.missing()
        if not missing:
            return ""
        if TENSORFLOW in missing:
            return (
                f"{self.label} can only be written with TensorFlow, which is not installed here. "
                f"Install TensorFlow, or choose {FORMATS['keras'].label}, which every backend of Keras reads."
            )
        return (
            f"{self.label} needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed "
            f"here. Run `pip install {' '.join(missing)}` and start Digit Lab again."
        )

    def check(self) -> None:
        """Raises `RunError` if this installation cannot write the format."""
        if problem := self.problem():
            raise RunError(problem, received=self.name)

    def check_run(self, run: Run) -> None:
        """Raises `RunError` if the network of the run cannot be written in this format."""
        if self.needs_knobs and run.foreign:
            raise RunError(FOREIGN.format(self.label), received=self.name)

    def versions(self) -> dict[str, str]:
        """The packages that write the format, with their versions."""
        found = {}
        for name in ("keras", *self.packages):
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                continue
        return found


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("keras", "Keras (.keras)", ".keras", "For Keras on TensorFlow, JAX or PyTorch.", is_network=True),
        Format(
            "saved-model",
            "TensorFlow SavedModel (.zip)",
            "-saved-model.zip",
            "For TensorFlow Serving and TensorFlow in other languages.",
            (TENSORFLOW,),
            is_network=True,
        ),
        Format(
            "tflite",
            "LiteRT, TFLite (.tflite)",
            ".tflite",
            "For telephones and small computers.",
            (TENSORFLOW,),
            is_network=True,
        ),
        Format(
            "tflite-int8",
            "LiteRT, TFLite, 8-bit (.tflite)",
            "-int8.tflite",
            "A quarter of the size, for microcontrollers and slow processors.",
            (TENSORFLOW,),
            is_network=True,
        ),
        Format(
            "onnx",
            "ONNX (.onnx)",
            ".onnx",
            "For ONNX Runtime, browsers and other frameworks.",
            ("onnx", "onnxruntime"),
            is_network=True,
            needs_knobs=True,
        ),
        Format(
            "tensorboard",
            "TensorBoard (.zip)",
            "-tensorboard.zip",
            "Curves, histograms of the weights and the graph of the layers.",
            ("tensorboardX",),
        ),
        Format(
            "notebook",
            "Notebook (.ipynb)",
            ".ipynb",
            "For Jupyter and Colab: it trains the network in plain Keras.",
            at_once=True,
            needs_knobs=True,
        ),
        Format(
            "everything",
            "Everything (.zip)",
            ".zip",
            "The network, a program and a notebook that train it, all figures and a description.",
            at_once=True,
        ),
    )
}
