"""`digit-lab` opens the dashboard. With a command, such as `digit-lab train`, it is `python -m core`."""

import argparse
import errno
import os
import socket
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
FOLDER = _HERE if (_HERE / "streamlit_app.py").exists() else _HERE.parent  # in an installation, or in the repository


def main(arguments: list[str] | None = None) -> int:
    """Runs `digit-lab` and returns its exit code. arguments: default: those of the process."""
    given = sys.argv[1:] if arguments is None else arguments
    if str(FOLDER) not in sys.path:
        sys.path.insert(0, str(FOLDER))  # `core` and `pages` are imported by these names
    from core.__main__ import main as run_command

    if given[:1] == ["--home"] and len(given) > 2 and not given[2].startswith("-"):  # before a command
        os.environ["DIGIT_LAB_HOME"], given = given[1], given[2:]
    if given and not given[0].startswith("-"):
        return run_command(given, "digit-lab")
    if given in (["-h"], ["--help"]):
        _parser().print_help()
        print()
        return run_command(given, "digit-lab")
    options = _parser().parse_args(given)
    if problem := _why_not(options.host or "127.0.0.1", options.port or 0) or _wrong_setting():
        print(f"Error: {problem}", file=sys.stderr)
        return 2
    return _open_dashboard(options)


def _parser() -> argparse.ArgumentParser:
    from core.program import project_version

    parser = argparse.ArgumentParser(prog="digit-lab", description="Opens the dashboard in your browser.")
    parser.add_argument("--port", type=_port, metavar="N", help="the port of the dashboard (default: 8501)")
    parser.add_argument(
        "--host", metavar="ADDRESS", help="who may open it: 127.0.0.1, this machine only (default); 0.0.0.0, everybody"
    )
    parser.add_argument(
        "--home",
        metavar="FOLDER",
        help="where data and runs are kept (default: DIGIT_LAB_HOME, or ~/.digit-lab); also before a command",
    )
    parser.add_argument("--headless", action="store_true", help="open no browser")
    parser.add_argument(
        "--version", action="version", version=f"Digit Lab {project_version()}", help="print the version"
    )
    return parser


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is no port. Choose a number from 1 to 65535.")
    return number


def _why_not(host: str, port: int) -> str:
    """Why no server can have this address; empty if one can. port: 0 for any: Streamlit then finds a free one."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a server that ended just now does not count
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"Another program uses port {port}. Choose another one with --port."
            if error.errno in (errno.EACCES, errno.EPERM):
                return f"You may not use port {port}. Choose one from 1024 on with --port."
            return (
                f"This computer has no address {host}. For --host, use 127.0.0.1 (this computer only), 0.0.0.0 "
                "(everybody), or an address of this computer."
            )
    return ""


def _wrong_setting() -> str:
    """What is wrong with a setting of the environment; empty if nothing is."""
    from core.config import environment

    return next(map(str, environment.problems()), "")


def _open_dashboard(options: argparse.Namespace) -> int:
    from streamlit.web import cli

    from core.subprocess_task import child_environment
    from pages.shared import server_guard

    if options.home:
        os.environ["DIGIT_LAB_HOME"] = options.home
    os.environ.update(child_environment())
    # Streamlit also reads `.streamlit/config.toml` of the working directory, which may belong to another project.
    os.chdir(FOLDER)
    flags = {"--server.port": options.port, "--server.address": options.host}
    given = [text for flag, value in flags.items() if value for text in (flag, str(value))]
    headless = ["--server.headless", "true"] if options.headless else []
    server_guard.ask_nobody_for_address()  # before Streamlit prints its addresses; the entry script does the rest
    cli.main(["run", "streamlit_app.py", *given, *headless], prog_name="streamlit", standalone_mode=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
