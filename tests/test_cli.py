"""The command as a process: what it answers, what it says, how it ends; never a traceback, never a half-written report."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from ponds import SEED, written

from retest import __version__

SEEDS = Path(__file__).parent.parent / "seeds"
OFFLINE = ("--source", "catalogue", "--judge", "embedded")


class Cli:
    """`python -m retest` in a folder of its own, without a network and without a key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "RETEST_HOME": str(folder / "home")} | {
            "RETEST_ARXIV_URL": "http://127.0.0.1:9/api/query",
            "RETEST_ARXIV_DELAY": "0",
        }

    def __call__(self, *arguments: str | Path, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "retest", *map(str, arguments)],
            cwd=self.folder, env=self.environment | environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == code, done.stderr + done.stdout
        assert "Traceback" not in done.stderr + done.stdout
        return done

    def seed(self, name: str = "seeds/ponds.txt", text: str | bytes = SEED) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def test_version_and_help_are_answers_on_stdout(cli: Cli) -> None:
    assert cli("--version").stdout == f"retest {__version__}\n"
    told = cli("--help")
    assert "Re-test the dated claims" in told.stdout and " run " in told.stdout and told.stderr == ""


def test_help_names_every_flag_that_people_script_against(cli: Cli) -> None:
    told = cli("run", "--help", COLUMNS="200").stdout
    for flag in (
        "--since", "--as-of", "--out", "--source", "--judge", "--model", "--candidates", "--concurrency", "--fresh",
        "--json", "--quiet", "--fail-on",
    ):  # fmt: skip
        assert flag in told, flag


def test_audit_without_network_or_key_writes_every_file_and_a_second_one_none(cli: Cli) -> None:
    cli.seed()
    first = cli("run", "seeds", *OFFLINE)
    assert "Do small ponds freeze first?" in first.stdout and "Do small ponds" not in first.stderr
    before = written(cli.folder / "out" if (cli.folder / "out").exists() else cli.folder / "outputs")
    assert set(before) >= {"README.md", "ponds.md", "verdicts.json", "references.bib", "CHANGES.md", "timeline.svg"}
    assert "outputs stays as it was" in cli("run", "seeds", *OFFLINE).stderr
    assert written(cli.folder / "outputs") == before


def test_json_is_all_there_is_on_stdout_and_quiet_says_nothing(cli: Cli) -> None:
    cli.seed()
    told = cli("run", "seeds", *OFFLINE, "--json", "--quiet", "--as-of", "2026-08-31")
    summary = json.loads(told.stdout)
    assert told.stderr == ""
    assert (summary["source"], summary["as_of"], len(summary["claims"])) == ("catalogue", "2026-08-31", 2)
    assert {"since", "judge", "out", "written", "requests", "changes", "unreadable", "partial"} <= set(summary)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("seeds", "--since", "yesterday-ish"), "--since yesterday-ish: not a span or a day; write 90d"),
        (("seeds", "--as-of", "soon"), "--as-of soon: not a day; write it as 2026-02-01"),
        (("seeds", "--since", "2027-01-01", "--as-of", "2026-08-31"), "lies after the day of the audit"),
        (("seeds", "--source", "bing"), "--source bing: not known; use auto, arxiv, catalogue or library"),
        (("seeds", "--judge", "coin"), "--judge coin: not known; use auto, llm or embedded"),
        (("seeds", "--candidates", "0"), "--candidates 0: not a number from 1 to 1000"),
        (("seeds", "--fail-on", "broken"), "--fail-on broken: not known"),
        (("seeds", "--judge", "llm"), "no key; set OPENAI_API_KEY"),
        (("nowhere",), "nowhere: no such file or folder"),
        (("seeds", "--out", "seeds/ponds.txt/below"), "cannot be written"),
        (("seeds", "--out", "seeds/ponds.txt"), "choose another folder with --out"),
    ],
)
def test_bad_option_is_one_sentence_with_the_remedy_and_writes_nothing(
    cli: Cli, arguments: tuple[str, ...], told: str
) -> None:
    cli.seed()
    done = cli("run", *(OFFLINE if "--judge" not in arguments else ()), *arguments, code=2)
    assert done.stdout == ""
    assert done.stderr.startswith("retest: ") and told in done.stderr and done.stderr.count("\n") == 1
    assert [name for name in written(cli.folder) if not name.startswith("home/")] == ["seeds/ponds.txt"]


