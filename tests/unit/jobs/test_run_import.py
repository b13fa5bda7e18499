"""A downloaded run becomes a run again. Everything in the file is checked, and nothing in it is executed."""

import io
import json
import stat
import tracemalloc
import zipfile

import keras
import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.data.class_names import DIGITS
from core.errors import RunError
from core.evaluation import run_archive
from core.evaluation.run_export import build_archive as bundle
from core.files import write_json
from core.jobs import run_import
from core.network.numpy_network import Reader
from core.runs.events import EpochDone, RateChanged, RunEnded, Started
from core.runs.gate import MAX_NAME
from core.runs.store import RunStore
from core.runs.timeline import EventFile
from core.training import models, rebuild


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """Keras is imported here already; another process would need seconds for it."""
    monkeypatch.setattr(run_import, "_rebuild", rebuild.rebuild)


def trained(store: RunStore, network: str = "conv8x3-norm-pool2-dropout0.25-dense16", **facts):
    run = store.create(RunConfig(network=network, epochs=2), name="Mine", starter="aaaabbbbcccc", **facts)
    store.update(run.id, note="A note.")
    events = EventFile(run.events_path)
    events.append(Started(1000.5, "CPU (2 cores)", 2_000, 54_000, 6_000, 1688, 2, 0, "MNIST"))
    events.append(EpochDone(1688, 1, 1.25, float("nan"), 0.5, 0.001, 0.75, 0.9))
    events.append(RateChanged(2000, 2, 1.5, 0.01))
    events.append(EpochDone(3376, 2, 2.5, 0.4, 0.8, 0.01, 0.5, 0.95))
    events.append(RunEnded("finished", "", 1003.0, 2, 2.5, validation_accuracy=0.95, validation_loss=0.5))
    events.close()
    models.save(models.build(run.config), run.model_path)
    write_json(run.folder / "test_set.json", {"opened": [1100.0]})
    return store.get(run.id)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return trained(RunStore(tmp_path_factory.mktemp("one")))


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "two")


def bring(store, content, tiny_mnist, name="digit-lab.zip"):
    return run_import.import_file(store, name, content, tiny_mnist, visitor="ddddeeeeffff")


def changed(content: bytes, **members: bytes | None) -> bytes:
    """The ZIP with some files replaced, added, or (None) left out. `__` in a name stands for a dot."""
    source = zipfile.ZipFile(io.BytesIO(content))
    files = {name: source.read(name) for name in source.namelist()}
    folder = next(iter(files)).partition("/")[0]
    for name, value in members.items():
        files[f"{folder}/{name.replace('__', '.')}"] = value
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in files.items():
            if value is not None:
                archive.writestr(name, value)
    return packed.getvalue()


def test_every_file_of_a_download_is_expected(original):
    names = {name.partition("/")[2] for name in zipfile.ZipFile(io.BytesIO(bundle(original))).namelist()}
    assert names <= set(run_archive.EXPECTED)


def test_a_download_becomes_the_same_run(original, store, tiny_mnist, rng):
    run = bring(store, bundle(original), tiny_mnist).run
    assert (run.id, run.name, run.note, run.config) == (original.id, "Mine", "A note.", original.config)
    assert (run.state, run.created, run.starter) == ("finished", original.created, "ddddeeeeffff")
    assert run.started == original.started
    assert run.ended == original.ended
    assert run.rates == original.rates
    assert [epoch.step for epoch in run.epochs] == [1688, 3376]
    assert run.epochs[1] == original.epochs[1]
    assert np.isnan(run.epochs[0].loss)
    images = rng.integers(0, 256, (20, 28, 28), dtype=np.uint8)
    expected = Reader.of(original).logits(images)
    assert np.allclose(Reader.of(run).logits(images), expected, atol=1e-5)
    assert np.allclose(models.load(run.model_path)(images), Reader.of(original).probabilities(images), atol=1e-5)
    assert json.loads((run.folder / "test_set.json").read_text()) == {"opened": [1100.0]}
    assert not store.damaged()


def test_a_run_that_exists_gets_a_new_id(original, tiny_mnist):
    there = RunStore(original.folder.parents[1])
    found = bring(there, bundle(original), tiny_mnist)
    assert found.run.id != original.id
    assert original.id in found.sentence
    assert found.run.id in found.sentence
    assert there.get(original.id).starter == "aaaabbbbcccc"


