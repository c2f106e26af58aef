"""Runs an audit from settings to written files: the edge where clients are made and nothing is decided."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, closing, contextmanager, suppress
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph.state import CompiledStateGraph

from retest.acks import read_acks
from retest.assembly import assemble, entries_of, judge_record, with_others
from retest.claims import merge_claims
from retest.desk import FORM, Desk
from retest.errors import InputError, JudgeRefused, OutputError, RetestError, SourceUnreachable
from retest.graph import Run, Tools, build_graph, studio
from retest.history import Change, changes, is_quiet, known_claims, read_report, with_causes
from retest.judges import Judge, Scout
from retest.ledger import Ledger, digest, merged_lines
from retest.models import Seed, Value
from retest.outputs import check_writable, remove_reports, write_files
from retest.render import render
from retest.render.text import count
from retest.report import Report
from retest.seeds import display_names, find_seeds, read_seed, unique_stems
from retest.settings import Settings, environment, load_settings, recent_since
from retest.sources import PaperSource

LEDGER = "ledger.jsonl"
RUN_LOG = "runs.jsonl"
"""In RETEST_HOME: what each run took."""
Progress = Callable[[Mapping[str, Any]], None]


class Figures(Value):
    """What a run took: for the run log and the terminal, never for a report."""

    requests: int
    """To the paper source."""
    pairs_judged: int
    """Of claim and paper, put to the judge in this run."""
    pairs_known: int
    """Answered before."""
    calls: int = 0
    """To a language model."""
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Finished(Value):
    """What a run came to."""

    report: Report
    changes: tuple[Change, ...]
    written: tuple[str, ...]
    """Names of the files whose bytes changed."""
    unreadable: tuple[str, ...]
    """One sentence for each seed that could not be read."""
    figures: Figures
    fallen: tuple[tuple[str, str], ...] = ()
    """State or `misstated`, with the id of the claim that newly is that."""

    def newly(self, conditions: Sequence[str]) -> list[str]:
        """Ids of the claims that newly meet one of the conditions of `--fail-on`."""
        return [claim for condition, claim in self.fallen if condition in conditions]

    @property
    def is_partial(self) -> bool:
        """Whether something was left out."""
        return bool(self.unreadable or self.report.partial)


def read_seeds(paths: Sequence[Path]) -> tuple[list[Seed], list[str]]:
    """The seeds that can be read, and a sentence for each that cannot. Raises InputError when none can."""
    seeds: list[Seed] = []
    problems: list[str] = []
    for name, path in display_names(find_seeds(paths), Path.cwd()).items():
        try:
            seeds.append(read_seed(path, name))
        except InputError as error:
            problems.append(str(error))
    if not seeds:
        raise InputError("\n".join(problems))
    return unique_stems(seeds), problems


def open_source(settings: Settings, today: date, say: Callable[[str], None]) -> tuple[PaperSource, date]:
    """The paper source with the day that the audit is made for. `auto` is arXiv where it answers, else the catalogue."""
    from retest.sources.catalogue import CATALOGUE_DATE, CatalogueSource
    from retest.sources.library import open_library

    if settings.source == "library":
        library, as_of = open_library(settings.home, environment()), settings.as_of or today
        if library.until < as_of - timedelta(days=7):
            say(f"The library's newest record is of {library.until}: nothing newer can be found until the next sync.")
        return library, as_of
    if settings.source != "catalogue":
        try:
            return _live_source(settings, settings.as_of or today), settings.as_of or today
        except SourceUnreachable as error:
            if settings.source == "arxiv":
                raise
            say(
                f"arXiv does not answer ({error}) Using the bundled catalogue of {CATALOGUE_DATE} instead: this is no live audit."
            )
    as_of = settings.as_of or CATALOGUE_DATE
    if as_of > CATALOGUE_DATE:
        say(f"The bundled catalogue ends on {CATALOGUE_DATE}: nothing newer can be found with it.")
    return CatalogueSource(), as_of


def _live_source(settings: Settings, as_of: date) -> PaperSource:
    from retest.sources.arxiv import ArxivSource
    from retest.sources.store import Store

    store = Store(settings.home / "library.sqlite3")
    source = ArxivSource(
        store, base_url=settings.arxiv_url, delay=settings.arxiv_delay, home=settings.home, as_of=as_of
    )
    if settings.source == "auto":
        source.probe()
    return source


def open_judge(settings: Settings) -> Judge:
    """The judge that the settings name."""
    from retest.judges.embedded import EmbeddedJudge

    embedded = EmbeddedJudge()
    if settings.judge_kind == "embedded":
        return embedded
    from retest.judges.endpoint import Endpoint
    from retest.judges.llm import LlmJudge

    if not (settings.api_key or settings.base_url):
        raise InputError("--judge llm: no key; set OPENAI_API_KEY, or OPENAI_BASE_URL for a server that needs none")
    key = settings.api_key.get_secret_value() if settings.api_key else "none"
    return LlmJudge(Endpoint(base_url=settings.base_url, api_key=key, model=settings.model), fallback=embedded)


def open_scout(judge: Judge) -> Scout | None:
    """The scout that shares the judge's endpoint; without a language model there is none."""
    if judge.kind == "embedded":
        return None
    from retest.judges.llm import LlmJudge
    from retest.judges.scout import LlmScout

    return LlmScout(judge.endpoint) if isinstance(judge, LlmJudge) else None


