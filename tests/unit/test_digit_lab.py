"""`digit-lab` opens the dashboard from every working directory; with a command it is `python -m core`."""

import os
import socket
import subprocess
import sys
import tomllib

import pytest
from streamlit import net_util
from streamlit.web import cli

from core.__main__ import main as run_command
from core.config.recipes import RECIPES
from digit_lab.__main__ import FOLDER, main
from tests.conftest import ROOT


@pytest.fixture
def started(monkeypatch, tmp_path) -> list[list[str]]:
    """What Streamlit is asked to run, instead of running it; environment and working directory are restored."""
    calls: list[list[str]] = []
    monkeypatch.setattr(cli, "main", lambda arguments, **_: calls.append(arguments))
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.chdir(tmp_path)
    return calls


def test_without_a_command_it_opens_the_dashboard(started):
    assert main([]) == 0
    assert started == [["run", "streamlit_app.py"]]
    assert os.getcwd() == str(FOLDER) == str(ROOT)


def test_options_become_those_of_streamlit(started, tmp_path):
    main(["--port", "8600", "--host", "0.0.0.0", "--home", "lab", "--headless"])
    assert started[0][2:] == ["--server.port", "8600", "--server.address", "0.0.0.0", "--server.headless", "true"]
    assert os.environ["DIGIT_LAB_HOME"] == str(tmp_path / "lab")


def test_relative_paths_are_those_of_the_working_directory(started, tmp_path):
    os.environ.update(DIGIT_LAB_HOME="lab", MNIST_PATH="mnist.npz")
    main([])
    assert os.environ["DIGIT_LAB_HOME"] == str(tmp_path / "lab")
    assert os.environ["MNIST_PATH"] == str(tmp_path / "mnist.npz")


@pytest.mark.parametrize("port", ["0", "65536", "-1", "eight"])
def test_a_port_that_cannot_be_is_refused_with_the_range(started, capsys, port: str):
    with pytest.raises(SystemExit):
        main(["--port", port])
    assert not started


def test_the_dashboard_asks_no_service_for_the_address_of_this_machine(started, monkeypatch):
    monkeypatch.setattr(net_util, "get_external_ip", lambda: pytest.fail("asked"))
    main(["--host", "0.0.0.0"])
    assert net_util.get_external_ip() is None


def test_a_command_is_that_of_the_command_line(started, capsys):
    assert main(["recipes"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(RECIPES)
    assert not started


def test_a_command_takes_the_home_that_stands_before_it(started, tmp_path, capsys):
    # "unrecognized arguments: runs" was the answer, although the help lists both.
    assert main(["--home", str(tmp_path / "lab"), "runs"]) == 0
    assert "shipped" in capsys.readouterr().out
    assert (tmp_path / "lab" / "runs").is_dir()
    assert not started


def test_help_shows_the_options_and_every_command(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for expected in ("--port", "--headless", "recipes", "train", "digit-lab [-h] COMMAND"):
        assert expected in text
    assert "python -m" not in text


@pytest.mark.parametrize("open_program", [main, run_command], ids=["digit-lab", "core"])
def test_both_commands_say_their_version(open_program, started, capsys):
    with pytest.raises(SystemExit) as ended:
        open_program(["--version"])
    expected = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert (ended.value.code, capsys.readouterr().out) == (0, f"Digit Lab {expected}\n")
    assert not started


def test_an_error_names_the_command_that_helps(capsys):
    assert main(["train", "--nothing"]) == 2
    assert "Try `digit-lab --help`" in capsys.readouterr().err


def test_an_address_that_no_server_can_have_is_a_sentence(started, capsys):
    """A name that is none ended in a traceback, and a port in use did not say what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    assert f"Another program uses port {port}. Choose another one with --port." in capsys.readouterr().err
    for host in ("no.such.host.invalid", "203.0.113.9"):  # the second is an address that no machine has
        assert main(["--host", host]) == 2
        assert f"This computer has no address {host}. For --host, use 127.0.0.1" in capsys.readouterr().err
    assert not started


def test_a_wrong_setting_is_refused_before_the_dashboard_opens(started, capsys):
    os.environ["DIGIT_LAB_KEEP_EPOCHS"] = "abc"
    assert main([]) == 2
    assert "Error: DIGIT_LAB_KEEP_EPOCHS must be a whole number from 2 to 10,000." in capsys.readouterr().err
    assert not started


def test_options_do_not_seem_to_need_a_restart(tmp_path):
    """With a port, Streamlit said at each start that it must be restarted: its settings had been read before."""
    code = (
        "from streamlit.web import bootstrap; bootstrap.run_asgi_app = lambda *_: print('started')\n"
        "import digit_lab.__main__ as launcher; launcher.main(['--port', '8600', '--host', '0.0.0.0', '--headless'])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DIGIT_LAB_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert "started" in done.stdout
    assert "restart" not in done.stdout + done.stderr


def test_modules_are_found_from_every_working_directory(tmp_path):
    code = "import digit_lab.__main__ as launcher; launcher.main(['recipes'])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.startswith("dli")
