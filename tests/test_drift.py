"""Essays are held against the notes they cite: only what changes the sense of the words they repeat is a finding."""

from __future__ import annotations

from fakes import claim, paper

from retest.claims import merge_claims
from retest.drift import answered_findings, drift_findings
from retest.models import Anchor, Anchored, Anchoring, Claim, Finding, Seed
from retest.seeds import parse_seed

SEED = """INQUIRING LINE

{question}

This explores ponds.


{essay}


Sources 1 notes

{title}

{note}

Next inquiring lines
"""
TITLE = "Why do ponds freeze?"


def seed(name: str, essay: str, note: str, question: str = "Do ponds freeze before rivers do?") -> Seed:
    return parse_seed(SEED.format(question=question, essay=essay, title=TITLE, note=note), name)


def found_in(first: Seed, *others: Seed) -> list[Finding]:
    return drift_findings(first, merge_claims([first, *others]))


DEPTH = "The date of freezing depends on depth, not necessarily size, and shade tends to delay the first ice."
COUNTED = "Ducks led by empty signs swim as well as others, reaching 43% vs random baseline 42.6%."


def test_denial_that_the_note_only_half_makes_is_a_finding_at_the_essays_line() -> None:
    (drift,) = found_in(seed("a.md", f"Freezing depends on depth, not size {TITLE}.", DEPTH))
    assert (drift.kind, drift.file, drift.line) == ("drift", "a.md", 8)
    assert "says “not size” where the note says “not necessarily size” (a.md line 13)" in drift.message


def test_denial_told_as_the_note_does_is_no_finding() -> None:
    assert found_in(seed("a.md", f"Freezing depends on depth, not necessarily on size {TITLE}.", DEPTH)) == []
    assert found_in(seed("a.md", f"Freezing depends on depth {TITLE}.", DEPTH)) == []


def test_hedge_dropped_from_the_notes_own_words_is_a_finding() -> None:
    (drift,) = found_in(seed("a.md", f"Depth sets the date, and shade delays the first ice {TITLE}.", DEPTH))
    assert "drops the note's “tends to”" in drift.message


def test_two_numbers_without_the_label_of_one_are_a_finding_that_names_the_essay_that_keeps_it() -> None:
    lax = seed("a.md", f"Empty signs serve ducks almost as well as full ones (43% vs 42.6%) {TITLE}.", COUNTED)
    strict = seed("b.md", f"Empty signs serve ducks at 43% versus a 42.6% baseline {TITLE}.", COUNTED)
    (drift,) = found_in(lax, strict)
    assert "gives 42.6% to the random baseline (a.md line 13; kept at b.md line 8)" in drift.message
    assert found_in(strict, lax) == []


def test_other_number_than_the_notes_is_a_finding() -> None:
    (drift,) = found_in(seed("a.md", f"Nets caught 52% fewer ducks {TITLE}.", "Nets caught 25% fewer ducks."))
    assert "says 52% where the note says 25%" in drift.message


def test_number_of_something_else_is_no_finding() -> None:
    assert (
        found_in(seed("a.md", f"In 52% of winters nets caught fewer ducks {TITLE}.", "Nets caught 25% fewer ducks."))
        == []
    )


def test_number_in_a_sentence_on_two_notes_may_be_the_other_notes() -> None:
    """The 52% is the kites' and told as their note does; it is no wrong 25% of the nets."""
    kites = "Do kites scare ducks?"
    notes = f"Nets caught 25% fewer ducks.\n\n{kites}\n\nKites caught 52% fewer ducks."
    essay = f"Kites caught 52% fewer ducks {kites}, and nets kept some away {TITLE}."
    text = SEED.format(question="Do nets beat kites?", essay=essay, title=TITLE, note=notes)
    both = parse_seed(text.replace("Sources 1 notes", "Sources 2 notes"), "a.md")
    assert both.notes[0].leaning == both.notes[1].leaning == both.essay
    assert found_in(both) == []


def test_note_told_flat_in_one_seed_and_hedged_in_another_is_a_finding_with_both_lines() -> None:
    first = seed("a.md", f"Ponds {TITLE}.", "Late shade tends to delay first ice on ponds.")
    second = seed("b.md", f"Ponds {TITLE}.", "Late shade will delay the first ice on ponds for good.")
    (drift,) = found_in(second, first)
    assert (drift.file, drift.line) == ("b.md", 13)
    assert "told flat here and with “tends to” at a.md line 13" in drift.message
    assert found_in(first, second) == []


RIVERS = paper(
    "2305.00001", "Ponds and Rivers", "We watch both. We find that ponds freeze nine days before rivers.", "2023-05-18"
)


def anchored(claims: list[Claim]) -> dict[str, Anchoring]:
    return {c.id: Anchored(anchors=(Anchor(paper=RIVERS, score=1, found_by="search"),)) for c in claims}


def test_note_with_another_number_in_another_seed_is_a_finding_in_both() -> None:
    first, second = (
        seed("a.md", f"Ponds {TITLE}.", "We saw 25 ducks."),
        seed("b.md", f"Ponds {TITLE}.", "They saw 52 ducks there."),
    )
    assert "says 25 here and 52 at b.md line 13" in found_in(first, second)[0].message
    assert "says 52 here and 25 at a.md line 13" in found_in(second, first)[0].message


def test_question_called_open_that_a_source_of_the_essay_answers_is_a_finding() -> None:
    """arXiv:2601.10387 says that its axis is in pre-trained models; an essay on its note said nobody had looked."""
    asking = seed("a.md", f"The corpus doesn't run that exact experiment. Ponds freeze {TITLE}.", "Ponds freeze.")
    claims = merge_claims([asking])
    (answered,) = answered_findings(asking, claims, anchored(claims))
    assert (answered.kind, answered.line) == ("answered", 8)
    assert "arXiv:2305.00001" in answered.message and "nine days before rivers" in answered.message


def test_question_that_no_source_answers_may_be_called_open() -> None:
    essay = f"Nobody has measured whether herons mind. Ponds freeze {TITLE}."
    asking = seed("a.md", essay, "Ponds freeze.", question="Do herons mind the ice?")
    claims = merge_claims([asking])
    assert answered_findings(asking, claims, anchored(claims)) == []


def test_claim_without_essay_sentences_drifts_nowhere() -> None:
    lone = seed("a.md", "Nothing is cited here.", "Ponds freeze.")
    assert drift_findings(lone, [claim("Other?", "Elsewhere."), *merge_claims([lone])]) == []