BAD_SEEDS = {
    "an empty folder": ("seeds/notes.pdf", b"", "no .txt or .md seed in seeds"),
    "a binary file": ("seeds/a.txt", b"PNG\n\0\1\2", "seeds/a.txt: line 2: a binary file"),
    "UTF-16": ("seeds/a.txt", "Why?\n".encode("utf-16"), "seeds/a.txt: line 1: the file is UTF-16; save it as UTF-8"),
    "Latin-1": ("seeds/a.txt", b"Why?\n\xe9t\xe9\n", "seeds/a.txt: line 2: byte 5 is not UTF-8"),
    "no notes": ("seeds/a.txt", b"INQUIRING LINE\n\nWhy?\n\nSources 0 notes\n", "seeds/a.txt: line "),
    "nothing at all": ("seeds/a.txt", b"", "seeds/a.txt"),
}


@pytest.mark.parametrize("kind", BAD_SEEDS)
def test_bad_seed_is_one_sentence_with_its_line_and_writes_nothing(cli: Cli, kind: str) -> None:
    name, data, told = BAD_SEEDS[kind]
    cli.seed(name, data)
    done = cli("run", "seeds", *OFFLINE, code=2)
    assert done.stdout == "" and told in done.stderr and done.stderr.count("\n") == 1
    assert list(written(cli.folder)) == [name]


def test_seed_of_fifty_megabytes_is_refused_without_being_read(cli: Cli) -> None:
    path = cli.seed("seeds/huge.txt", b"Why?\n")
    os.truncate(path, 50_000_000)
    started = time.monotonic()
    done = cli("run", "seeds", *OFFLINE, code=2)
    assert "seeds/huge.txt: 50.0 MB is too large for a seed" in done.stderr and done.stderr.count("\n") == 1
    assert time.monotonic() - started < 30
    assert not (cli.folder / "outputs").exists()


def test_unreadable_seed_beside_a_good_one_is_named_and_the_good_one_audited(cli: Cli) -> None:
    cli.seed()
    cli.seed("seeds/bad.md", b"\0\0")
    done = cli("run", "seeds", *OFFLINE, "--json", code=3)
    assert json.loads(done.stdout)["unreadable"][0].startswith("seeds/bad.md: line 1: a binary file")
    assert "seeds/bad.md: line 1: a binary file" in done.stderr
    assert (cli.folder / "outputs" / "ponds.md").exists()


def test_condition_is_met_on_the_night_it_newly_is_and_not_again(cli: Cli) -> None:
    cli.seed()
    states = {claim["state"] for claim in json.loads(cli("run", "seeds", *OFFLINE, "--json").stdout)["claims"]}
    cli("run", "seeds", *OFFLINE, "--out", "other", "--fail-on", states.pop(), code=4)
    cli("run", "seeds", *OFFLINE, "--fail-on", "upheld,relaxed,overturned,contested,untested,misstated")


def test_source_that_does_not_answer_is_exit_1_and_the_bundled_catalogue_takes_over_only_when_asked_to(
    cli: Cli,
) -> None:
    cli.seed()
    done = cli("run", "seeds", "--source", "arxiv", "--judge", "embedded", code=1)
    assert "no claim could be looked at, and outputs was left as it was" in done.stderr
    assert written(cli.folder / "outputs") == {}
    told = cli("run", "seeds", "--judge", "embedded")
    assert "this is no live audit" in told.stderr
    assert "not live arXiv" in (cli.folder / "outputs" / "README.md").read_text(encoding="utf-8")


def test_spoilt_verdicts_are_refused_and_left_as_they_are(cli: Cli) -> None:
    cli.seed()
    cli.seed("outputs/verdicts.json", b"[]")
    done = cli("run", "seeds", *OFFLINE, code=2)
    assert "verdicts.json: not what retest wrote; mend it" in done.stderr
    assert (cli.folder / "outputs" / "verdicts.json").read_bytes() == b"[]"


def test_key_stands_in_nothing_that_is_said_or_written(cli: Cli) -> None:
    cli.seed()
    told = cli("run", "seeds", *OFFLINE, OPENAI_API_KEY="sk-very-secret")
    assert "sk-very-secret" not in told.stdout + told.stderr
    assert not [name for name, data in written(cli.folder).items() if b"sk-very-secret" in data]


