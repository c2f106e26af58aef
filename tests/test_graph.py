"""The whole run with a scripted judge and a shelf of papers: what is asked, what is written, what survives a kill."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fakes import AS_OF, SINCE, ScriptedJudge, ShelfSource, paper
from ponds import ANSWERS, HOSTILE, OWN, PAPERS, WIND, Audit, judge, shelf, written

from retest import run
from retest.desk import Desk
from retest.errors import InputError, JudgeRefused, JudgeUnreachable, RetestError, SourceUnreachable
from retest.graph import Tools, build_graph, studio
from retest.judges import Judge
from retest.ledger import Ledger
from retest.models import Answer, Claim, Judgement, Outcome, Paper, Seed
from retest.settings import Settings
from retest.sources import PaperSource

GOLDEN = Path(__file__).parent / "golden"
PONDS, SALT = "do-small-ponds-freeze-first", "does-salt-keep-a-lake-open"


def states(finished: run.Finished) -> dict[str, str]:
    return {record.id: record.state for record in finished.report.claims}


def test_fakes_are_what_the_seams_ask_for() -> None:
    source: PaperSource = shelf()
    scripted: Judge = judge()
    assert (source.name, scripted.kind) == ("arxiv", "embedded")


def test_map_reads_as_drawn() -> None:
    assert studio().get_graph().draw_mermaid() == (GOLDEN / "graph.mmd").read_text(encoding="utf-8")


# --- a night like any other ------------------------------------------------------------------------


def test_every_claim_gets_a_branch_and_every_file_is_written(audit: Audit, tmp_path: Path) -> None:
    by = judge()
    finished = audit(by=by)
    assert states(finished) == {PONDS: "contested", SALT: "untested"}
    assert {claim for claim, _ in by.asked} == {PONDS, SALT}
    assert len(by.asked) == len(set(by.asked))
    assert sorted(written(tmp_path / "out")) == list(finished.written)
    assert set(finished.written) >= {
        "README.md",
        "ponds.md",
        "verdicts.json",
        "references.bib",
        "CHANGES.md",
        "timeline.svg",
    }
    assert not finished.is_partial


def test_claim_costs_at_most_three_requests_and_the_ids_of_all_seeds_one(audit: Audit) -> None:
    source = shelf()
    audit(source)
    assert source.requests <= 1 + 3 * 2


def test_every_quote_stands_in_its_paper_and_every_piece_of_evidence_is_newer(audit: Audit) -> None:
    texts = {paper.arxiv_id: paper.text for paper in PAPERS}
    (ponds, _) = audit().report.claims
    assert len(ponds.evidence) == 3
    for item in ponds.evidence:
        assert texts[item.arxiv_id][item.start : item.end] == item.quote
        assert item.published > ponds.effective_date
        assert item.recent == (item.published >= SINCE)


def test_second_run_asks_nobody_and_writes_nothing(audit: Audit, tmp_path: Path) -> None:
    class Asking(ScriptedJudge):
        worded = 0

        async def scope(self, *args: Any) -> Any:
            self.worded += 1
            return await super().scope(*args)

        async def ask(self, seed: Seed, outcomes: Sequence[Outcome]) -> tuple[str, str]:
            self.worded += 1
            return f"Question {self.worded}?", "And?"

    answers = {key: value for key, value in ANSWERS.items() if value.kind != "not judged"}
    audit(by=Asking(answers))
    before = written(tmp_path / "out")
    again = Asking(answers)
    finished = audit(by=again)
    assert (again.asked, again.worded, finished.written, finished.changes) == ([], 0, (), ())
    assert written(tmp_path / "out") == before


def test_pair_that_was_not_judged_is_the_only_one_asked_again(audit: Audit) -> None:
    audit()
    again = judge()
    audit(by=again)
    assert again.asked == [(PONDS, "2603.00008")]


def test_new_paper_of_the_next_month_turns_the_verdict_and_is_named(audit: Audit, tmp_path: Path) -> None:
    audit()
    storm = paper(
        "2609.00001", "Storms Over Ponds", "Deep ponds freeze before shallow ones in 4000 ponds.", "2026-09-09"
    )
    answers = ANSWERS | {
        storm.arxiv_id: Judgement(stance="overturns", strength=3, quote="Deep ponds freeze before shallow ones")
    }
    by = ScriptedJudge(answers)
    finished = audit(ShelfSource([*PAPERS, storm]), by=by, as_of=date(2026, 9, 30))
    (change,) = finished.changes
    assert (change.after, change.cause, change.papers) == ("perishable, overturned", "new paper", ("2609.00001",))
    assert finished.newly(["overturned"]) == [PONDS]
    assert sorted(set(by.asked)) == [(PONDS, "2603.00008"), (PONDS, "2609.00001")]
    assert (tmp_path / "out" / "CHANGES.md").read_text().index("2026-09-30") < 200


def test_paper_after_the_day_of_the_audit_is_hidden(audit: Audit) -> None:
    (ponds, _) = audit(as_of=date(2026, 3, 1)).report.claims
    assert [item.arxiv_id for item in ponds.evidence] == [WIND.arxiv_id, "2510.00007"]


def test_day_before_anything_newer_finds_nothing_to_check_and_fails_nothing(audit: Audit) -> None:
    finished = audit(as_of=date(2025, 1, 20))
    assert not finished.report.partial
    assert {(record.state, record.absence, record.searched.judged) for record in finished.report.claims} == {
        ("untested", "nothing newer found", 0)
    }


def test_other_prompts_make_another_judge_who_is_asked_anew(audit: Audit) -> None:
    audit()
    other = ScriptedJudge(ANSWERS, prompts={"script": "2"})
    audit(by=other)
    assert len(other.asked) > 2


def test_fresh_run_asks_everything_again_and_comes_to_the_same(audit: Audit, tmp_path: Path) -> None:
    first = judge()
    audit(by=first)
    before = written(tmp_path / "out")
    again = judge()
    audit(by=again, fresh=True)
    assert sorted(again.asked) == sorted(first.asked)
    assert written(tmp_path / "out") == before


def test_fresh_run_needs_no_run_before_it(audit: Audit) -> None:
    assert states(audit(fresh=True)) == {PONDS: "contested", SALT: "untested"}


def test_same_words_in_two_seeds_are_judged_once_and_reported_in_both(audit: Audit, tmp_path: Path) -> None:
    (tmp_path / "seeds" / "more.md").write_text(
        (tmp_path / "seeds" / "ponds.txt").read_text(encoding="utf-8"), encoding="utf-8"
    )
    by = judge()
    finished = audit(by=by)
    assert len(finished.report.claims) == 2 and len(by.asked) == len(set(by.asked))
    assert {"ponds.md", "more.md"} <= set(finished.written)


def test_questions_are_asked_once_per_seed_and_printed(audit: Audit, tmp_path: Path) -> None:
    finished = audit()
    assert finished.report.seeds[0].questions == ("What if it moved?", "What if it did not?")
    assert "1. What if it moved?\n2. What if it did not?\n" in (tmp_path / "out" / "ponds.md").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("concurrency", [1, 3])
def test_order_of_the_branches_leaves_no_trace_in_the_bytes(audit: Audit, tmp_path: Path, concurrency: int) -> None:
    audit(out=Path("wide"), home=tmp_path / "one")
    audit(out=Path("narrow"), home=tmp_path / "two", concurrency=concurrency)
    assert written(tmp_path / "wide") == written(tmp_path / "narrow")


def test_judge_lets_go_of_its_connections_however_the_run_ends(audit: Audit) -> None:
    by = judge()
    audit(by=by)
    assert by.closed == 1
    refusing = Stumbling(JudgeRefused("wrong key"))
    with pytest.raises(JudgeRefused):
        audit(by=refusing, fresh=True)
    assert refusing.closed == 1


def test_run_is_sent_to_no_tracer_whatever_the_environment_says(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    from langsmith.utils import tracing_is_enabled

    class Traced(ScriptedJudge):
        traced: bool | str | None = None

        async def weigh(self, claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper]) -> list[Answer]:
            self.traced = tracing_is_enabled()
            return await super().weigh(claim, anchors, papers)

    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_ENDPOINT", "http://127.0.0.1:9")
    by = Traced(ANSWERS)
    audit(by=by)
    assert by.traced is False


# --- nights that go wrong --------------------------------------------------------------------------


class Stumbling(ScriptedJudge):
    """Fails for one claim."""

    def __init__(self, error: BaseException, claim_id: str = PONDS) -> None:
        super().__init__(ANSWERS)
        self.error, self.claim_id = error, claim_id

    async def weigh(self, claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper]) -> list[Answer]:
        if claim.id == self.claim_id:
            raise self.error
        return await super().weigh(claim, anchors, papers)


def test_one_failed_claim_does_not_sink_the_run(audit: Audit, tmp_path: Path) -> None:
    finished = audit(by=Stumbling(ZeroDivisionError("a bug")))
    assert states(finished) == {PONDS: "unreachable", SALT: "untested"}
    assert [(part.claim, part.reason) for part in finished.report.partial] == [
        (PONDS, "an error in retest stopped it: ZeroDivisionError")
    ]
    assert finished.is_partial
    assert "## Not finished in this run" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_failed_claim_keeps_the_verdict_it_had(audit: Audit) -> None:
    before = audit().report.claim(PONDS)
    finished = audit(by=Stumbling(ZeroDivisionError("a bug")), fresh=True)
    assert finished.report.claim(PONDS) == before
    assert finished.changes == () and finished.newly(["unreachable", "contested"]) == []
    assert [part.claim for part in finished.report.partial] == [PONDS]


def test_endpoint_that_does_not_answer_is_no_error_of_ours(audit: Audit) -> None:
    finished = audit(by=Stumbling(JudgeUnreachable("the endpoint did not answer")))
    assert [part.reason for part in finished.report.partial] == ["the endpoint did not answer"]


def test_source_that_loses_one_claim_leaves_the_others_alone(audit: Audit) -> None:
    finished = audit(shelf(lost="salt"))
    assert states(finished) == {PONDS: "contested", SALT: "unreachable"}
    assert finished.report.claim(SALT).absence == "could not search"
    assert [change.claim for change in finished.changes] == [PONDS]


def test_night_after_a_lost_claim_finds_it_and_calls_it_a_first_audit(audit: Audit) -> None:
    audit(shelf(lost="salt"))
    finished = audit()
    assert [(change.claim, change.cause) for change in finished.changes] == [(SALT, "first audit")]
    assert finished.report.partial == ()


def test_source_that_is_down_changes_no_byte_and_says_so(audit: Audit, tmp_path: Path) -> None:
    audit()
    before = written(tmp_path / "out")
    with pytest.raises(
        SourceUnreachable, match="no claim could be looked at, and out was left as it was: arXiv did not answer"
    ):
        audit(shelf(broken=True), fresh=True)
    assert written(tmp_path / "out") == before


def test_source_that_is_down_on_the_first_night_leaves_no_report(audit: Audit, tmp_path: Path) -> None:
    with pytest.raises(SourceUnreachable):
        audit(shelf(broken=True))
    assert written(tmp_path / "out") == {}


def test_network_that_comes_back_is_asked_again(audit: Audit) -> None:
    with pytest.raises(SourceUnreachable):
        audit(shelf(broken=True))
    assert states(audit()) == {PONDS: "contested", SALT: "untested"}


def test_refused_key_stops_the_run_and_leaves_the_reports_alone(audit: Audit, tmp_path: Path) -> None:
    audit()
    before = written(tmp_path / "out")
    with pytest.raises(JudgeRefused, match="wrong key"):
        audit(by=Stumbling(JudgeRefused("wrong key")), fresh=True)
    assert written(tmp_path / "out") == before


def test_run_goes_on_once_the_key_is_right(audit: Audit) -> None:
    with pytest.raises(JudgeRefused):
        audit(by=Stumbling(JudgeRefused("wrong key"), SALT))
    by = judge()
    source = shelf()
    assert states(audit(source, by=by)) == {PONDS: "contested", SALT: "untested"}
    assert source.requests == 0
    assert {pair for pair in by.asked if pair[0] == PONDS} <= {(PONDS, "2603.00008")}


def test_catalogue_does_not_replace_live_verdicts_on_a_night_without_a_network(audit: Audit, tmp_path: Path) -> None:
    audit()
    before = written(tmp_path / "out")
    bundled = shelf()
    bundled.name = "catalogue"
    with pytest.raises(SourceUnreachable, match="nothing was changed"):
        audit(bundled, mode="auto")
    assert written(tmp_path / "out") == before


def test_window_that_begins_after_the_audit_is_refused(audit: Audit, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--since 2026-12-01: lies after the day of the audit, 2026-08-31"):
        audit(since="2026-12-01")
    assert written(tmp_path / "out") == {}


@pytest.mark.parametrize("name", ["verdicts.json", "CHANGES.md"])
def test_spoilt_output_is_refused_before_anything_is_asked(audit: Audit, tmp_path: Path, name: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_bytes(b"\xff\xfe\x00")
    source = shelf()
    with pytest.raises(InputError, match=f"{name}: .*mend it"):
        audit(source)
    assert source.requests == 0


@pytest.mark.parametrize("name", ["ledger.sqlite3", "desk.sqlite3", "checkpoints.sqlite3"])
def test_spoilt_cache_is_said_in_one_sentence(audit: Audit, tmp_path: Path, name: str) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / name).write_bytes(b"not a database, but long enough to be taken for one" * 100)
    with pytest.raises(RetestError, match="RETEST_HOME"):
        audit()


# --- killed ----------------------------------------------------------------------------------------

LIBRARY = "# Which claims hold?\n\n" + "".join(
    f"- {name} ponds number {number} freeze at night when {name} winds blow (~2024)\n"
    for number, name in enumerate(("amber", "birch", "cedar", "daisy", "elder", "fern"), 1)
)

KILLED = """
import json, os, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from test_graph import run_logged
run_logged(Path(sys.argv[2]), int(sys.argv[3]))
"""


class Logged(ScriptedJudge):
    """Writes down what it was asked and what it had answered; dies at the n-th asking."""

    def __init__(self, log: Path, dies_at: int) -> None:
        super().__init__()
        self.log, self.dies_at, self.times = log, dies_at, 0

    def note(self, kind: str, rows: Sequence[object]) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps([kind, row]) + "\n" for row in rows)

    async def weigh(self, claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper]) -> list[Answer]:
        pairs = [f"{claim.id} {paper.arxiv_id}" for paper in papers]
        self.note("asked", pairs)
        self.times += 1
        await asyncio.sleep(0)
        if self.times == self.dies_at:
            import os

            os.kill(os.getpid(), signal.SIGKILL)
        return await super().weigh(claim, anchors, papers)


class LoggedShelf(ShelfSource):
    """Writes down every request."""

    def __init__(self, papers: Sequence[Paper], log: Path) -> None:
        super().__init__(papers)
        self.log = log

    def _count(self, asked: str) -> None:
        super()._count(asked)
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(["request", f"{asked} {self.queries[-1].after if self.queries else ''}"]) + "\n")


def run_logged(folder: Path, dies_at: int) -> run.Finished:
    """A run over six claims and as many papers, one claim at a time; everything asked goes to `log`."""
    papers = [
        paper(f"2601.0000{n}", f"Ponds {n}", f"All {name} ponds freeze at night when {name} winds blow.", "2026-01-05")
        for n, name in enumerate(("amber", "birch", "cedar", "daisy", "elder", "fern"), 1)
    ]
    (folder / "library.md").write_text(LIBRARY, encoding="utf-8")
    run.open_source = lambda settings, today, say: (LoggedShelf(papers, folder / "log"), AS_OF)  # type: ignore[assignment]
    run.open_judge = lambda settings: Logged(folder / "log", dies_at)  # type: ignore[assignment]
    settings = Settings(home=folder / "home", out=folder / "out", source="arxiv", as_of=AS_OF, concurrency=1)
    return run.run_audit([folder / "library.md"], settings, AS_OF, lambda line: None, lambda event: None)


def log_of(folder: Path) -> list[tuple[str, str]]:
    return [tuple(json.loads(line)) for line in (folder / "log").read_text(encoding="utf-8").splitlines()]


def test_killed_run_goes_on_and_asks_nobody_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = str(Path(__file__).parent)
    (tmp_path / "killed").mkdir()
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, here, str(tmp_path / "killed"), "4"], capture_output=True, text=True, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    before = log_of(tmp_path / "killed")
    assert not (tmp_path / "killed" / "out" / "README.md").exists()

    monkeypatch.setattr(run, "open_source", run.open_source)  # run_logged replaces them: put back afterwards
    monkeypatch.setattr(run, "open_judge", run.open_judge)
    finished = run_logged(tmp_path / "killed", dies_at=0)
    after = log_of(tmp_path / "killed")[len(before) :]
    assert len(finished.report.claims) == 6 and not finished.is_partial

    in_flight = {row for kind, row in before if kind == "asked"}
    answered = {row for row in in_flight if row.split()[0] != [r for k, r in before if k == "asked"][-1].split()[0]}
    assert len(answered) > 2
    assert answered.isdisjoint(row for kind, row in after if kind == "asked")
    assert not [row for kind, row in after if kind == "request"]

    (tmp_path / "whole").mkdir()
    run_logged(tmp_path / "whole", dies_at=0)
    assert written(tmp_path / "whole" / "out") == written(tmp_path / "killed" / "out")


def test_replies_of_a_claim_are_kept_one_portion_at_a_time(audit: Audit) -> None:
    """A claim's twenty papers are several requests to a model: a kill after the first must not lose its answers."""
    many = [
        paper(f"2601.1000{n}", f"Shallow ponds {n}", "Shallow ponds freeze before deep ones.", "2026-01-05")
        for n in range(9)
    ]

    class Dying(ScriptedJudge):
        async def weigh(self, claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper]) -> list[Answer]:
            if self.asked:
                raise JudgeRefused("no credit left")
            return await super().weigh(claim, anchors, papers)

    by = Dying()
    with pytest.raises(JudgeRefused):
        audit(ShelfSource([OWN, *many]), by=by, concurrency=1)
    again = judge()
    audit(ShelfSource([OWN, *many]), by=again)
    assert len(by.asked) > 1 and set(by.asked).isdisjoint(again.asked)


