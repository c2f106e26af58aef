"""The command line: which commands there are, and what becomes of their errors."""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import traceback
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer

from retest import __version__
from retest.commands.ack import ack
from retest.commands.claims import claims
from retest.commands.diff import diff
from retest.commands.eval import evaluate
from retest.commands.export import export
from retest.commands.library import library
from retest.commands.prompt import prompt
from retest.commands.propose import propose
from retest.commands.run import run
from retest.commands.site import site
from retest.errors import OutputError, RetestError
from retest.render.text import plain

app = typer.Typer(
    name="retest",
    help="Re-test the dated claims of a research library against newer arXiv papers.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


INTERRUPTED = 130


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
app.command()(diff)
app.command()(ack)
app.command()(propose)
app.command()(export)
app.command()(site)
app.command("eval")(evaluate)
app.add_typer(library, name="library")


def main() -> NoReturn:
    """Runs a command; prints what went wrong once, and exits as DESIGN 5 says."""
    _hear(is_quiet=not {"-q", "--quiet"}.isdisjoint(sys.argv[1:]))
    code = _exit_code(lambda: app(standalone_mode=True))
    if code == INTERRUPTED:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # a request on its way may take a minute, and Python would wait for its thread
    sys.exit(code)


class _OnStderr(logging.Handler):
    """Tells what is logged, on one line and without what could steer a terminal; a bug keeps its traceback.

    `sys.stderr` is looked up each time: a progress display puts its own there, which keeps the two apart.
    """

    def emit(self, record: logging.LogRecord) -> None:
        print(plain(record.getMessage()), file=sys.stderr)
        if record.exc_info:
            traceback.print_exception(record.exc_info[1])


def _hear(is_quiet: bool) -> None:
    """Our warnings are the user's: what was set aside, what is not found. Those of other packages are not."""
    logging.basicConfig(level=logging.ERROR, handlers=[_OnStderr()])
    logging.getLogger("retest").setLevel(logging.ERROR if is_quiet else logging.WARNING)


def _exit_code(command: Callable[[], Any]) -> int:
    try:
        command()
    except RetestError as error:
        print("retest: " + "\n".join(map(plain, str(error).splitlines())), file=sys.stderr)
        return error.exit_code
    except sqlite3.DatabaseError as error:
        print(
            f"retest: a file in RETEST_HOME cannot be used ({plain(str(error))}): move it away, or name another folder",
            file=sys.stderr,
        )
        return OutputError.exit_code
    except KeyboardInterrupt:
        code: object = INTERRUPTED
    except SystemExit as exit_:
        code = exit_.code or 0
    else:
        return 0
    if code == INTERRUPTED:
        print("retest: interrupted; the same command goes on where it was", file=sys.stderr)
    return code if isinstance(code, int) else 1
