"""A proposal is a patch that applies, says only what has a quote, and leaves the seed as it is."""

from __future__ import annotations

import subprocess
from pathlib import Path

from fakes import evidence_of, record_of

from retest.proposals import patch, replacements

SENTENCE = "Small ponds freeze first, and everyone knows it."
SEED = f"Which ponds freeze?\n\nIntro. {SENTENCE} More follows."
LEANING = ({"file": "a.md", "line": 3, "sentence": SENTENCE},)


def moved(**more: object) -> object:
    return record_of("relaxed", leaning=LEANING, evidence=[evidence_of("2606.00002")], **more)


def test_sentence_gains_its_date_and_the_papers_that_moved_it() -> None:
    (change,) = replacements([moved()])
    assert change.after == (
        "Small ponds freeze first, and everyone knows it [a finding of 2025-01, since narrowed by arXiv:2606.00002 (2026)]."
    )


def test_patch_applies_and_the_seed_is_untouched_until_then(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(SEED)
    text, lost = patch(replacements([moved()]), {"a.md": SEED})
    assert (tmp_path / "a.md").read_text() == SEED and not lost
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=text.encode(), check=True)
    assert "since narrowed by arXiv:2606.00002 (2026)]. More follows." in (tmp_path / "a.md").read_text()


def test_claim_that_stands_is_left_alone() -> None:
    assert replacements([record_of("upheld", leaning=LEANING), record_of("untested", leaning=LEANING)]) == []


def test_claim_a_person_retired_is_proposed_whatever_its_state_and_laid_to_no_paper() -> None:
    record = record_of("upheld", leaning=LEANING, evidence=[evidence_of("2606.00001", "relaxes")])
    (change,) = replacements([record], retired=["small-ponds"])
    assert change.after.endswith("[a finding of 2025-01, since set aside here].")


def test_single_weak_sign_is_told_as_one() -> None:
    record = record_of("relaxed", leaning=LEANING, evidence=[evidence_of("2606.00001", strength=1)])
    assert "since perhaps narrowed by arXiv:2606.00001 (2026)]" in replacements([record])[0].after


def test_aside_names_its_claim_where_the_sentence_leans_on_another_too() -> None:
    other = record_of("upheld", id="lakes", title="Do lakes?", leaning=LEANING)
    (change,) = replacements([moved()], [moved(), other])
    assert "[on “Do small ponds freeze first?”: a finding of 2025-01, since narrowed" in change.after
    (alone,) = replacements([moved()], [moved()])
    assert "on “" not in alone.after


def test_sentence_that_moved_away_is_reported_and_not_guessed_at() -> None:
    text, lost = patch(replacements([moved()]), {"a.md": "Another text.\n"})
    assert (text, len(lost)) == ("", 1)


def test_carriage_returns_survive(tmp_path: Path) -> None:
    text, _ = patch(replacements([moved()]), {"a.md": SEED.replace("\n", "\r\n")})
    (tmp_path / "a.md").write_bytes(SEED.replace("\n", "\r\n").encode())
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=text.encode(), check=True)
    assert (tmp_path / "a.md").read_bytes().count(b"\r\n") == 2


def test_note_s_title_at_the_end_keeps_its_question_mark() -> None:
    told = ({"file": "a.md", "line": 3, "sentence": "It silently degrades Do ponds freeze?."},)
    (change,) = replacements([record_of("relaxed", leaning=told, evidence=[evidence_of("2606.00002")])])
    assert change.after.startswith("It silently degrades Do ponds freeze? [") and change.after.endswith("].")
