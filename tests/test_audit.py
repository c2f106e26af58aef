"""One claim's way through the stages, with a scripted judge."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from fakes import AS_OF, SINCE, ScriptedJudge, ShelfSource, claim, paper

from retest.audit import look, retest_claim
from retest.errors import JudgeUnreachable
from retest.judges import Scope
from retest.ledger import Ledger
from retest.models import (
    Abstained,
    Claim,
    Evidence,
    Hit,
    Judgement,
    Likeness,
    Outcome,
    Paper,
    Query,
    Suggestions,
    Verdict,
)

PONDS = claim("Do small ponds freeze first?", "Small ponds freeze first.", arxiv_ids=("2501.00001",))
SALT = paper("2602.00003", "Salted ponds freeze last", "With salt small ponds freeze last of all ponds.", "2026-02-01")
WIND = paper("2603.00004", "Wind over ponds", "Wind keeps small ponds from freezing first.", "2026-03-01")
LATER = paper("2609.00009", "Ponds after the audit", "Small ponds freeze first again.", "2026-09-01")
OLD = paper("2412.00008", "Ponds before", "Small ponds never freeze first.", "2024-12-01")
ANCHOR = paper("2501.00001", "Small ponds freeze first", "Small ponds freeze first.", "2025-01-02")


class WordlessJudge(ScriptedJudge):
    """Weighs, and has no words while `mute`."""

    mute = True

    async def scope(self, claim: Claim, verdict: Verdict, evidence: Sequence[Evidence]) -> Scope:
        if self.mute:
            raise JudgeUnreachable("the endpoint is down")
        return await super().scope(claim, verdict, evidence)


def narrowed_by(*papers: Paper) -> dict[str, Judgement]:
    return {p.arxiv_id: Judgement(stance="relaxes", strength=2, quote=p.text, reason="It says so.") for p in papers}


def audited(
    judge: ScriptedJudge,
    ledger: Ledger,
    *papers: Paper,
    earlier: Sequence[Paper] = (),
    candidates: int = 20,
    scout: Any = None,
    as_of: date = AS_OF,
    shelf: type[ShelfSource] = ShelfSource,
) -> Outcome:
    from retest.models import Anchor, Anchored

    source = shelf([ANCHOR, *papers])
    named = Anchored(anchors=(Anchor(paper=ANCHOR, score=1, found_by="id in the note"),))
    gathered = asyncio.run(look(PONDS, named, source, scout, ledger, SINCE, as_of))
    return asyncio.run(retest_claim(PONDS, gathered, source, judge, ledger, candidates, as_of, earlier, scout))


def test_evidence_is_newer_than_the_claim_and_not_newer_than_the_audit() -> None:
    judge = ScriptedJudge(narrowed_by(SALT, LATER, OLD))
    outcome = audited(judge, Ledger(None), SALT, LATER, OLD)
    assert [item.paper.arxiv_id for item in outcome.evidence] == ["2602.00003"]
    assert ("claim", LATER.arxiv_id) not in judge.asked
    assert outcome.effective_date == date(2025, 1, 2)


class MonthlySource(ShelfSource):
    """Finds by the month, as a service does that knows no days."""

    def find(self, query: Query) -> list[Hit]:
        after = query.after.replace(day=1) if query.after else None
        return super().find(query.model_copy(update={"after": after}))


@pytest.mark.parametrize("shelf", [ShelfSource, MonthlySource])
def test_paper_of_the_claim_s_own_day_is_no_evidence(shelf: type[ShelfSource]) -> None:
    same = paper("2501.00021", "Small ponds on one day", "Small ponds freeze first, or last.", "2025-01-02")
    next_day = paper("2501.00022", "Small ponds a day later", "Small ponds freeze first, or last.", "2025-01-03")
    outcome = audited(ScriptedJudge(narrowed_by(same, next_day)), Ledger(None), same, next_day, shelf=shelf)
    assert outcome.effective_date == same.published
    assert [item.paper.arxiv_id for item in outcome.evidence] == ["2501.00022"]
    assert outcome.ranked == ("2501.00022",)


def test_judge_that_could_not_tell_is_no_sign_that_nothing_is_newer() -> None:
    outcome = audited(ScriptedJudge({SALT.arxiv_id: Abstained(reason="cannot tell")}), Ledger(None), SALT)
    assert (outcome.verdict.state, outcome.verdict.absence) == ("untested", "could not judge")


def test_anchor_is_no_evidence_for_itself() -> None:
    judge = ScriptedJudge(narrowed_by(ANCHOR))
    assert audited(judge, Ledger(None), SALT).evidence == ()


def test_judged_pair_is_never_asked_about_again() -> None:
    ledger, judge = Ledger(None), ScriptedJudge(narrowed_by(SALT))
    first, second = audited(judge, ledger, SALT), audited(judge, ledger, SALT)
    assert (first, judge.asked) == (second, [("claim", "2602.00003")])


def test_what_was_cited_before_is_weighed_whatever_its_rank() -> None:
    judge = ScriptedJudge(narrowed_by(SALT, WIND))
    crowded = audited(judge, Ledger(None), SALT, WIND, candidates=1)
    assert len(crowded.evidence) == 1
    kept = audited(judge, Ledger(None), SALT, WIND, earlier=[SALT, WIND], candidates=1)
    assert {item.paper.arxiv_id for item in kept.evidence} == {"2602.00003", "2603.00004"}


def test_every_pair_put_to_the_judge_has_its_key_for_the_committed_ledger() -> None:
    judge = ScriptedJudge()
    outcome = audited(judge, Ledger(None), SALT, OLD)
    assert set(outcome.pairs) == {paper_id for _, paper_id in judge.asked} == {"2602.00003", "2412.00008"}


def test_work_that_disagreed_before_the_claim_is_listed_apart() -> None:
    against = {OLD.arxiv_id: Judgement(stance="overturns", strength=3, quote=OLD.text, reason="It says so.")}
    outcome = audited(ScriptedJudge(against), Ledger(None), OLD)
    assert ([e.paper.arxiv_id for e in outcome.at_birth], outcome.evidence) == (["2412.00008"], ())
    assert outcome.verdict.state == "untested"


def test_disagreement_that_an_older_paper_only_reports_is_not_listed() -> None:
    against = Judgement(stance="overturns", strength=3, quote=OLD.text, reason="Others say so.", voice="reported")
    judge = ScriptedJudge({OLD.arxiv_id: against})
    assert audited(judge, Ledger(None), OLD).at_birth == ()
    assert judge.asked == [("claim", "2412.00008")]


def test_plain_words_of_an_outage_are_not_kept_as_the_judge_s_own() -> None:
    ledger, judge = Ledger(None), WordlessJudge(narrowed_by(SALT))
    assert "2602.00003" in audited(judge, ledger, SALT).verdict.rationale
    judge.mute = False
    assert audited(judge, ledger, SALT).verdict.rationale == "1 papers bear on it."


class ScriptedScout:
    """Suggests and picks (index and grade, at first and closely) as told; `calls` counts what it was asked."""

    model = "scripted"

    def __init__(
        self,
        searches: tuple[str, ...] = (),
        findings: tuple[str, ...] = (),
        picks: dict[int, int] | None = None,
        closely: dict[int, int] | None = None,
        mute: bool = False,
    ) -> None:
        self.suggestions, self.mute = Suggestions(searches=searches, findings=findings), mute
        self.picks = {False: picks or {}, True: closely or {}}
        self.prompts = {"queries": "1"}
        self.shown: list[tuple[list[str], bool]] = []
        self.calls = 0

    async def suggest(self, claim: Claim, anchors: Sequence[Paper]) -> Suggestions:
        return self._told(self.suggestions)

    async def pick(
        self, claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper], like: Likeness, *, closely: bool
    ) -> Mapping[int, int]:
        self.shown.append(([paper.arxiv_id for paper in papers], closely))
        return self._told(self.picks[closely])

    def _told(self, answer: Any) -> Any:
        self.calls += 1
        if self.mute:
            raise JudgeUnreachable("the endpoint is down")
        return answer


GLASS = paper("2604.00005", "Vitrification of still water", "Still water below the limit vitrifies late.", "2026-04-01")


@pytest.mark.parametrize(
    "scout",
    [
        ScriptedScout(searches=("vitrification of still water",)),
        ScriptedScout(findings=("We find that still water vitrifies below the limit.",)),
    ],
    ids=["search", "finding"],
)
def test_what_speaks_in_other_words_is_found_by_a_scout_s_words(scout: ScriptedScout) -> None:
    alone = ScriptedJudge(narrowed_by(GLASS))
    assert audited(alone, Ledger(None), SALT, GLASS).evidence == ()
    outcome = audited(ScriptedJudge(narrowed_by(GLASS)), Ledger(None), SALT, GLASS, scout=scout)
    assert [item.paper.arxiv_id for item in outcome.evidence] == ["2604.00005"]


def test_scout_s_picks_come_first_by_grade_and_hide_nobody() -> None:
    ranked = ranked_with(None)
    assert ranked_with(ScriptedScout(picks={1: 1})) == (ranked[1], ranked[0])
    assert ranked_with(ScriptedScout(picks={0: 1, 1: 3})) == (ranked[1], ranked[0])


def test_of_one_grade_the_papers_stay_in_order_until_they_are_seen_side_by_side() -> None:
    ranked = ranked_with(None)
    assert ranked_with(ScriptedScout(picks={1: 3, 0: 3})) == ranked
    assert ranked_with(ScriptedScout(picks={1: 3, 0: 3}, closely={1: 3, 0: 3})) == (ranked[1], ranked[0])


def test_what_was_picked_is_looked_at_closely_and_that_order_counts() -> None:
    ranked = ranked_with(None)
    scout = ScriptedScout(picks={0: 3, 1: 1}, closely={1: 3})
    assert ranked_with(scout) == (ranked[1], ranked[0])
    assert scout.shown == [(list(ranked), False), (list(ranked), True)]


def test_scout_is_asked_once_about_each_paper() -> None:
    ledger, scout = Ledger(None), ScriptedScout(searches=("still water",), picks={0: 3})
    first = audited(ScriptedJudge(), ledger, SALT, scout=scout)
    assert audited(ScriptedJudge(), ledger, SALT, scout=scout) == first
    assert scout.calls == 2
    audited(ScriptedJudge(), ledger, SALT, WIND, scout=scout)
    shown = [(sorted(ids), closely) for ids, closely in scout.shown[1:]]
    assert shown == [([WIND.arxiv_id], False), ([SALT.arxiv_id, WIND.arxiv_id], True)]


def test_revised_paper_is_graded_anew() -> None:
    ledger, scout = Ledger(None), ScriptedScout(picks={0: 3})
    audited(ScriptedJudge(), ledger, SALT, scout=scout)
    audited(ScriptedJudge(), ledger, SALT.model_copy(update={"text": "Salted ponds freeze first."}), scout=scout)
    assert [closely for _, closely in scout.shown] == [False, False]


def test_scout_s_silence_changes_nothing() -> None:
    assert ranked_with(ScriptedScout(mute=True)) == ranked_with(None)


def test_where_one_of_two_answers_is_missing_the_order_stays_and_the_other_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("retest.scouting.CROWD", 1)
    ledger, scout = Ledger(None), HalfMuteScout(picks={0: 3})
    ranked = ranked_with(None)
    assert audited(ScriptedJudge(), ledger, SALT, WIND, scout=scout).ranked == ranked
    scout.mutes = []
    audited(ScriptedJudge(), ledger, SALT, WIND, scout=scout)
    assert scout.shown[2:] == [([ranked[0]], False), (list(ranked), True)]


class ShortSightedScout(ScriptedScout):
    """Has no answer when it is to look closely."""

    async def pick(
        self, claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper], like: Likeness, *, closely: bool
    ) -> Mapping[int, int]:
        self.mute = closely
        return await super().pick(claim, anchors, papers, like, closely=closely)


def test_where_the_close_look_fails_the_grades_still_count() -> None:
    ranked = ranked_with(None)
    assert ranked_with(ShortSightedScout(picks={0: 1, 1: 3})) == (ranked[1], ranked[0])


class HalfMuteScout(ScriptedScout):
    """Has no answer to the first crowd that it is shown while `mutes` says so."""

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self.mutes = [True]

    async def pick(
        self, claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper], like: Likeness, *, closely: bool
    ) -> Mapping[int, int]:
        self.mute = bool(self.mutes and self.mutes.pop())
        return await super().pick(claim, anchors, papers, like, closely=closely)


def ranked_with(scout: ScriptedScout | None) -> tuple[str, ...]:
    return audited(ScriptedJudge(), Ledger(None), SALT, WIND, scout=scout).ranked


def test_withdrawn_paper_is_no_evidence_and_is_told_of() -> None:
    gone = SALT.model_copy(update={"comment": "This paper has been withdrawn by the authors", "version": 2})
    outcome = audited(ScriptedJudge(narrowed_by(gone)), Ledger(None), gone, earlier=[gone])
    assert (outcome.evidence, outcome.withdrawn) == ((), ("2602.00003",))


@pytest.mark.parametrize(
    ("where", "told", "gone"),
    [
        ("comment", "Withdrawn from ICML 2024, now at NeurIPS 2025", False),
        ("comment", "Supersedes our withdrawn submission arXiv:2301.00001", False),
        ("comment", "replaces an earlier version withdrawn from ICLR", False),
        ("comment", "withdrawn", True),
        ("comment", "Paper withdrawn due to an error in Lemma 2", True),
        ("comment", "12 pages. This paper has been withdrawn by the authors", True),
        ("text", "The paper has been withdrawn because of an error.", True),
        ("text", "The authors have withdrawn this paper for now.", True),
        ("text", "This arXiv submission has been withdrawn by arXiv administrators.", True),
        ("text", "We would like to withdraw this article for a mistake in its data.", True),
        ("text", "We withdraw drugs from mice. The drug was withdrawn, and this paper measures it.", False),
    ],
)
def test_what_is_taken_back_and_what_is_not(where: str, told: str, gone: bool) -> None:
    assert SALT.model_copy(update={where: told}).is_withdrawn == gone


def test_backtest_cites_nothing_that_came_after_its_day_or_was_taken_back() -> None:
    """The claim's own paper may be younger than the day of a backtest."""
    early = paper("2401.00001", "Early Ponds", "Small ponds freeze last in 90 ponds.", "2024-01-05")
    late = early.model_copy(update={"arxiv_id": "2411.00001", "published": date(2024, 11, 1)})
    gone = early.model_copy(update={"arxiv_id": "2402.00001", "comment": "withdrawn"})
    against = Judgement(stance="overturns", quote="Small ponds freeze last", reason="It says the opposite.")
    by = ScriptedJudge({p.arxiv_id: against for p in (early, late, gone)})
    outcome = audited(by, Ledger(None), early, late, gone, as_of=date(2024, 6, 30))
    assert [item.paper.arxiv_id for item in outcome.at_birth] == ["2401.00001"]


def test_remark_about_something_else_withdrawn_is_no_withdrawal() -> None:
    told = SALT.model_copy(update={"text": "Salt was withdrawn from the ponds. With salt small ponds freeze last."})
    assert not told.is_withdrawn
    assert paper(
        "2602.00011", "T", "This paper has been withdrawn by the author due to an error.", "2026-01-01"
    ).is_withdrawn