def run_audit(
    paths: Sequence[Path], settings: Settings, today: date, say: Callable[[str], None], progress: Progress
) -> Finished:
    """The whole of `retest run`. Raises RetestError with a finished sentence."""
    seeds, unreadable = read_seeds(paths)
    check_writable(settings.out)
    make_home(settings.home)
    with _alone(settings):  # before the first look at what the run before left
        return _audit(paths, seeds, unreadable, settings, today, say, progress)


def _audit(
    paths: Sequence[Path],
    seeds: Sequence[Seed],
    unreadable: Sequence[str],
    settings: Settings,
    today: date,
    say: Callable[[str], None],
    progress: Progress,
) -> Finished:
    previous, acks = read_report(settings.out / "verdicts.json"), read_acks(settings.out)
    told_before, kept_lines = _text(settings.out / "CHANGES.md"), _text(settings.out / LEDGER).splitlines()
    judge = open_judge(settings)
    source, as_of = open_source(settings, today, say)
    if previous and settings.source == "auto" and previous.source != source.name == "catalogue":
        raise SourceUnreachable(
            f"{settings.out} holds verdicts from {previous.source}, and the catalogue must not replace them on a night "
            "without a network: nothing was changed; ask again later, or give --source catalogue with another --out"
        )
    since = recent_since(settings.since, as_of)
    scout = open_scout(judge)
    unnamed = _unnamed(paths, seeds, previous)
    if previous and unnamed and (previous.source, previous.judge) != (source.name, judge_record(judge, scout)):
        raise InputError(
            f"{settings.out} holds verdicts on {count(len(unnamed), 'seed')} more, such as {min(unnamed)}, from another source "
            "or judge: one report cannot hold both; name all seeds together, or another --out"
        )
    if unnamed:
        say(f"{count(len(unnamed), 'seed')} of {settings.out} not named here: left as audited before.")
    context = _readable(unnamed)
    run_id = _run_id([*seeds, *context], previous, source, judge, scout, settings, since, as_of)
    kept_lines = [] if settings.fresh else kept_lines
    with _caches(settings, run_id) as (ledger, desk):
        ledger.load(kept_lines)
        tools = Tools(
            seeds=seeds,
            previous=previous,
            source=source,
            judge=judge,
            ledger=ledger,
            desk=desk,
            since=since,
            as_of=as_of,
            candidates=settings.candidates,
            scout=scout,
            fresh=settings.fresh,
            slots=asyncio.Semaphore(settings.concurrency),
            context=context,
        )
        asyncio.run(_drive(tools, settings, run_id, progress))
        report = assemble(tools, previous, acks)
        _refuse_if_nothing_was_seen(report, settings.out, desk)
        report = with_others(report, previous, _unread(paths, seeds, unreadable), unnamed)
        changed = changes(previous, report)
        report = with_causes(report, previous, changed)
        files = render(report, changed, told_before)
        files[LEDGER] = merged_lines(kept_lines, entries_of(tools))
        quiet = is_quiet(previous, report) and _is_whole(settings.out, files)
        # Before the verdicts are written: they name what a killed run has still to remove.
        remove_reports(
            settings.out, {f"{seed.stem}.md" for seed in (previous.seeds if previous else ())} - files.keys()
        )
        written = [] if quiet else write_files(settings.out, files)
        figures = _figures(source, ledger, judge)
        _log_run(settings.home, report, figures, today)
        desk.clear()
    return Finished(
        report=report,
        changes=tuple(changed),
        written=tuple(written),
        unreadable=tuple(unreadable),
        figures=figures,
        fallen=tuple(_fallen(previous, report)),
    )


def _unread(paths: Sequence[Path], seeds: Sequence[Seed], unreadable: Sequence[str]) -> dict[str, str]:
    """Why a seed could not be read, by its name."""
    read = {seed.file for seed in seeds}
    names = display_names(find_seeds(paths), Path.cwd())
    told = {name: next((p for p in unreadable if p.startswith(f"{name}: ")), "") for name in names if name not in read}
    return {name: problem.removeprefix(f"{name}: ") for name, problem in told.items()}


