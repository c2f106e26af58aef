"""Night after night: what turns a verdict, what does not, and what is said about it."""

from __future__ import annotations

from datetime import date

from fakes import evidence_of, record_of, report_of

from retest.history import changes, is_quiet, steadied, with_earlier_words
from retest.report import JudgeRecord, judge_mark

MAY, JUNE, JULY, AUGUST = date(2026, 5, 31), date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31)


def test_one_new_paper_of_middling_strength_leaves_the_verdict_pending() -> None:
    before = record_of("upheld", evidence=[("2601.00001", "supports")])
    fresh = record_of("contested", evidence=[("2601.00001", "supports"), ("2606.00002", "overturns")])
    kept = steadied(before, fresh, JUNE, same_judge=True, seen_until=JUNE)
    assert (kept.state, kept.durability) == ("upheld", "durable")
    assert kept.pending is not None and (kept.pending.state, kept.pending.since) == ("contested", JUNE)
    assert kept.evidence == fresh.evidence


def test_same_finding_on_a_later_night_confirms_it() -> None:
    before = record_of("upheld", evidence=[("2601.00001", "supports")])
    fresh = record_of("contested", evidence=[("2601.00001", "supports"), ("2606.00002", "overturns")])
    first = steadied(before, fresh, JUNE, same_judge=True, seen_until=JUNE)
    assert steadied(first, fresh, JULY, same_judge=True, seen_until=JUNE).state == "contested"


def test_same_night_again_confirms_nothing() -> None:
    before = record_of("upheld")
    fresh = record_of("contested", evidence=[("2606.00002", "overturns")])
    first = steadied(before, fresh, JUNE, same_judge=True, seen_until=JUNE)
    assert steadied(first, fresh, JUNE, same_judge=True, seen_until=JUNE) == first


def test_two_new_papers_or_one_of_full_strength_turn_it_at_once() -> None:
    before = record_of("upheld")
    two = record_of("relaxed", evidence=[("2606.00001",), ("2606.00002",)])
    strong = record_of("relaxed", evidence=[("2606.00001", "relaxes", 3)])
    assert steadied(before, two, JUNE, same_judge=True, seen_until=JUNE) == two
    assert steadied(before, strong, JUNE, same_judge=True, seen_until=JUNE) == strong


def test_verdict_that_is_confirmed_names_the_paper_that_was_found_first() -> None:
    """On the night that confirms it no paper is new any more, and what fell went unannounced."""
    before = record_of("upheld", evidence=[("2601.00001", "supports")])
    fresh = record_of("contested", evidence=[("2601.00001", "supports"), ("2606.00002", "overturns")])
    waiting = steadied(before, fresh, JUNE, same_judge=True, seen_until=MAY)
    (change,) = changes(report_of(waiting, as_of=JUNE), report_of(fresh, as_of=JULY))
    assert (change.after, change.cause, change.papers) == ("perishable, contested", "new paper", ("2606.00002",))


def test_clock_that_ran_ahead_for_a_night_puts_no_confirmation_off() -> None:
    before, fresh = record_of("upheld"), record_of("contested", evidence=[("2606.00002", "overturns")])
    ahead = steadied(before, fresh, date(2030, 1, 1), same_judge=True, seen_until=MAY)
    again = steadied(ahead, fresh, JULY, same_judge=True, seen_until=JULY)
    assert again.pending is not None and again.pending.since == JULY
    assert steadied(again, fresh, AUGUST, same_judge=True, seen_until=JULY).state == "contested"


def test_old_paper_that_is_found_late_is_no_new_one() -> None:
    """More candidates, or a library filled up backwards, bring papers that were there all the time."""
    late = evidence_of("2604.00001", "overturns", 3, published="2026-04-01")
    (change,) = changes(report_of(record_of("upheld")), report_of(record_of("overturned", evidence=[late])))
    assert (change.cause, change.papers) == ("evidence weighed anew", ())


def test_claim_that_was_left_out_for_months_gets_the_papers_of_those_months_as_new_ones() -> None:
    spring = evidence_of("2604.00001", "overturns", 3, published="2026-04-01")
    before = record_of("upheld", audited="2026-03-01")
    (change,) = changes(report_of(before), report_of(record_of("overturned", evidence=[spring])))
    assert (change.cause, change.papers) == ("new paper", ("2604.00001",))


def test_verdict_of_an_earlier_judge_that_was_kept_over_an_outage_is_still_that_judges() -> None:
    earlier = report_of(record_of("upheld"))
    kept = record_of("upheld", judge=judge_mark(earlier.judge), source="arxiv")
    other = JudgeRecord(kind="llm", model="m", prompts={"judge-v1": "2"})
    fresh = report_of(record_of("overturned", evidence=[("2606.00001", "overturns", 3)]), judge=other)
    (change,) = changes(report_of(kept, judge=other), fresh)
    assert change.cause == "judge or prompt changed"
    (moved,) = changes(report_of(kept.model_copy(update={"judge": "", "source": "catalogue"}), judge=other), fresh)
    assert moved.cause == "source changed"


