"""The card of an exported network: how far its answers are from Keras', its size and accuracy, and how to use it."""

from dataclasses import dataclass

from core.evaluation.export_formats import Format
from core.evaluation.run_export import command
from core.formatting import count, file_size, percent
from core.runs.run import Run

_TAKES = (
    "It takes images as uint8 (n, 28, 28), 0 = paper and 255 = ink, and gives the probability of each digit as float32 "
    "(n, 10). Scaling is part of the network."
)
KERAS = "Keras"  # the first line of the table: what the others are compared with
_USE = {
    "keras": """import keras

model = keras.models.load_model("{file}")
probabilities = model.predict(images)""",
    "saved-model": """import tensorflow as tf

network = tf.saved_model.load("saved_model")  # the folder in {file}
probabilities = network.serve(images).numpy()""",
    "tflite": """from ai_edge_litert.interpreter import Interpreter  # pip install ai-edge-litert

interpreter = Interpreter("{file}")
taken, given = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
interpreter.resize_tensor_input(taken, images.shape)
interpreter.allocate_tensors()
interpreter.set_tensor(taken, images)
interpreter.invoke()
probabilities = interpreter.get_tensor(given)""",
    "onnx": """import onnxruntime

session = onnxruntime.InferenceSession("{file}")
(probabilities,) = session.run(None, {{"image": images}})""",
}
_USE["tflite-int8"] = _USE["tflite"]


@dataclass(frozen=True)
class Measured:
    """One file, or the network in Keras. accuracy: on the images that `Check` names; None where nothing is known."""

    name: str
    size: int | None = None  # bytes
    accuracy: float | None = None


@dataclass(frozen=True)
class Check:
    """How the exported file was compared with Keras on the same images.

    difference: the largest absolute difference of two probabilities, 0 to 1. same: how many of the `images` both
    predict as the same digit. place: the images on which accuracies were measured, for example "10,000 test images".
    """

    images: int
    difference: float
    same: int
    place: str
    files: tuple[Measured, ...]

    @property
    def sentence(self) -> str:
        """The comparison in a sentence."""
        return (
            f"On {count(self.images, 'test image')}, a probability differs from Keras' by at most "
            f"{self.difference:.2g}. The predicted digit is the same for {self.same:,} of {self.images:,}."
        )


def card(run: Run, form: Format, file: str, check: Check) -> str:
    """The card in Markdown. file: the name of the exported file."""
    size = next(each.size for each in check.files if each.name == file)
    lines = [f"# {run.title}, as {form.label}", ""]
    lines += [f"`{file}`, {file_size(size or 0)}: the network of the Digit Lab run {run.id}. {form.about}", ""]
    lines += [f"{_TAKES} {check.sentence}", ""]
    lines += _table(check)
    lines += ["```python", *_USE[form.name].format(file=file).splitlines(), "```", ""]
    written = ", ".join(f"{name} {number}" for name, number in form.versions().items())
    lines += [f"Written with {written}. The same knobs in Digit Lab:", "", f"    {command(run)}", ""]
    return "\n".join(lines)


def _table(check: Check) -> list[str]:
    """Sizes, and accuracies where they are known."""
    heading = f"accuracy on {check.place}" if check.place else "accuracy"
    rows = [f"| network | size | {heading} |", "|---|---|---|"]
    for each in check.files:
        size = "–" if each.size is None else file_size(each.size)
        rows.append(f"| {each.name} | {size} | {percent(each.accuracy)} |")
    return [*rows, ""]