def _unnamed(paths: Sequence[Path], seeds: Sequence[Seed], previous: Report | None) -> set[str]:
    """Seeds of the report before that are not named now and, as far as can be told from here, still there.

    One that is not where it was and whose every claim a named seed tells has been moved, or given another name.
    """
    if previous is None:
        return set()
    named = display_names(find_seeds(paths), Path.cwd()).keys()
    told = {claim.id for claim in merge_claims(seeds, known_claims(previous))}
    return {
        seed.file
        for seed in previous.seeds
        if seed.file not in named
        and not _is_gone(seed.file, paths, Path.cwd())
        and (Path(seed.file).is_file() or not told.issuperset(seed.claims))
    }


def _readable(files: Collection[str]) -> list[Seed]:
    """Those of the seeds that can be read from here."""
    found = []
    for file in sorted(files):
        with suppress(InputError):
            found.append(read_seed(Path(file), file))
    return found


def _is_gone(file: str, paths: Sequence[Path], cwd: Path) -> bool:
    """Whether a seed is no longer where it was: in a folder that is named, or that can be looked into from here."""
    if (cwd / file).is_file():
        return False
    folders = [(cwd / path).resolve() for path in paths if path.is_dir()]
    if any((cwd / file).resolve().is_relative_to(folder) for folder in folders):
        return True
    if "/" in file:
        return (cwd / file).parent.is_dir()
    return any(not folder.is_relative_to(cwd.resolve()) for folder in folders)  # whose seeds have bare names


def _figures(source: PaperSource, ledger: Ledger, judge: Judge) -> Figures:
    usage = getattr(judge, "usage", None)
    tokens = usage.model_dump(include={"calls", "prompt_tokens", "completion_tokens"}) if usage else {}
    return Figures(requests=source.requests, pairs_judged=ledger.pairs_judged, pairs_known=ledger.pairs_known, **tokens)


def _log_run(home: Path, report: Report, figures: Figures, today: date) -> None:
    """One line of JSON for each finished run."""
    told = {"day": today, "as_of": report.as_of, "source": report.source, "judge": report.judge.model}
    line = json.dumps(told | {"claims": len(report.claims)} | figures.model_dump(), default=str)
    with (home / RUN_LOG).open("a", encoding="utf-8") as log:
        log.write(f"{line}\n")


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Keeps others off the output folder. Raises OutputError where a file of ours is damaged or cannot be written."""
    try:
        with closing(_lock(settings)):
            yield
    except sqlite3.DatabaseError as error:
        raise OutputError(
            f"RETEST_HOME={settings.home}: a cache there cannot be used ({error}); "
            "wait for the other run, move it away, or name another folder"
        ) from error


@contextmanager
def _caches(settings: Settings, run_id: str) -> Iterator[tuple[Ledger, Desk]]:
    """The run's ledger and desk, closed afterwards."""
    ledger = Ledger(None if settings.fresh else settings.home / "ledger.sqlite3")
    with closing(ledger), closing(Desk(settings.home / "desk.sqlite3", run_id)) as desk:
        yield ledger, desk


def _lock(settings: Settings) -> sqlite3.Connection:
    """Keeps a second run off the same output folder until this is closed: each would clear the other's desk.

    A transaction on an empty SQLite file, as at the gate: the system ends it with its process, however that dies.
    """
    lock = sqlite3.connect(settings.home / f"out-{_mark_of(settings.out)}.lock", timeout=0, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        message = f"{settings.out}: another run is at work on it; wait until it has finished, or name another --out"
        raise RetestError(message) from error
    return lock


def _refuse_if_nothing_was_seen(report: Report, out: Path, desk: Desk) -> None:
    """A night on which every claim failed is no audit: nothing is written, and no verdict changes."""
    failed = {part.claim for part in report.partial}
    if failed and len(failed) >= len(report.claims):
        desk.clear()
        reason = report.partial[0].reason
        raise SourceUnreachable(f"no claim could be looked at, and {out} was left as it was: {reason}")


def _is_whole(out: Path, files: Mapping[str, str]) -> bool:
    """Whether nothing that a run writes has gone missing."""
    return all((out / name).is_file() for name in files)


def _fallen(previous: Report | None, report: Report) -> Iterator[tuple[str, str]]:
    """What each claim is now that it was not before."""
    earlier = {record.id: record for record in previous.claims} if previous else {}
    for record in report.claims:
        before = earlier.get(record.id)
        if before is None or before.state != record.state:
            yield record.state, record.id
        if record.fidelity.status == "misstated" and (before is None or before.fidelity.status != "misstated"):
            yield "misstated", record.id


def make_home(home: Path) -> None:
    """The folder for caches and checkpoints. Raises InputError where it cannot be."""
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"RETEST_HOME={home}: cannot be made ({error.strerror}); name another folder") from error