def test_checkpoint_without_its_desk_says_how_to_go_on(audit: Audit, tmp_path: Path) -> None:
    class Silent(ScriptedJudge):
        async def ask(self, seed: Seed, outcomes: Sequence[Outcome]) -> tuple[str, str]:
            raise RetestError("no questions today")

    with pytest.raises(RetestError, match="no questions today"):
        audit(by=Silent(ANSWERS))
    for path in (tmp_path / "home").glob("desk.sqlite3*"):
        path.unlink()
    with pytest.raises(RetestError, match="start it again with --fresh"):
        audit()
    assert states(audit(fresh=True)) == {PONDS: "contested", SALT: "untested"}


def test_checkpoints_hold_ids_and_no_words_of_papers_or_keys(tmp_path: Path) -> None:
    """State holds ids only: what a checkpoint holds is written again at every step."""
    from langgraph.checkpoint.memory import InMemorySaver

    saver = InMemorySaver()
    graph = build_graph().compile(checkpointer=saver)
    seed = run.read_seeds([_seed(tmp_path)])[0]
    tools = Tools(
        seeds=seed, previous=None, source=shelf(), judge=judge(), ledger=Ledger(None), desk=Desk(None, "r"),
        since=SINCE, as_of=AS_OF, candidates=20,
    )  # fmt: skip
    config: Any = {"configurable": {"thread_id": "r"}}
    state: Mapping[str, Any] = asyncio.run(
        graph.ainvoke({"claims": [], "gathered": [], "tested": []}, config, context=tools)
    )
    assert sorted(state["tested"]) == sorted(state["claims"]) == sorted(state["gathered"])
    kept = repr(list(saver.list(config)))
    assert WIND.text not in kept and HOSTILE.title not in kept


