"""Links, knobs, layers and sweeps that somebody typed."""

from typing import Any

from hypothesis import strategies as st

from core.config.layers import parse_layers
from core.config.run_config import KNOBS, RunConfig
from core.formatting import plain
from core.jobs.sweep_axes import combinations, read_axis
from core.network.architecture import count_multiplications, layer_table
from pages.shared import url_state
from tests.fuzz.cases import AMOUNTS, Json, tries

_WORD = st.text(max_size=20) | st.sampled_from(
    ["9" * 309, "1e400", "-0", "nan", "inf", "1_0", "١٢", "²", "dense" * 200, "conv512x28", "true", "1" * 5000]
)
LAYERS = st.lists(
    st.sampled_from(["dense64", "conv8x3", "conv512x28", "pool2", "pool28", "dropout0.5", "norm", "dense0", "x"])
    | st.from_regex(r"(dense|conv|pool|dropout|norm)[0-9.x]{0,6}", fullmatch=True),
    max_size=18,
).map("-".join)
RANGES = st.tuples(_WORD | st.integers().map(str) | st.floats().map(str), st.sampled_from(["-", " to ", ",", " by "]))
AXES = st.lists(RANGES, max_size=4).map(lambda pieces: "".join(word + sign for word, sign in pieces))


def read_link(query: dict[str, str]) -> None:
    config, problems = RunConfig().with_query(query)
    assert all(len(problem) < 500 for problem in problems)
    assert RunConfig.from_query(config.to_query()) == config


def read_layers(text: str) -> None:
    config = RunConfig(network="-".join(map(str, parse_layers(text))))
    layer_table(config)
    count_multiplications(config)


def read_sweep(given: tuple[str, str]) -> None:
    combinations(RunConfig(), [read_axis(*given)])


def read_text(text: str) -> None:
    url_state.number(text, 100)
    assert "\n" not in plain(text)


@AMOUNTS
def test_links(amount):
    tries(read_link, st.dictionaries(st.sampled_from([*KNOBS, "x"]), _WORD | LAYERS, max_size=6), amount)


@AMOUNTS
def test_configs_of_a_file(amount):
    def read(values: dict[str, Any]) -> None:
        RunConfig.from_dict(values)

    tries(read, st.dictionaries(st.sampled_from(list(KNOBS)), Json, max_size=4), amount)


@AMOUNTS
def test_layers(amount):
    tries(read_layers, LAYERS | _WORD, amount)


@AMOUNTS
def test_sweeps(amount):
    tries(read_sweep, st.tuples(st.sampled_from(list(KNOBS)), AXES | _WORD), amount)


@AMOUNTS
def test_text(amount):
    tries(read_text, _WORD | st.text(max_size=200), amount)
