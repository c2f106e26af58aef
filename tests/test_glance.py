"""What a reader of the whole library sees first: what fell, what nobody has checked, what settled a claim."""

from __future__ import annotations

from datetime import date

import pytest
from fakes import evidence_of, record_of, report_of

from retest.render.glance import (
    dated,
    dating_anchor,
    fell_lately,
    how_dated,
    settled_beside,
    settling,
    unsettled,
    unverified,
    verdicts_in_words,
)
from retest.report import AckRecord, AnchorRecord, ClaimRecord, Leaning

NEWS = {"evidence": [("2606.00001", "relaxes", 2)], "changed_on": "2026-06-30"}
LEANT_ON = {"leaning": (Leaning(file="a.md", line=3, sentence="So it is."),)}


def anchor(arxiv_id: str, published: str) -> AnchorRecord:
    return AnchorRecord(
        arxiv_id=arxiv_id, title=arxiv_id, authors=(), published=date.fromisoformat(published), score=0.5
    )


def word(state: str) -> AckRecord:
    return AckRecord(decision="keep", note="", on=date(2026, 6, 1), state=state)


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ("new paper", True),
        ("first audit", True),
        (None, True),  # of a report from before causes were kept
        ("judge or prompt changed", False),
        ("source changed", False),
        ("seed edited", False),
        ("evidence weighed anew", False),
    ],
)
def test_only_the_literature_lets_a_claim_fall(cause: str | None, told: bool) -> None:
    record = record_of(changed_by=cause, **NEWS)
    assert fell_lately(report_of(record)) == ([record] if told else [])


@pytest.mark.parametrize(("state", "told"), [("relaxed", False), ("upheld", True)])
def test_person_has_spoken_on_a_claim_until_it_stands_otherwise(state: str, told: bool) -> None:
    fallen, bare = record_of(ack=word(state), **NEWS), record_of("untested", ack=word("untested"), **LEANT_ON)
    assert fell_lately(report_of(fallen)) == ([fallen] if told else [])
    assert unverified(report_of(bare)) == []
    assert unverified(report_of(record_of("untested", ack=word("upheld"), **LEANT_ON)))


@pytest.mark.parametrize(
    ("state", "evidence", "told"),
    [
        ("upheld", [("1", "supports", 1)], " (a single weak sign)"),
        ("upheld", [("1", "supports", 2)], ""),
        ("upheld", [("1", "supports"), ("2", "supports"), ("3", "relaxes")], " and 1 other paper; 1 narrows it"),
        ("relaxed", [("1", "relaxes"), ("2", "supports"), ("3", "supports")], "; 2 support it"),
        ("contested", [("1", "overturns"), ("2", "relaxes"), ("3", "supports")], "; 1 narrows it; 1 supports it"),
        ("untested", [], ""),
    ],
)
def test_papers_that_say_otherwise_never_count_as_having_settled_a_claim(
    state: str, evidence: list[tuple[str, str]], told: str
) -> None:
    assert settled_beside(record_of(state, evidence=evidence)) == told


def test_paper_that_only_repeats_another_settles_nothing() -> None:
    evidence = [evidence_of("1", "supports"), evidence_of("2", "supports", voice="reported")]
    assert settled_beside(record_of("upheld", evidence=evidence)) == ""


def test_support_that_makes_no_verdict_is_told_beside_its_absence() -> None:
    record = record_of("untested", absence="could not judge", evidence=[("1", "supports"), ("2", "supports")])
    assert (unsettled(record), settling(record)) == ("could not judge; 2 papers support it", None)
    assert unsettled(record_of("untested", absence="nothing newer found")) == "nothing newer found"


@pytest.mark.parametrize(
    ("states", "told"),
    [
        (["upheld", "relaxed", "relaxed"], "3 with a verdict (1 durable, 2 perishable)"),
        (["upheld", "untested", "unreachable"], "1 with a verdict (1 durable, 0 perishable), 2 without one"),
        (["untested"], "1 without a verdict"),
    ],
)
def test_claims_without_a_verdict_are_counted_as_neither_durable_nor_perishable(states: list[str], told: str) -> None:
    assert verdicts_in_words([record_of(state) for state in states]) == told


@pytest.mark.parametrize(
    ("record", "day", "told"),
    [
        (record_of(dated_by="undated", effective_date="2023-06-30"), "undated", "Undated: searched back to 2023-06-30"),
        (
            record_of(dated_by="stated", effective_date="2024-12-31", stated_date="~2024"),
            "2024-12-31",
            "Dated 2024-12-31, the end of the stated period ~2024",
        ),
        (
            record_of(dated_by="stated", effective_date="2026-06-30", stated_date="~2030"),
            "2026-06-30",
            "Dated 2026-06-30, the day of the audit: the stated period ~2030 ends later",
        ),
    ],
)
def test_day_that_nobody_stated_is_not_told_as_one(record: ClaimRecord, day: str, told: str) -> None:
    assert (dated(record), how_dated(record)) == (day, told)


def test_claim_about_several_papers_is_dated_by_the_newest() -> None:
    first, second = anchor("2401.00001", "2024-01-02"), anchor("2501.00001", "2025-01-02")
    assert dating_anchor(record_of(anchor=first, further_anchors=(second,))) == second
    assert dating_anchor(record_of()) is None
