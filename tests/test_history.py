"""A report beside the one before: what changed, since when, and whose doing it was."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from fakes import evidence_of, record_of, report_of

from retest.errors import InputError
from retest.history import changed_on, changes, known_claims, parse_report, read_report, with_causes

JUNE = date(2026, 6, 30)
SEARCHED = {"queries": (), "found": 1, "judged": 1}
OWN = {"arxiv_id": "2501.00001", "title": "Ponds", "authors": (), "published": "2025-01-02", "score": 1.0}


def test_report_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    report = report_of(record_of(evidence=[("2606.00001",)]))
    (tmp_path / "verdicts.json").write_text(report.to_json(), encoding="utf-8")
    assert read_report(tmp_path / "verdicts.json") == report
    assert parse_report(report.to_json(), "x").to_json() == report.to_json()


def test_no_report_is_none() -> None:
    assert read_report(Path("nowhere/verdicts.json")) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "5", '"x"', "null", "{}", '{"schema": "retest-verdicts-0"}', '{"schema": "retest-verdicts-1"}',
        "<<<<<<< HEAD\n{}", "[" * 100_000,
        json.dumps(json.loads(report_of().to_json()) | {"surprise": 1}),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_its_name_and_the_remedy(tmp_path: Path, text: str) -> None:
    (tmp_path / "verdicts.json").write_text(text)
    with pytest.raises(
        InputError, match=r"verdicts\.json: not what retest wrote; mend it, or move it away to start anew$"
    ):
        read_report(tmp_path / "verdicts.json")


def test_file_that_is_no_text_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "verdicts.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"verdicts\.json: cannot be read .* to start anew$"):
        read_report(tmp_path / "verdicts.json")


def test_first_audit_lists_every_claim_that_was_looked_at() -> None:
    report = report_of(record_of("upheld"), record_of("unreachable", id="lakes"))
    assert [(c.claim, c.before, c.after, c.cause) for c in changes(None, report)] == [
        ("small-ponds", "", "durable, upheld", "first audit")
    ]


def test_claim_of_a_new_seed_is_a_first_audit_and_no_news() -> None:
    before, after = report_of(record_of()), report_of(record_of(), record_of("overturned", id="lakes"))
    assert [(c.claim, c.cause) for c in changes(before, after)] == [("lakes", "first audit")]


def test_verdict_that_stands_is_no_change_however_its_words_and_evidence_moved() -> None:
    after = record_of(rationale="Told anew.", confidence=0.9, evidence=[("2606.00009",)])
    assert changes(report_of(record_of()), report_of(after)) == []


def test_end_of_an_outage_is_never_news_from_the_literature() -> None:
    """A claim without a verdict got `new paper` as the cause of its first one, for the night before had no evidence."""
    (change,) = changes(
        report_of(record_of("unreachable")), report_of(record_of("overturned", evidence=[("2606.00001",)]))
    )
    assert change.cause == "first audit"


LLM = {"kind": "llm", "model": "m", "prompts": {}}
RETRAINED = {"kind": "embedded", "model": "embedded-1", "prompts": {"weights": "2"}}


@pytest.mark.parametrize(
    ("text", "more", "cause"),
    [
        ("Small ponds freeze last.", {"source": "catalogue"}, "seed edited"),
        ("Small ponds freeze first.", {"judge": LLM, "source": "catalogue"}, "judge or prompt changed"),
        ("Small ponds freeze first.", {"judge": RETRAINED}, "judge or prompt changed"),
        ("Small ponds freeze first.", {"source": "catalogue"}, "source changed"),
        ("Small ponds freeze first.", {}, "new paper"),
    ],
)
def test_our_own_changes_come_before_the_literature_as_a_reason(text: str, more: dict[str, object], cause: str) -> None:
    before = report_of(record_of("upheld", evidence=[("2601.00001", "supports")]))
    after = report_of(record_of("overturned", text=text, evidence=[("2606.00001", "overturns", 3)]), **more)
    (change,) = changes(before, after)
    assert change.cause == cause


def test_change_without_a_new_paper_says_that_the_evidence_was_weighed_anew() -> None:
    (change,) = changes(
        report_of(record_of("upheld", evidence=[("2601.00001",)])), report_of(record_of(evidence=[("2601.00001",)]))
    )
    assert (change.cause, change.papers) == ("evidence weighed anew", ())


@pytest.mark.parametrize(
    ("reason", "cause", "papers"),
    [
        ("the cues point both ways", "evidence weighed anew", ()),
        ("not judged: the reply broke off", "new paper", ("2606.00001",)),
    ],
)
def test_paper_that_was_read_in_vain_before_is_no_new_one(reason: str, cause: str, papers: tuple[str, ...]) -> None:
    near = evidence_of("2606.00001").model_dump(include={"arxiv_id", "title", "authors", "published", "quote"})
    before = report_of(record_of("untested", unplaced=[near | {"reason": reason}], searched=SEARCHED))
    (change,) = changes(before, report_of(record_of(evidence=[("2606.00001",)])))
    assert (change.cause, change.papers) == (cause, papers)


@pytest.mark.parametrize("more", [{"anchor": OWN}, {"stated_date": "~2024"}])
def test_claim_that_is_dated_otherwise_has_not_changed_by_a_paper(more: dict[str, object]) -> None:
    before = report_of(record_of("upheld", evidence=[("2601.00001", "supports")]))
    (change,) = changes(before, report_of(record_of("relaxed", evidence=[("2606.00001",)], **more)))
    assert change.cause == "evidence weighed anew"


def test_cause_stays_with_the_claim_as_long_as_its_verdict() -> None:
    before = report_of(record_of("upheld", changed_by="first audit"), record_of("upheld", id="lakes"))
    after = report_of(record_of("upheld"), record_of("relaxed", id="lakes", evidence=[("2606.00001",)]))
    told = with_causes(after, before, changes(before, after))
    assert [record.changed_by for record in told.claims] == ["first audit", "new paper"]


def test_changed_on_lasts_as_long_as_the_verdict() -> None:
    before = {"small-ponds": record_of("upheld", changed_on="2026-01-31")}
    assert changed_on(before, record_of("upheld"), JUNE) == date(2026, 1, 31)
    assert changed_on(before, record_of("relaxed"), JUNE) == JUNE
    assert changed_on({}, record_of("upheld"), JUNE) == JUNE


def test_claims_are_known_again_by_what_the_report_kept() -> None:
    (known,) = known_claims(report_of(record_of(aliases=("ponds",)))).values()
    assert (known.id, known.aliases, known.text) == ("small-ponds", ("ponds",), "Small ponds freeze first.")
    assert known_claims(None) == {}