def _run_id(
    seeds: Sequence[Seed],
    previous: Report | None,
    source: PaperSource,
    judge: Judge,
    scout: Scout | None,
    settings: Settings,
    since: date,
    as_of: date,
) -> str:
    """One name for one piece of work: asked for again, it is the same run, and goes on where it was.

    It begins with the output folder's mark, so that what other runs left unfinished for that folder can be found.
    """
    work = digest(
        [seed.model_dump(mode="json") for seed in seeds],
        previous.to_json() if previous else "",
        (source.name, settings.arxiv_url if source.name == "arxiv" else ""),
        (judge.kind, judge.model, dict(judge.prompts), dict(scout.prompts) if scout else {}),
        (FORM, settings.candidates, since, as_of),
    )
    return f"{_mark_of(settings.out)}-{work}"


def _mark_of(out: Path) -> str:
    """A short name for an output folder."""
    return digest(out.resolve().as_posix())[:8]


class _Requests(ThreadPoolExecutor):
    """Threads that nobody waits for at the end: an interrupted run must not hang on an answer that is slow to come."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait=False, cancel_futures=True)


async def _drive(tools: Tools, settings: Settings, run_id: str, progress: Progress) -> None:
    """Runs the graph, or goes on with it where a killed run left its checkpoint."""
    asyncio.get_running_loop().set_default_executor(_Requests())
    from langsmith.run_helpers import tracing_context

    # Whoever traces their own graphs has not asked for this one's claims to be sent anywhere.
    with tracing_context(enabled=False):
        await _driven(tools, settings, run_id, progress)


async def _driven(tools: Tools, settings: Settings, run_id: str, progress: Progress) -> None:
    """The graph itself: goes on where a checkpoint lies, else begins anew."""
    async with aclosing(tools.judge), _checkpointer(settings.home / "checkpoints.sqlite3") as saver:
        graph = build_graph().compile(checkpointer=saver, name="retest")
        config: Any = {"configurable": {"thread_id": run_id}}
        for left in [*tools.desk.clear_others(), *([run_id] if settings.fresh else [])]:
            await saver.adelete_thread(left)
        if settings.fresh:
            tools.desk.clear()
        # What could not be looked at is looked at again; all else of it lies on the desk, and is asked for no more.
        failed = tools.desk.drop_failed()
        unfinished = bool((await graph.aget_state(config)).next) and not failed
        start: Any = None if unfinished else Run(claims=[], gathered=[], tested=[])
        if not unfinished:
            await saver.adelete_thread(run_id)
        if unfinished or failed:
            progress({"stage": "resume"})
        try:
            async for part in graph.astream(
                start, config, context=tools, stream_mode=["custom"], durability="async", version="v2"
            ):
                event: Any = part["data"]
                progress(event)
        except JudgeRefused:
            # The checkpoint would hold the refused claims as failed; what was found lies on the desk and in the ledger.
            await saver.adelete_thread(run_id)
            raise
        await saver.adelete_thread(run_id)


@asynccontextmanager
async def _checkpointer(path: Path) -> AsyncIterator[AsyncSqliteSaver]:
    """LangGraph's own checkpoints in SQLite; `synchronous=NORMAL` lets the writes keep up, so that a kill loses none."""
    async with aiosqlite.connect(path) as connection:
        await connection.execute("PRAGMA journal_mode=WAL")
        await connection.execute("PRAGMA synchronous=NORMAL")
        # Strict whatever the environment says: a checkpoint must not be able to call code.
        saver = AsyncSqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        await saver.setup()  # it makes its tables when it first reads or writes, but not when it first deletes
        yield saver


def _text(path: Path) -> str:
    """What a file of ours holds, nothing where there is none. Raises InputError when it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); mend it, or move it away to start anew") from error


@cache
def environment_tools() -> Tools:
    """Tools from the environment and `seeds/`, for LangGraph's own tools, which hand none to the graph."""
    settings = load_settings({}, environment(), Path.cwd())
    make_home(settings.home)
    source, as_of = open_source(settings, date.today(), lambda line: None)
    seeds, _ = read_seeds([Path("seeds")])
    return Tools(
        seeds=seeds,
        previous=None,
        source=source,
        judge=open_judge(settings),
        ledger=Ledger(settings.home / "ledger.sqlite3"),
        desk=Desk(None, "studio"),
        since=recent_since(settings.since, as_of),
        as_of=as_of,
        candidates=settings.candidates,
    )


def make_graph() -> CompiledStateGraph[Run, Tools, Run, Run]:
    """What `langgraph.json` names."""
    return studio()