def test_a_run_that_was_deleted_is_said_to_be_in_the_trash(original, store, tiny_mnist):
    content = changed(bundle(original), model__keras=None)
    store.delete(bring(store, content, tiny_mnist).run.id)
    assert f"{original.id} is in the trash" in bring(store, content, tiny_mnist).sentence


def test_a_run_without_a_network_comes_back(original, store, tiny_mnist):
    run = bring(store, changed(bundle(original), model__keras=None), tiny_mnist).run
    assert not run.has_model
    assert len(run.epochs) == 2


def test_a_download_of_an_earlier_version_comes_back(original, store, tiny_mnist):
    content = bundle(original)
    facts = json.loads(run_archive.read_zip(content)["run.json"])
    for name in ("name", "recipe", "created", "data", "prediction"):
        del facts[name]
    run = bring(store, changed(content, run__json=json.dumps(facts).encode()), tiny_mnist).run
    assert (run.name, run.created, run.class_names) == ("Mine", 1000.5, DIGITS)


def test_an_unpacked_download_in_the_runs_becomes_a_run(original, store, tmp_path):
    with zipfile.ZipFile(io.BytesIO(bundle(original))) as archive:
        archive.extractall(store.folder)
    assert list(store.damaged()) == [f"digit-lab-{original.id}"]
    (found,) = run_import.adopt_unpacked(store)
    assert found.run.id == original.id
    assert store.damaged() == {}
    assert [run.id for run in store.runs() if not run.shipped] == [original.id]
    assert run_import.adopt_unpacked(store) == []


def test_an_unpacked_download_with_a_link_is_refused(original, store, tmp_path):
    with zipfile.ZipFile(io.BytesIO(bundle(original))) as archive:
        archive.extractall(store.folder)
    folder = store.folder / f"digit-lab-{original.id}"
    (tmp_path / "secret").write_text("secret")
    (folder / "history.csv").unlink()
    (folder / "history.csv").symlink_to(tmp_path / "secret")
    with pytest.raises(RunError, match="is a link"):
        run_import.adopt_unpacked(store)
    assert folder.is_dir()


# Hostile archives


def refuse(store, content, tiny_mnist, sentence):
    tracemalloc.start()
    try:
        with pytest.raises(RunError, match=sentence):
            bring(store, content, tiny_mnist)
        assert tracemalloc.get_traced_memory()[1] < 60 << 20
    finally:
        tracemalloc.stop()
    assert [path.name for path in store.folder.iterdir()] == []


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04", b"PK\x05\x06" + bytes(18)])
def test_other_files_are_refused(store, tiny_mnist, content):
    refuse(store, content, tiny_mnist, "is no run")


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.99])
def test_a_truncated_archive_is_refused(original, store, tiny_mnist, cut):
    content = bundle(original)
    refuse(store, content[: int(cut * len(content))], tiny_mnist, "is no run")


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/etc/evil", "a/../../evil", "..\\evil", "a/b/c/run.json", "C:\\run.json"]
)
def test_a_path_out_of_the_folder_is_refused(original, store, tiny_mnist, name):
    packed = io.BytesIO(bundle(original))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(name, b"evil")
    refuse(store, packed.getvalue(), tiny_mnist, "is no run")


def test_a_symbolic_link_is_refused(original, store, tiny_mnist):
    info = zipfile.ZipInfo(f"digit-lab-{original.id}/README.md")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    refuse(store, packed.getvalue(), tiny_mnist, "link or a device")


@pytest.mark.parametrize("name", ["evil__py", "events__jsonl", "state__npz", "lock", "__bashrc"])
def test_other_names_are_refused(original, store, tiny_mnist, name):
    refuse(store, changed(bundle(original), **{name: b"evil"}), tiny_mnist, "is no run")


