"""What a stranger's reading found: each was wrong once, in code whose tests passed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fakes import AS_OF, ScriptedJudge, paper
from ponds import ANSWERS, SEED, WIND, Audit, shelf, written
from typer.testing import CliRunner

from retest import cli, run
from retest.commands.diff import diff
from retest.commands.prompt import _template
from retest.console import claims_table
from retest.errors import InputError, RetestError, SourceUnreachable
from retest.models import Answer, Claim, Evidence, NotJudged, Paper, Quote
from retest.run import _is_gone
from retest.settings import Settings, recent_since
from retest.templates import load
from retest.tracing import trace
from retest.verdicts import decide

PONDS, SALT = "do-small-ponds-freeze-first", "does-salt-keep-a-lake-open"
LAKES = "# Do lakes warm?\n\n- Lakes warm faster than the air above them (~2023).\n"


class Mute(ScriptedJudge):
    """No usable answer, for any claim or for one."""

    def __init__(self, claim: str = "") -> None:
        super().__init__(ANSWERS)
        self.claim = claim

    async def weigh(self, claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper]) -> list[Answer]:
        if self.claim in ("", claim.id):
            return [NotJudged(reason="the endpoint is down") for _ in papers]
        return await super().weigh(claim, anchors, papers)


# --- a seed that cannot be read ----------------------------------------------------------------------


def test_seed_that_cannot_be_read_for_a_night_loses_no_verdict(audit: Audit, tmp_path: Path) -> None:
    (tmp_path / "seeds" / "lakes.md").write_text(LAKES, encoding="utf-8")
    before = audit().report
    kept = written(tmp_path / "out")
    (tmp_path / "seeds" / "ponds.txt").write_text("a slip of the pen\n", encoding="utf-8")
    broken = audit()
    assert {record.id for record in broken.report.claims} == {record.id for record in before.claims}
    assert broken.report.claim(PONDS) == before.claim(PONDS)
    assert broken.changes == () and broken.is_partial
    assert [part.claim for part in broken.report.partial] == ["seeds/ponds.txt"]
    assert "seeds/ponds.txt: line 1: " in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "**Not finished in this run**" in (tmp_path / "out" / "ponds.md").read_text(encoding="utf-8")
    (tmp_path / "seeds" / "ponds.txt").write_text(SEED, encoding="utf-8")
    assert audit().changes == ()
    assert written(tmp_path / "out") == kept


def test_seed_that_never_could_be_read_is_named_in_the_reports(audit: Audit, tmp_path: Path) -> None:
    (tmp_path / "seeds" / "broken.md").write_text("", encoding="utf-8")
    finished = audit()
    assert [part.claim for part in finished.report.partial] == ["seeds/broken.md"]
    assert [seed.file for seed in finished.report.seeds] == ["seeds/ponds.txt"]


# --- a run over a part of the library -----------------------------------------------------------------


def test_run_over_one_seed_leaves_the_others_as_they_were(audit: Audit, tmp_path: Path) -> None:
    (tmp_path / "seeds" / "lakes.md").write_text(LAKES, encoding="utf-8")
    before = audit().report
    kept = written(tmp_path / "out")
    part = audit(seeds=[Path("seeds/ponds.txt")])
    assert (part.changes, part.is_partial, written(tmp_path / "out")) == ((), False, kept)
    later = audit(seeds=[Path("seeds/ponds.txt")], as_of=date(2026, 9, 30))
    assert {record.id for record in later.report.claims} == {record.id for record in before.claims}
    assert [(seed.file, seed.audited) for seed in later.report.seeds] == [
        ("seeds/lakes.md", AS_OF), ("seeds/ponds.txt", None),
    ]  # fmt: skip
    assert f"Audited to {AS_OF};" in (tmp_path / "out" / "lakes.md").read_text(encoding="utf-8")
    assert f"(audited to {AS_OF})" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    whole = audit(as_of=date(2026, 9, 30))
    assert (whole.changes, [seed.audited for seed in whole.report.seeds]) == ((), [None, None])


@pytest.mark.parametrize("named", ["seeds/ponds.txt", "seeds/again.md"])
def test_claim_that_two_seeds_tell_is_read_among_both_whichever_is_named(
    audit: Audit, tmp_path: Path, named: str
) -> None:
    (tmp_path / "seeds" / "again.md").write_text(SEED.replace("the shallow ones win", "we all know"), encoding="utf-8")
    audit()
    kept = written(tmp_path / "out")
    part = audit(seeds=[Path(named)])
    assert (part.changes, written(tmp_path / "out")) == ((), kept)


def test_run_over_one_seed_by_another_judge_is_refused(audit: Audit, tmp_path: Path) -> None:
    (tmp_path / "seeds" / "lakes.md").write_text(LAKES, encoding="utf-8")
    audit()
    kept = written(tmp_path / "out")
    with pytest.raises(InputError, match=r"^out holds verdicts on 1 seed more, such as seeds/lakes\.md, from another"):
        audit(seeds=[Path("seeds/ponds.txt")], by=ScriptedJudge(ANSWERS, prompts={"script": "2"}))
    assert written(tmp_path / "out") == kept


def test_seed_that_is_gone_takes_its_claims_and_its_report_along(audit: Audit, tmp_path: Path) -> None:
    (tmp_path / "seeds" / "lakes.md").write_text(LAKES, encoding="utf-8")
    audit()
    (tmp_path / "out" / "mine.md").write_text("my own page", encoding="utf-8")
    (tmp_path / "seeds" / "lakes.md").unlink()
    finished = audit()
    assert [seed.file for seed in finished.report.seeds] == ["seeds/ponds.txt"]
    assert not (tmp_path / "out" / "lakes.md").exists() and (tmp_path / "out" / "mine.md").exists()


def test_folder_of_seeds_with_another_name_leaves_no_ghosts(audit: Audit, tmp_path: Path) -> None:
    audit()
    (tmp_path / "seeds").rename(tmp_path / "essays")
    moved = audit(seeds=[Path("essays")])
    assert [seed.file for seed in moved.report.seeds] == ["essays/ponds.txt"]
    assert moved.changes == () and (tmp_path / "out" / "ponds.md").exists()


def test_seeds_of_one_name_keep_reports_of_their_own_whatever_is_named(audit: Audit, tmp_path: Path) -> None:
    for folder, words in (("a", "Lakes warm"), ("b", "Rivers warm"), ("c", "Seas warm")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.md").write_text(f"# Do they?\n\n- {words} faster than air (~2023).\n", encoding="utf-8")
    audit(seeds=[Path("a"), Path("b"), Path("c")])
    for folder in ("b", "c", "a"):
        stems = [seed.stem for seed in audit(seeds=[Path(folder)]).report.seeds]
        assert len(set(stems)) == 3
        assert {path.name for path in (tmp_path / "out").glob("x*.md")} == {f"{stem}.md" for stem in stems}


def test_id_that_is_taken_out_of_a_note_is_its_anchor_no_more(audit: Audit, tmp_path: Path) -> None:
    seed = tmp_path / "seeds" / "ponds.txt"
    seed.write_text("# Do loaves burn?\n\n- Loaves burn in hot ovens (arXiv:2403.00002, ~2024).\n", encoding="utf-8")
    (named,) = audit().report.claims
    assert named.anchor is not None and named.anchor.found_by == "id in the note"
    seed.write_text("# Do loaves burn?\n\n- Loaves burn in hot ovens (~2024).\n", encoding="utf-8")
    (bare,) = audit().report.claims
    assert (bare.id, bare.anchor) == (named.id, None)


@pytest.mark.parametrize(
    ("file", "named", "gone"),
    [
        ("seeds/a.md", "seeds", False),  # it lies there
        ("seeds/x.md", "seeds", True),
        ("seeds/x.md", "seeds/a.md", True),  # one looks into its folder all the same
        ("far/x.md", "seeds/a.md", False),  # who knows, from here
        ("far/x.md", ".", True),
        ("x.md", "seeds/a.md", False),
        ("x.md", "../else", True),
        ("x.md", ".", True),
    ],
)
def test_seed_is_gone_only_where_one_can_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, named: str, gone: bool
) -> None:
    for place in ("work/seeds", "else"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "work" / "seeds" / "a.md").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "work")
    assert _is_gone(file, [Path(named)], Path.cwd()) == gone


# --- a night on which little went well ---------------------------------------------------------------


def test_night_on_which_nothing_could_be_judged_changes_no_byte(audit: Audit, tmp_path: Path) -> None:
    audit()
    before = written(tmp_path / "out")
    with pytest.raises(SourceUnreachable, match="no paper could be judged: the endpoint is down"):
        audit(by=Mute(), fresh=True)
    assert written(tmp_path / "out") == before


def test_claim_of_which_no_paper_was_judged_keeps_its_verdict_and_is_named(audit: Audit) -> None:
    before = audit().report.claim(PONDS)
    finished = audit(by=Mute(PONDS), fresh=True)
    assert finished.report.claim(PONDS) == before and finished.changes == ()
    assert [(part.claim, part.reason) for part in finished.report.partial] == [
        (PONDS, "no paper could be judged: the endpoint is down")
    ]


def test_paper_on_which_a_verdict_rests_and_that_got_no_answer_leaves_it_as_it_was(audit: Audit) -> None:
    audit()
    answers = ANSWERS | {"2605.00004": NotJudged(reason="the endpoint answers 429")}
    other = shelf()
    other.store.add([WIND.model_copy(update={"version": 2, "text": f"{WIND.text} So it is."})])
    night = audit(other, by=ScriptedJudge(answers), fresh=True)
    assert night.report.claim(PONDS).state == "contested"
    fresh = audit(by=ScriptedJudge(answers, prompts={"script": "2"}))
    assert fresh.report.claim(PONDS).state == "contested" and fresh.changes == ()
    assert [(part.claim, part.reason) for part in fresh.report.partial] == [
        (PONDS, "arXiv:2605.00004, on which it rests, could not be judged: the endpoint answers 429")
    ]


def test_source_that_ends_before_the_audit_is_told_in_every_report(audit: Audit, tmp_path: Path) -> None:
    stale = shelf()
    stale.until = date(2026, 8, 1)
    report = audit(stale).report
    assert report.source_until == date(2026, 8, 1)
    for name in ("README.md", "ponds.md"):
        assert "Its newest record is of 2026-08-01: nothing later could be found." in (
            tmp_path / "out" / name
        ).read_text(encoding="utf-8")
    stale.until = date(2026, 8, 28)
    assert audit(stale, fresh=True).report.source_until is None


def test_first_verdict_after_a_night_without_a_judge_is_no_news(audit: Audit) -> None:
    audit(by=Mute(PONDS))
    assert [(change.claim, change.cause) for change in audit().changes] == [(PONDS, "first audit")]


def test_outage_mends_no_seed_and_raises_no_new_question(audit: Audit) -> None:
    (before,) = audit().report.seeds
    assert before.findings
    (after,) = audit(shelf(lost="ponds"), fresh=True).report.seeds
    assert (after.findings, after.questions) == (before.findings, before.questions)


def test_evidence_of_a_claim_that_could_not_be_looked_at_grows_old_all_the_same(audit: Audit) -> None:
    assert any(item.recent for item in audit().report.claim(PONDS).evidence)
    late = date(2027, 8, 31)
    record = audit(shelf(lost="ponds"), as_of=late).report.claim(PONDS)
    assert record.evidence and not any(item.recent for item in record.evidence)


def test_claim_as_young_as_the_audit_is_not_said_to_have_been_searched(audit: Audit, tmp_path: Path) -> None:
    (tmp_path / "seeds" / "lakes.md").write_text(LAKES.replace("~2023", "~2026"), encoding="utf-8")
    report = audit().report
    young = report.claims[0]
    assert young.effective_date == report.as_of and young.searched.queries == ()
    assert (young.state, young.absence, young.confidence) == ("untested", "nothing to check", 0.0)
    assert "as young as the audit" in (tmp_path / "out" / "lakes.md").read_text(encoding="utf-8")
    assert audit(as_of=date(2026, 9, 1)).written == ()  # its date moves with the audit's, and that is no news


# --- runs beside and after each other ----------------------------------------------------------------


def test_second_run_on_the_same_reports_is_refused_while_the_first_is_at_work(audit: Audit, tmp_path: Path) -> None:
    audit()
    settings = Settings(home=tmp_path / "home", out=Path("out"))
    with closing(run._lock(settings)), pytest.raises(RetestError, match="another run is at work on it"):
        audit()
    audit()


def test_lock_lets_other_reports_alone(audit: Audit, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with closing(run._lock(Settings(home=tmp_path / "home", out=Path("elsewhere")))):
        audit()


def test_fresh_run_knows_its_claims_by_their_ids(audit: Audit, tmp_path: Path) -> None:
    audit()
    retitled = SEED.replace("Does salt keep a lake open?", "Is it salt that keeps lakes open?")
    (tmp_path / "seeds" / "ponds.txt").write_text(retitled, encoding="utf-8")
    assert {record.id for record in audit(fresh=True).report.claims} == {PONDS, SALT}


def test_checkpoint_makes_no_object_of_a_class_that_it_names(tmp_path: Path) -> None:
    """`retest.run` imports LangGraph before `retest.graph` could set the variable that LangGraph reads once."""

    async def loaded() -> Any:
        async with run._checkpointer(tmp_path / "checkpoints.sqlite3") as saver:
            return saver.serde.loads_typed(saver.serde.dumps_typed(WIND))

    assert not isinstance(asyncio.run(loaded()), Paper)


# --- what is said, and to whom -----------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "claims", "prompt", "eval"])
def test_help_tells_the_defaults(command: str) -> None:
    told = CliRunner().invoke(cli.app, [command, "--help"], env={"COLUMNS": "200"}).output
    assert "[default: (auto)]" in told


def test_terminal_is_told_untrusted_words_as_words(capsys: pytest.CaptureFixture[str]) -> None:
    from retest.seeds import parse_seed

    seed = parse_seed("# Do ponds [bold]freeze[/bold]?\n\n- Ponds [red]freeze[/red] \x1b[2J first (~2024).\n", "a.md")
    claims_table(trace([seed], shelf(), AS_OF))
    told = capsys.readouterr().out
    assert "[red]freeze[/red]" in told and "\x1b" not in told


def test_narrow_terminal_is_told_every_claim_all_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from retest.seeds import parse_seed

    monkeypatch.setenv("COLUMNS", "40")
    claims_table(trace([parse_seed("# Do ponds?\n\n- Ponds freeze first (~2024).\n", "a.md")], shelf(), AS_OF))
    assert capsys.readouterr().out.startswith("Ponds freeze first\n  2024-12-31 · no paper found · cited 0 ")


def test_error_that_repeats_a_hostile_name_writes_no_control_character(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise InputError("\x1b[2Jseed.md: no such file\nother.md: none either")

    assert cli._exit_code(fails) == 2
    assert capsys.readouterr().err == "retest: [2Jseed.md: no such file\nother.md: none either\n"


def test_diff_without_git_is_told_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="git cannot be asked"):
        diff("HEAD", "HEAD~1")


# --- options that were believed ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"), [("Ask $anyone.", r"\$anyone is no gap that can be filled"), ("5 $ a page", "begins no name")]
)
def test_template_with_a_gap_that_nothing_fills_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "mine.md").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        _template(tmp_path / "mine.md")


def test_template_of_ones_own_may_leave_gaps_out(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text("Only $question for 5 $$.", encoding="utf-8")
    assert _template(tmp_path / "mine.md").gaps < load("research-prompt-v1").gaps


def test_window_that_begins_after_the_audit_is_refused() -> None:
    with pytest.raises(InputError, match="lies after the day of the audit"):
        recent_since("2030-01-01", AS_OF)


def test_overturn_of_full_strength_counts_wherever_it_stands() -> None:
    papers = [paper(f"2601.0000{n}", "T", "Text.", "2026-01-01") for n in (1, 2)]
    quote = Quote(text="Text.", start=0, end=5)
    weak, strong = (
        Evidence(paper=p, stance=stance, voice="asserted", strength=strength, quote=quote, reason="")
        for p, stance, strength in ((papers[0], "relaxes", 1), (papers[1], "overturns", 3))
    )
    assert decide([weak, strong], looked_at=2).state == decide([strong, weak], looked_at=2).state == "overturned"
