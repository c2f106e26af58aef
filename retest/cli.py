"""The command line: which commands there are, and what becomes of their errors."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer

from retest import __version__
from retest.commands.claims import claims
from retest.commands.prompt import prompt
from retest.commands.run import run
from retest.errors import RetestError

app = typer.Typer(
    name="retest",
    help="Re-test the dated claims of a research library against newer arXiv papers.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"retest {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


app.command()(run)
app.command()(claims)
app.command()(prompt)


def main() -> NoReturn:
    """Runs a command; prints what went wrong once, and exits as DESIGN 5 says."""
    logging.basicConfig(level=logging.ERROR, format="%(message)s", stream=sys.stderr)
    sys.exit(_exit_code(lambda: app(standalone_mode=True)))


def _exit_code(command: Callable[[], Any]) -> int:
    try:
        command()
    except RetestError as error:
        print(f"retest: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("retest: interrupted; the same command goes on where it was", file=sys.stderr)
        return 130
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 1
    return 0
