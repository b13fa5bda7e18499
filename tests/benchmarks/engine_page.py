"""What the benchmark of the engine measured, as a page: the results of each recipe as a row."""

import statistics

import numpy as np

PLACES = {
    "": "on two cores",
    "-jax": "on two cores, by Keras' JAX backend",
    "-tensorflow-gpu": "on a GPU, by Keras' TensorFlow backend",
    "-jax-gpu": "on a GPU, by Keras' JAX backend",
}
MAX_EPOCHS = 15  # in which a recipe is given up that does not get to the share asked for
HEADS = (
    *("recipe", "stock Keras, s", "engine, s", "ratio", "an epoch, stock", "engine", "of GEMM peak"),
    *("test accuracy, stock", "engine", "JAX scan, s", "PyTorch, s", "scikit-learn, s"),
)


def table(results: dict) -> str:
    """A row a recipe; what was measured for none has no column."""
    rows = [HEADS]
    for name, result in results.items():
        if "stock" not in result:
            continue
        stock, engine = np.array(result["stock"]), np.array(result["engine"])
        ratios = stock[:, 0] / engine[:, 0]
        other = result.get("others", {})
        rows.append(
            (
                f"`{name}`",
                f"{np.median(stock[:, 0]):.2f}",
                f"{np.median(engine[:, 0]):.2f}",
                f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})",
                f"{result['stock_epoch']:.2f}" if "stock_epoch" in result else "",
                f"{result['epoch']:.2f}",
                f"{result['gemm'] / result['epoch']:.0%}" if result["gemm"] else "",
                f"{stock[:, 1].mean():.2%} ± {_deviation(stock[:, 1]):.2%}",
                f"{engine[:, 1].mean():.2%} ± {_deviation(engine[:, 1]):.2%}",
                *(
                    f"{other[key]:.1f} ({other[key] / other['engine']:.2f})" if key in other else ""
                    for key in ("JAX scan", "PyTorch DataLoader", "scikit-learn")
                ),
            )
        )
    columns = [column for column in zip(*rows, strict=True) if any(column[1:])]
    head, *rest = ("| " + " | ".join(row) + " |" for row in zip(*columns, strict=True))
    return "\n".join([head, "|---" * len(columns) + "|", *rest])


def _deviation(shares: np.ndarray) -> float:
    """Standard deviation; 0 where there is but one."""
    return float(shares.std(ddof=1)) if len(shares) > 1 else 0.0


def reached(results: dict) -> str:
    """How long both sides took to the share asked for, as a table of its own; empty where nobody asked."""
    asked = {name: result["until"] for name, result in results.items() if "until" in result}
    if not asked:
        return ""
    share = next(iter(asked.values()))["share"]
    lines = [
        f"\n| until {100 * share:g}% of the test images are read | stock Keras, s | epochs | engine, s | epochs "
        "| ratio |",
        "|---|---|---|---|---|---|",
    ]
    for name, result in asked.items():
        sides = [[pair for pair in result[side] if pair] for side in ("stock", "engine")]
        cells = [f"`{name}`"]
        for side, pairs in zip(("stock", "engine"), sides, strict=True):
            if not pairs:
                cells += [f"not in {MAX_EPOCHS} epochs", ""]
                continue
            epochs = [epoch for _, epoch in pairs]
            missed = len(result[side]) - len(pairs)
            cells += [
                f"{statistics.median(seconds for seconds, _ in pairs):.2f}" + f" ({missed} never)" * bool(missed),
                f"{min(epochs)} to {max(epochs)}" if min(epochs) < max(epochs) else f"{epochs[0]}",
            ]
        both = [(a, b) for a, b in zip(result["stock"], result["engine"], strict=True) if a and b]
        cells.append(f"{statistics.median(a[0] / b[0] for a, b in both):.2f}" if both else "")
        lines.append("| " + " | ".join(cells) + " |")
    rounds = sorted({len(result["stock"]) for result in asked.values()})
    return "\n".join(lines) + (
        "\n\nThe same networks, batches and optimisers, the test set read after each epoch on both sides; "
        f"{'medians of ' + ' or '.join(map(str, rounds)) + ' rounds' if rounds != [1] else 'one round'}.\n"
    )


def page(results: dict, of: str) -> str:
    """The page of the results of one place, `from_logits` as in `PLACES`."""
    done = [result for result in results.values() if "stock" in result]
    rounds = " or ".join(map(str, sorted({len(result["stock"]) for result in done})))
    dates = " to ".join(sorted({result["date"] for result in done}))
    machines = "; ".join(sorted({result["machine"] for result in done}))
    live = max((result.get("live", 0) for result in done), default=0)
    return f"""# Speed {PLACES[of]}

{table(results)}
{reached(results)}
The seconds are those of the whole `fit`, with compiling and with the recipe's own validation. The data are already in
memory. Stock Keras is written as the recipe's source writes it (tests/benchmarks/stock.py). The engine writes its
live progress to a file, as in the dashboard; that took {live:.1%} of the fit at most. Both took turns in one process.
The engine kept no snapshots for the film of a run; [train.md](train.md) says what they cost.
The figures are medians of {rounds} rounds with seeds 1, 2, …; the ratio is the median of the rounds' ratios, with the
smallest and the largest. *An epoch* is one after compiling.

{_ON_GPU if "gpu" in of else _on_processor(done)}
{_rivals(results)}
Measured on {machines}, {dates}.

To repeat: `MNIST_PATH=… python -m tests.benchmarks.engine`, then `… --others` and `… --until 0.98`, with
`KERAS_BACKEND=jax` for that backend. All single figures are in
[tests/benchmarks/engine{of}.json](../tests/benchmarks/engine{of}.json).
"""


def _rivals(results: dict) -> str:
    scans = sorted({result["others"].get("rounds", 1) for result in results.values() if "others" in result})
    if not scans:
        return ""
    rounds = " or ".join(map(str, scans))
    return f"""*JAX scan* is a hand-written `lax.scan` over data in device memory, with compiling; medians of {rounds}
rounds, in turns with the engine. PyTorch (the usual `DataLoader` loop) and scikit-learn's `MLPClassifier` ran once
just after, on the processor. The number in brackets is their time divided by the engine's at that moment.
"""


def _on_processor(done: list[dict]) -> str:
    loads = sorted(result["load"] for result in done) or [0]
    return f"""*Of GEMM peak*: the time that the epoch's matrix products alone take in the fastest library at hand,
divided by the time of the epoch. Both are measured in the same run, with validation where the recipe validates. The
products use all 784 pixels. The engine leaves out 67 pixels that are 0 in all training images
(core/training/active_pixels.py), which changes nothing but rounding. So the share can be more than 100%.

The load average over five minutes was {loads[0]} to {loads[-1]}; one training alone makes 2. Other work on the
machine slows both sides down. It slows the engine more, because its threads wait for one another in every step.
[speed-series.md](speed-series.md) shows how much the hours differ.
"""


_ON_GPU = """On this GPU, XLA computes products in TF32 on both sides. A step of these networks is a few dozen kernels
of some microseconds each, and products of so few rows use a small part of the chip. Most of the time goes into
starting the kernels and into compiling. The first round of each recipe compiles a network that its process has not
seen before.
"""