def _seed(folder: Path) -> Path:
    (folder / "library.md").write_text(LIBRARY, encoding="utf-8")
    return folder / "library.md"


def test_claim_that_a_killed_run_could_not_look_at_is_looked_at_again(audit: Audit) -> None:
    class Silent(ScriptedJudge):
        async def ask(self, seed: Seed, outcomes: Sequence[Outcome]) -> tuple[str, str]:
            raise RetestError("no questions today")

    with pytest.raises(RetestError, match="no questions today"):
        audit(shelf(lost="salt"), by=Silent(ANSWERS))
    again, source = judge(), shelf()
    finished = audit(source, by=again)
    assert states(finished) == {PONDS: "contested", SALT: "untested"} and not finished.report.partial
    assert {claim for claim, _ in again.asked} <= {SALT, PONDS} and (PONDS, WIND.arxiv_id) not in again.asked


def test_run_that_is_never_resumed_leaves_nothing_behind(audit: Audit, tmp_path: Path) -> None:
    class Silent(ScriptedJudge):
        async def ask(self, seed: Seed, outcomes: Sequence[Outcome]) -> tuple[str, str]:
            raise RetestError("no questions today")

    for day in (27, 28):
        with pytest.raises(RetestError):
            audit(by=Silent(ANSWERS), as_of=date(2026, 8, day))
    with pytest.raises(RetestError):
        audit(by=Silent(ANSWERS), out=Path("other"))
    audit()
    with closing(sqlite3.connect(tmp_path / "home" / "desk.sqlite3")) as desk:
        assert len(desk.execute("SELECT DISTINCT run FROM desk").fetchall()) == 1, "the other folder's"
    with closing(sqlite3.connect(tmp_path / "home" / "checkpoints.sqlite3")) as kept:
        assert len(kept.execute("SELECT DISTINCT thread_id FROM checkpoints").fetchall()) == 1