def test_withdrawn_anchor_is_no_reason_for_what_changes_later() -> None:
    before = record_of("upheld", evidence=[("2601.00001", "supports")], withdrawn=("2501.00001",))
    again = record_of("relaxed", evidence=[evidence_of("2601.00001", version=2)], withdrawn=("2501.00001",))
    (change,) = changes(report_of(before), report_of(again))
    assert (change.cause, change.papers) == ("new version", ("2601.00001",))
    weak = record_of("contested", evidence=[("2606.00001", "overturns", 1)], withdrawn=("2501.00001",))
    assert steadied(before, weak, JULY, same_judge=True, seen_until=JUNE).pending


def test_finding_that_goes_away_again_never_shows_as_a_flip() -> None:
    before = record_of("upheld")
    flicker = steadied(before, record_of("relaxed", evidence=[("2606.00001",)]), JUNE, same_judge=True, seen_until=JUNE)
    assert steadied(flicker, record_of("upheld"), JULY, same_judge=True, seen_until=JUNE) == record_of("upheld")


def test_change_of_judge_is_not_damped_and_is_no_news() -> None:
    before, fresh = record_of("upheld"), record_of("relaxed", evidence=[("2606.00001",)])
    assert steadied(before, fresh, JUNE, same_judge=False, seen_until=JUNE) == fresh
    other = JudgeRecord(kind="llm", model="m", prompts={"judge-v1": "2"})
    (change,) = changes(report_of(before), report_of(fresh, judge=other))
    assert change.cause == "judge or prompt changed"


def test_flip_names_the_papers_that_made_it() -> None:
    before = record_of("upheld", evidence=[("2601.00001", "supports")])
    fresh = record_of("relaxed", evidence=[("2606.00002", "relaxes", 3), ("2601.00001", "supports")])
    (change,) = changes(report_of(before), report_of(fresh))
    assert (change.cause, change.before, change.after) == ("new paper", "durable, upheld", "perishable, relaxed")
    assert change.papers == ("2606.00002",)


def test_first_verdict_after_silence_needs_no_confirmation() -> None:
    fresh = record_of("relaxed", evidence=[("2606.00001",)])
    assert steadied(record_of("untested"), fresh, JUNE, same_judge=True, seen_until=JUNE) == fresh


def test_night_that_brought_nothing_is_quiet_for_a_week() -> None:
    report = report_of(as_of=JULY)
    assert is_quiet(report, report_of(as_of=date(2026, 8, 3), since="2026-01-04"))
    assert not is_quiet(report, report_of(as_of=AUGUST, since="2026-02-01"))
    assert not is_quiet(report, report_of(state="upheld", as_of=date(2026, 8, 3), since="2026-01-04"))
    assert not is_quiet(None, report)
    assert not is_quiet(report, report_of(as_of=date(2026, 8, 3), since="2025-07-04")), "another window was asked for"


def test_new_evidence_for_the_same_verdict_is_not_quiet() -> None:
    more = report_of(record_of(evidence=[evidence_of("2606.00009")]), as_of=date(2026, 7, 1))
    assert not is_quiet(report_of(record_of(), as_of=JUNE), more)


def test_words_stay_as_they_were_while_the_evidence_does() -> None:
    before = record_of(evidence=[("2601.00001",)], rationale="One paper narrows it.")
    again = record_of(evidence=[("2601.00001",)], rationale="A paper makes it narrower.")
    assert with_earlier_words(before, again).rationale == "One paper narrows it."
    more = record_of(evidence=[("2601.00001",), ("2602.00002",)], rationale="Two papers narrow it.")
    assert with_earlier_words(before, more).rationale == "Two papers narrow it."


def test_withdrawn_paper_takes_its_verdict_along_at_once_and_is_named() -> None:
    before = record_of("relaxed", evidence=[("2606.00001",), ("2601.00001", "supports")])
    after = record_of("upheld", evidence=[("2601.00001", "supports")], withdrawn=("2606.00001",))
    assert steadied(before, after, JULY, same_judge=True, seen_until=JUNE) == after
    (change,) = changes(report_of(before), report_of(after))
    assert (change.cause, change.papers) == ("withdrawn", ("2606.00001",))


def test_new_version_of_a_cited_paper_is_named_as_the_cause() -> None:
    before = record_of("relaxed", evidence=[("2606.00001",)])
    after = record_of("upheld", evidence=[evidence_of("2606.00001", "supports", version=2)])
    assert steadied(before, after, JULY, same_judge=True, seen_until=JUNE) == after
    (change,) = changes(report_of(before), report_of(after))
    assert (change.cause, change.papers) == ("new version", ("2606.00001",))