def test_words_of_a_seed_reach_the_terminal_as_words(cli: Cli) -> None:
    cli.seed(
        text=SEED.replace("Which water", "[bold]Which\x1b[31m water[/bold]").replace(
            "small ponds", "[red]small[/] ponds"
        )
    )
    told = cli("run", "seeds", *OFFLINE, COLUMNS="200")
    assert "\x1b" not in told.stdout + told.stderr and "[red]small[/] ponds" in told.stdout


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port where connections are taken and nothing is ever answered."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        yield listening.getsockname()[1]


def test_interrupted_run_ends_at_once_with_130_and_says_how_it_goes_on(cli: Cli, deaf_port: int) -> None:
    cli.seed()
    address = f"http://127.0.0.1:{deaf_port}/api/query"
    running = subprocess.Popen(
        [sys.executable, "-m", "retest", "run", "seeds", "--source", "arxiv", "--judge", "embedded"],
        cwd=cli.folder, env=cli.environment | {"RETEST_ARXIV_URL": address}, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored where the tests run in the background
    )  # fmt: skip
    assert running.stderr is not None
    story = running.stderr.readline()  # it says how many claims there are, and then it asks
    os.kill(running.pid, signal.SIGINT)
    started = time.monotonic()
    try:
        story += running.communicate(timeout=15)[1]
    finally:
        running.kill()
    assert running.returncode == 130, story
    assert "interrupted; the same command goes on where it was" in story and "Traceback" not in story
    assert time.monotonic() - started < 10
    assert written(cli.folder / "outputs") == {}


def test_run_is_sent_to_no_tracer_that_the_environment_names(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as tracer:
        tracer.setblocking(False)
        traced = {"LANGSMITH_TRACING": "true", "LANGCHAIN_TRACING_V2": "true", "LANGSMITH_API_KEY": "canary"}
        address = f"http://127.0.0.1:{tracer.getsockname()[1]}"
        cli("run", cli.seed(), *OFFLINE, "-q", LANGSMITH_ENDPOINT=address, **traced)
        with pytest.raises(BlockingIOError):  # nobody has knocked
            tracer.accept()


# --- the library's file ----------------------------------------------------------------------------


RECORD = {
    "id": "2603.00008",
    "title": "Ponds",
    "abstract": "Deep ponds freeze.",
    "published": "2026-03-08",
    "authors": ["A"],
}


def imported(cli: Cli) -> Path:
    """A library with one record."""
    cli("library", "import", cli.seed("records.jsonl", json.dumps(RECORD)), "-q")
    return cli.folder / "home" / "library.sqlite3"


def make_older(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1")


def test_library_of_another_schema_is_set_aside_and_the_user_is_told(cli: Cli) -> None:
    path = imported(cli)
    make_older(path)
    told = cli("library", "status", code=2).stderr.splitlines()
    assert told[0] == (
        f"{path} is not a library of this version (schema 1): it is kept as {path}.aside-1, and a new one is begun;"
        " fill it with retest library sync or import."
    )
    assert told[1].startswith("retest: there is no library in ") and len(told) == 2


def test_quiet_says_nothing_of_a_library_set_aside(cli: Cli) -> None:
    path = imported(cli)
    make_older(path)
    imported(cli)
    assert path.with_name("library.sqlite3.aside-1").is_file()
    make_older(path)
    assert cli("library", "import", "records.jsonl", "--quiet").stderr == ""


def test_records_that_are_not_found_by_meaning_yet_are_told(cli: Cli) -> None:
    imported(cli)
    seed = cli.seed()
    run = ("run", seed, "--source", "library", "--judge", "embedded", "--as-of", "2026-03-09")
    with closing(sqlite3.connect(cli.folder / "home" / "library.sqlite3")) as connection, connection:
        connection.execute("DELETE FROM vectors")
        connection.execute("UPDATE embedding SET model = 'big'")
    asked = {"RETEST_EMBEDDING_MODEL": "big", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    told = "1 records of the library are not found by meaning yet: run retest library index."
    assert told in cli(*run, **asked).stderr.splitlines()
    assert cli(*run, "-q", **asked).stderr == ""


def test_damaged_library_is_one_sentence_wherever_it_is_met(cli: Cli) -> None:
    path = imported(cli)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    sentence = (
        f"retest: {path}: the library is damaged (database disk image is malformed);"
        " move it away, and fill a new one with retest library sync or import\n"
    )
    assert cli("library", "status", code=2).stderr == sentence
    assert cli("run", cli.seed(), "--source", "library", "--judge", "embedded", code=2).stderr == sentence
    assert cli("library", "index", "-q", code=2).stderr == sentence