def test_a_file_twice_is_refused(original, store, tiny_mnist):
    packed = io.BytesIO(bundle(original))
    with zipfile.ZipFile(packed, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(f"digit-lab-{original.id}/run.json", b"{}")
    refuse(store, packed.getvalue(), tiny_mnist, "each once")


def test_a_file_that_declares_too_much_is_refused(original, store, tiny_mnist):
    refuse(store, changed(bundle(original), history__csv=bytes(50 << 20)), tiny_mnist, "larger than 4 MB")


def test_a_bomb_that_declares_little_is_refused(original, store, tiny_mnist):
    """The directory says 100 bytes, and the data unpack to fifty million."""
    content = bytearray(changed(bundle(original), history__csv=bytes(50 << 20)))
    size = (50 << 20).to_bytes(4, "little")
    while (at := content.find(size)) >= 0:
        content[at : at + 4] = (100).to_bytes(4, "little")
    refuse(store, bytes(content), tiny_mnist, "is no run")


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: [],
        lambda facts: {**facts, "knobs": {**facts["knobs"], "units": 10**9}},
        lambda facts: {**facts, "knobs": {**facts["knobs"], "network": "dense" * 5000}},
        lambda facts: {**facts, "ended": {**facts["ended"], "outcome": "<script>"}},
        lambda facts: {**facts, "ended": {**facts["ended"], "epochs": "many"}},
        lambda facts: {**facts, "ended": {**facts["ended"], "path": "/etc/passwd"}},
        lambda facts: {**facts, "started": {**facts["started"], "time": "1e999"}},
        lambda facts: {**facts, "started": {**facts["started"], "batches": 10**400}},
        lambda facts: {**facts, "note": {"a": 1}},
        lambda facts: {**facts, "data": {"names": ["<b>"] * 10}},
        lambda facts: {**facts, "rates_set_by_hand": [1]},
        lambda facts: {},
    ],
)
def test_facts_that_no_run_has_are_refused(original, store, tiny_mnist, change):
    facts = json.loads(run_archive.read_zip(bundle(original))["run.json"])
    content = changed(bundle(original), run__json=json.dumps(change(facts)).encode())
    refuse(store, content, tiny_mnist, "is no run")


def test_a_strange_id_is_replaced(original, store, tiny_mnist):
    facts = json.loads(run_archive.read_zip(bundle(original))["run.json"])
    for run_id in ("../../evil", "shipped", 7, "a" * 500):
        content = changed(bundle(original), run__json=json.dumps({**facts, "id": run_id}).encode())
        run = bring(store, content, tiny_mnist).run
        assert run_archive.re.fullmatch(r"\d{6}-\d{6}-[0-9a-f]{4}", run.id)


@pytest.mark.parametrize("history", [b"epoch\n1\n", b"\xff", b"epoch,seconds,loss\n" + b"1,1,1\n" * 2, b"a,b\n1,x\n"])
def test_a_history_that_is_none_is_refused(original, store, tiny_mnist, history):
    refuse(store, changed(bundle(original), history__csv=history), tiny_mnist, "is no run")


def test_a_network_of_other_layers_is_refused(original, store, tiny_mnist, tmp_path):
    models.save(models.build(RunConfig(units=8)), tmp_path / "other.keras")
    content = changed(bundle(original), model__keras=(tmp_path / "other.keras").read_bytes())
    refuse(store, content, tiny_mnist, "cannot be used")


def test_a_long_name_comes_back_whole(original, store, tiny_mnist):
    facts = json.loads(run_archive.read_zip(bundle(original))["run.json"])
    content = changed(bundle(original), run__json=json.dumps({**facts, "name": "n" * MAX_NAME}).encode())
    assert bring(store, content, tiny_mnist).run.name == "n" * MAX_NAME


def test_names_and_notes_from_elsewhere_cannot_write_links(original, store, tiny_mnist):
    facts = json.loads(run_archive.read_zip(bundle(original))["run.json"])
    content = changed(bundle(original), run__json=json.dumps({**facts, "name": "[x](http://evil)\0" * 50}).encode())
    name = bring(store, content, tiny_mnist).run.name
    assert "](" not in name
    assert "\0" not in name
    assert len(name) <= MAX_NAME + name.count("] (")


@pytest.mark.slow
def test_another_process_writes_the_network(original, store, tiny_mnist, monkeypatch, rng):
    monkeypatch.undo()
    run = bring(store, bundle(original), tiny_mnist).run
    images = rng.integers(0, 256, (5, 28, 28), dtype=np.uint8)
    assert np.allclose(models.load(run.model_path)(images), Reader.of(original).probabilities(images), atol=1e-5)


def test_the_uploaded_network_itself_is_not_kept(original, store, tiny_mnist):
    run = bring(store, bundle(original), tiny_mnist).run
    assert run.model_path.read_bytes() != original.model_path.read_bytes()
    assert isinstance(models.load(run.model_path), keras.Sequential)
