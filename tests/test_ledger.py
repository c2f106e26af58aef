"""What was answered once is never asked again; what was not judged is; and the desk gives back what was laid on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import ScriptedJudge, claim, paper

from retest.desk import Desk
from retest.ledger import Entry, Ledger, digest, judge_hash, merged_lines, pair_key
from retest.models import Abstained, Judgement, NotJudged, Period, Place

POND = claim("Do small ponds freeze first?", "Shallow ponds freeze first.")
ANCHOR = paper("2501.00001", "Shallow Ponds", "Shallow ponds freeze first.", "2025-01-02")
NEWER = paper("2602.00003", "Deep Ponds", "Deep ponds freeze first.", "2026-02-03")
OVERTURNS = Judgement(stance="overturns", quote="Deep ponds freeze first.", strength=3)
JUDGE = ScriptedJudge()


def test_answer_outlives_the_process(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "ledger.sqlite3")
    first.keep({"a": OVERTURNS, "b": Abstained(reason="two settings")})
    first.keep_words("w", '{"x": 1}')
    first.close()
    second = Ledger(tmp_path / "ledger.sqlite3")
    assert second.answers(["a", "b", "c"]) == {"a": OVERTURNS, "b": Abstained(reason="two settings")}
    assert (second.words("w"), second.words("v")) == ('{"x": 1}', None)


def test_answer_is_on_disk_as_soon_as_it_is_kept(tmp_path: Path) -> None:
    writing, reading = Ledger(tmp_path / "ledger.sqlite3"), Ledger(tmp_path / "ledger.sqlite3")
    writing.keep({"a": OVERTURNS})
    assert reading.answers(["a"]) == {"a": OVERTURNS}


def test_what_was_not_judged_is_asked_again() -> None:
    ledger = Ledger(None)
    ledger.keep({"a": NotJudged(reason="the endpoint failed")})
    assert ledger.answers(["a"]) == {}


def test_same_question_has_the_same_key() -> None:
    assert pair_key(POND, [ANCHOR], NEWER, JUDGE) == pair_key(POND, [ANCHOR], NEWER, ScriptedJudge())


@pytest.mark.parametrize(
    "key",
    [
        pair_key(POND.model_copy(update={"text": "Shallow ponds freeze last."}), [ANCHOR], NEWER, JUDGE),
        pair_key(POND.model_copy(update={"title": "Do ponds freeze?"}), [ANCHOR], NEWER, JUDGE),
        pair_key(POND.model_copy(update={"stated": Period(first=2024, last=2024, text="~2024")}), [ANCHOR], NEWER, JUDGE),
        pair_key(POND, [], NEWER, JUDGE),
        pair_key(POND, [ANCHOR.model_copy(update={"text": "Ponds."})], NEWER, JUDGE),
        pair_key(POND, [ANCHOR.model_copy(update={"title": "Ponds"})], NEWER, JUDGE),
        pair_key(POND, [ANCHOR], ANCHOR, JUDGE),
        pair_key(POND, [ANCHOR], NEWER.model_copy(update={"text": "Withdrawn."}), JUDGE),
        pair_key(POND, [ANCHOR], NEWER.model_copy(update={"version": 2}), JUDGE),
        pair_key(POND, [ANCHOR], NEWER, ScriptedJudge(prompts={"script": "2"})),
    ],
)  # fmt: skip
def test_whatever_shaped_the_answer_makes_it_another_question(key: str) -> None:
    assert key != pair_key(POND, [ANCHOR], NEWER, JUDGE)


def test_place_of_a_claim_in_its_seed_shapes_no_answer() -> None:
    moved = POND.model_copy(update={"places": (Place(file="b.md", line=9),), "id": "renamed"})
    assert pair_key(moved, [ANCHOR], NEWER, JUDGE) == pair_key(POND, [ANCHOR], NEWER, JUDGE)


def test_digest_does_not_run_parts_together() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def entry(claim_id: str, key: str, judge: str = "j1") -> Entry:
    return Entry(claim=claim_id, paper="2602.00003", judge=judge, key=key, answer=OVERTURNS)


def test_lines_written_down_are_taken_in_again_and_rubbish_between_them_is_passed_over() -> None:
    text = merged_lines([], [entry("pond", "k1")])
    ledger = Ledger(None)
    ledger.load(["<<<<<<< ours", *text.splitlines(), "{}", '{"claim": 5}', ""])
    assert ledger.answers(["k1"]) == {"k1": OVERTURNS}


def test_what_the_ledger_knows_already_is_not_overwritten_by_an_old_line() -> None:
    ledger = Ledger(None)
    ledger.keep({"k1": Abstained(reason="seen again")})
    ledger.load(merged_lines([], [entry("pond", "k1")]).splitlines())
    assert ledger.answers(["k1"]) == {"k1": Abstained(reason="seen again")}


def test_written_lines_are_sorted_and_merge_to_the_same_bytes() -> None:
    text = merged_lines([], [entry("pond", "k1"), entry("bread", "k2")])
    assert [line[:17] for line in text.splitlines()] == ['{"claim":"bread",', '{"claim":"pond","']
    assert merged_lines(text.splitlines(), [entry("pond", "k1")]) == text


def test_judge_is_named_by_its_prompts_too() -> None:
    assert judge_hash(JUDGE) != judge_hash(ScriptedJudge(prompts={"script": "2"}))


def test_desk_keeps_the_values_of_one_run_apart_from_anothers(tmp_path: Path) -> None:
    one, two = Desk(tmp_path / "desk.sqlite3", "one"), Desk(tmp_path / "desk.sqlite3", "two")
    one.put("paper", "a", ANCHOR)
    assert one.get("paper", "a", type(ANCHOR)) == ANCHOR
    assert two.get("paper", "a", type(ANCHOR)) is None
    two.put("paper", "a", NEWER)
    one.clear()
    assert one.get("paper", "a", type(ANCHOR)) is None
    assert Desk(tmp_path / "desk.sqlite3", "two").get("paper", "a", type(ANCHOR)) == NEWER
