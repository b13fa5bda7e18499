"""Links, knobs, layers and sweeps that somebody typed."""

import json
from typing import Any

from hypothesis import strategies as st

from core.classroom.assignment_store import AssignmentStore
from core.classroom.assignments import from_link
from core.classroom.ready_made import READY_MADE
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


def read_assignment(query: dict[str, str]) -> None:
    found = from_link(query, RunConfig())
    assert found is None or from_link(found.to_query(), RunConfig()) == found


@AMOUNTS
def test_assignments_of_a_link(amount):
    words, ends = (
        st.sampled_from(["", "a", "b", "x" * 90]),
        st.sampled_from(["", "0", "50", "100", "-5", "nan", "1e9", "%"]),
    )
    line = _WORD | st.tuples(words, ends, ends).map(lambda parts: "{} [{}-{}]".format(*parts))
    queries = st.fixed_dictionaries(
        {},
        optional={
            "only": st.sampled_from(["units", "units,epochs", "x", ","]),
            "task": _WORD,
            "predict": st.sampled_from(["number", "choice", "setting", "text", "x"]),
            "within": _WORD | st.floats().map(str),
            "choices": st.lists(line, max_size=6).map("\n".join),
            "versus": st.tuples(st.sampled_from(list(KNOBS)), _WORD | LAYERS, _WORD | LAYERS).map(":".join),
        },
    )
    tries(read_assignment, queries, amount)


@AMOUNTS
def test_files_of_assignments(amount, tmp_path):
    kept = AssignmentStore(tmp_path)
    made = kept.create(READY_MADE[0].assignment, "me")
    path = kept.folder / f"{made.id}.json"
    facts = json.loads(path.read_text())

    def read(strange: dict[str, Any]) -> None:
        path.write_text(json.dumps({**facts, **strange}))
        kept.all(), kept.get(made.id).to_query()

    tries(read, st.dictionaries(st.sampled_from([*facts, "x"]), Json, max_size=3), amount)


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
