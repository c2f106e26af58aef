"""Promises about claims: each note once, ids that last, bullets joined to what they restate, dates by rule."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retest.claims import KnownClaim, effective_date, merge_claims, slug
from retest.models import Claim, Period, Place, Seed
from retest.seeds import parse_seed, read_seed

FOLDER = Path(__file__).parent.parent / "seeds"
LIMA = "LIMA shows that 1,000 curated examples match models trained on far more data, for pretraining holds the skill."
HEDGED = (
    "LIMA shows that 1,000 curated examples may match models trained on more data, for pretraining holds the skill."
)
MAGPIE = "MAGPIE lets aligned models generate diverse instructions from formatting tokens alone, without any prompt."


@pytest.fixture(scope="module")
def seeds() -> list[Seed]:
    return [read_seed(path, f"seeds/{path.name}") for path in sorted(FOLDER.glob("*.txt"))]


def seed(name: str, *notes: tuple[str, str], essay: str = "Essay.", bullets: tuple[str, ...] = ()) -> Seed:
    prompt = ["Research prompt for your LLM", "You are a reader.", *(f"- {bullet}" for bullet in bullets)]
    lines = ["Question?", "Gloss of it.", essay, "Sources", *(line for pair in notes for line in pair)]
    return parse_seed("\n".join([*lines, *(prompt if bullets else ())]), name)


def plain(name: str, *items: str) -> Seed:
    return parse_seed("# Question?\n" + "\n".join(f"- {item}" for item in items), name)


def known(*claims: KnownClaim) -> dict[str, KnownClaim]:
    return {claim.id: claim for claim in claims}


def remembered(claims: list[Claim]) -> dict[str, KnownClaim]:
    return known(*(KnownClaim(id=c.id, title=c.title, text=c.text, aliases=c.aliases) for c in claims))


# --- the five seeds --------------------------------------------------------------------------------


def test_36_citations_of_the_five_seeds_are_23_claims(seeds: list[Seed]) -> None:
    claims = merge_claims(seeds)
    assert sum(len(one.notes) for one in seeds) == 36
    assert len(claims) == len({claim.id for claim in claims}) == 23
    assert sum(len(claim.places) for claim in claims) == 36
    assert all(claim.leaning and not claim.variants and not claim.aliases for claim in claims)


def test_five_bullets_of_seed_001_join_the_notes_they_restate_with_their_years_and_names(seeds: list[Seed]) -> None:
    joined = {
        c.title: (c.stated and c.stated.text, c.names, len(c.restated)) for c in merge_claims(seeds) if c.restated
    }
    assert joined == {
        "Can careful curation replace massive alignment datasets?": ("~2024", ("LIMA",), 1),
        "Does instruction tuning teach task understanding or output format?": ("~2024", (), 1),
        "Can aligned LLMs generate their own training data?": ("~2024", ("MAGPIE",), 1),
        "Can models learn to ignore irrelevant prompt changes?": ("~2025", (), 1),
        "Does alignment training suppress socially necessary speech acts?": ("~2024–2025", (), 1),
    }


def test_blast_radius_of_a_shared_note_lists_every_seed_and_sentence(seeds: list[Seed]) -> None:
    claim = merge_claims(seeds)[0]
    assert claim.id == "can-aligned-llms-generate-their-own-training-data"
    assert [(p.file[6:9], p.line) for p in claim.places] == [("000", 19), ("001", 29), ("002", 31), ("004", 25)]
    assert [s.place.file[6:9] for s in claim.leaning] == ["000", "000", "001", "002", "004"]


def test_anchor_lines_of_a_seed_reach_all_its_claims_and_no_others(seeds: list[Seed]) -> None:
    for claim in merge_claims(seeds):
        in_001 = any("001_" in place.file for place in claim.places)
        assert len(claim.anchor_lines) == (4 if in_001 else 0)


def test_order_of_claims_is_that_of_their_first_places(seeds: list[Seed]) -> None:
    titles = [claim.title for claim in merge_claims(seeds)]
    assert titles == list(dict.fromkeys(note.title for one in seeds for note in one.notes))


# --- one note in many seeds ------------------------------------------------------------------------


def test_note_told_in_other_words_under_its_title_is_a_variant() -> None:
    (claim,) = merge_claims([seed("a.md", ("Is it so?", LIMA)), seed("b.md", ("is it  so?", HEDGED))])
    assert claim.text == LIMA
    assert [(v.text, v.place.file) for v in claim.variants] == [(HEDGED, "b.md")]


def test_same_words_under_two_titles_are_one_claim_with_an_alias() -> None:
    curled = LIMA.replace("LIMA", "**LIMA**").removesuffix(".")
    (claim,) = merge_claims([seed("a.md", ("Is it so?", LIMA)), seed("b.md", ("Is that true?", curled))])
    assert (claim.id, claim.aliases, claim.variants) == ("is-it-so", ("is-that-true",), ())


def test_nearly_the_same_words_under_two_titles_are_one_claim() -> None:
    longer = LIMA.replace("far more", "very far more")
    assert len(merge_claims([seed("a.md", ("Is it so?", LIMA)), seed("b.md", ("Is that true?", longer))])) == 1


@pytest.mark.parametrize(("old", "new"), [("1,000", "9,000"), ("LIMA", "ALPACA"), ("match", "never match")])
def test_another_number_name_or_negation_makes_another_claim(old: str, new: str) -> None:
    assert len(merge_claims([seed("a.md", ("Is it so?", LIMA), ("Is that true?", LIMA.replace(old, new)))])) == 2


def test_claims_that_begin_alike_in_the_plain_form_stay_apart() -> None:
    start = "Models that were trained on a great many semantically empty instructions do about as well "
    claims = merge_claims([plain("a.md", f"{start}on maths (~2023)", f"{start}on poetry and song (~2024)")])
    assert len(claims) == 2
    assert claims[1].id.startswith(claims[0].id + "-")


def test_note_standing_twice_in_a_seed_counts_its_place_once() -> None:
    (claim,) = merge_claims([seed("a.md", ("Is it so?", LIMA), ("Is it so?", LIMA), essay="Look Is it so?.")])
    assert claim.places == (Place(file="a.md", line=5),)
    assert len(claim.leaning) == 1


# --- bullets ---------------------------------------------------------------------------------------

NOTES = (("Can curation replace data?", LIMA), ("Can models write their own data?", MAGPIE))


def test_bullet_that_restates_no_note_is_a_claim_of_its_own() -> None:
    bullet = "Retrieval over long documents degrades once distractors crowd the context window (NoLiMa, ~2025)."
    claims = merge_claims([seed("a.md", *NOTES, bullets=(bullet,))])
    assert len(claims) == 3
    assert claims[2].text == "Retrieval over long documents degrades once distractors crowd the context window."
    assert (claims[2].names, claims[2].stated and claims[2].stated.last, claims[2].places[0].line) == (
        ("NoLiMa",),
        2025,
        11,
    )


def test_bullet_between_two_notes_is_joined_to_neither() -> None:
    twins = (("Is it so?", f"{LIMA} In 2023."), ("Is that true?", f"{LIMA} In 2024."))
    claims = merge_claims(
        [seed("a.md", *twins, bullets=("1,000 curated examples match far more data (LIMA, ~2024).",))]
    )
    assert [len(claim.restated) for claim in claims] == [0, 0, 0]


def test_bullet_in_the_essay_words_is_joined_to_the_note_the_essay_cites() -> None:
    essay = "Aligned models can bootstrap millions of training pairs from a template Can models write their own data?."
    bullet = "Aligned models bootstrap millions of diverse pairs from formatting templates (MAGPIE, ~2024)"
    claims = merge_claims([seed("a.md", *NOTES, essay=essay, bullets=(bullet,))])
    assert [len(claim.restated) for claim in claims] == [0, 1]
    assert claims[1].names == ("MAGPIE",)


def test_same_bullet_in_two_seeds_is_one_claim() -> None:
    bullet = "Retrieval over long documents degrades once distractors crowd the context window (~2025)."
    claims = merge_claims([seed(name, *NOTES, bullets=(bullet,)) for name in ("a.md", "b.md")])
    assert [len(claim.places) for claim in claims] == [2, 2, 2]


def test_ids_written_in_a_note_are_the_claims_own() -> None:
    (claim,) = merge_claims(
        [plain("a.md", "Curation wins, arXiv:2305.11206v2 (https://arxiv.org/abs/2305.11383, ~2023)")]
    )
    assert claim.arxiv_ids == ("2305.11206", "2305.11383")


# --- ids -------------------------------------------------------------------------------------------


def test_slug_is_cut_between_words() -> None:
    title = "Does instruction tuning teach task understanding or output format?"
    assert slug(title) == "does-instruction-tuning-teach-task-understanding-or-output"
    assert slug("Don’t “naïve” models—fail?") == slug('Don\'t "naïve" models-fail?') == "dont-naive-models-fail"
    assert slug("質問？") == "claim"


@given(st.text(max_size=200))
def test_slug_is_always_a_safe_id(title: str) -> None:
    made = slug(title)
    assert 0 < len(made) <= 60
    assert all(part and part.isascii() and part.isalnum() and part == part.lower() for part in made.split("-"))


def test_two_claims_with_one_slug_get_two_ids_that_do_not_depend_on_each_other() -> None:
    first, second = merge_claims([seed("a.md", ("質問?", LIMA), ("答え?", MAGPIE))])
    assert first.id == "claim"
    assert second.id.startswith("claim-") and len(second.id) == len("claim-") + 6


def test_retitled_note_keeps_its_id_and_remembers_the_new_title() -> None:
    before = remembered(merge_claims([seed("a.md", ("Is it so?", LIMA))]))
    retitled = merge_claims([seed("a.md", ("Is that true?", LIMA.replace("far more", "much more")))], before)
    assert (retitled[0].id, retitled[0].title, retitled[0].aliases) == ("is-it-so", "Is that true?", ("is-that-true",))
    rewritten = merge_claims([seed("a.md", ("Is that true?", MAGPIE))], remembered(retitled))
    assert rewritten[0].id == "is-it-so"


def test_new_claim_under_a_title_that_another_gave_up_gets_an_id_of_its_own() -> None:
    before = remembered(merge_claims([seed("a.md", ("Is it so?", LIMA))]))
    moved, new = merge_claims([seed("a.md", ("Is that true?", LIMA), ("Is it so?", MAGPIE))], before)
    assert moved.id == "is-it-so"
    assert new.id.startswith("is-it-so-")


def test_known_id_goes_to_the_same_text_before_a_like_one() -> None:
    before = known(KnownClaim(id="old", title="Old?", text=LIMA))
    like, same = merge_claims(
        [seed("a.md", ("Is that true?", LIMA.replace("1,000", "9")), ("Is it so?", LIMA))], before
    )
    assert (like.id, same.id) == ("is-that-true", "old")


def test_second_run_over_what_the_first_remembered_changes_nothing(seeds: list[Seed]) -> None:
    claims = merge_claims(seeds)
    assert merge_claims(seeds, remembered(claims)) == claims
    assert [c.id for c in merge_claims(seeds[::-1], remembered(claims))] != [c.id for c in claims]
    assert {c.id for c in merge_claims(seeds[::-1], remembered(claims))} == {c.id for c in claims}


TEXTS = st.sampled_from([LIMA, HEDGED, MAGPIE, LIMA + " More.", "Short.", "質問"])
TITLES = st.sampled_from(["Is it so?", "Is that true?", "is it so", "質問?", "x" * 90])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.tuples(TITLES, TEXTS), min_size=1, max_size=4), max_size=3))
def test_no_note_is_lost_and_no_id_given_twice(library: list[list[tuple[str, str]]]) -> None:
    read = [seed(f"{at}.md", *((f"## {title}", text) for title, text in notes)) for at, notes in enumerate(library)]
    claims = merge_claims(read)
    assert len({claim.id for claim in claims}) == len(claims)
    assert not {claim.id for claim in claims} & {alias for claim in claims for alias in claim.aliases}
    told = {text for claim in claims for text in (claim.text, *(v.text for v in claim.variants))}
    assert told == {note.text for one in read for note in one.notes}
    again = merge_claims(read, remembered(claims))
    assert [claim.id for claim in again] == [claim.id for claim in claims]


# --- dates -----------------------------------------------------------------------------------------


def dated(last: int | None) -> Claim:
    stated = Period(first=2020, last=last, text=f"2020–{last}") if last else None
    return Claim(id="a", title="A?", text="A.", places=(Place(file="a.md", line=1),), stated=stated)


@pytest.mark.parametrize(
    ("last", "anchor", "expected"),
    [
        (2024, date(2023, 5, 18), (date(2023, 5, 18), "anchor")),
        (2024, None, (date(2024, 12, 31), "stated")),
        (2026, None, (date(2026, 8, 31), "stated")),
        (None, None, (date(2023, 8, 31), "undated")),
    ],
)
def test_effective_date_is_the_anchors_else_the_end_of_the_stated_period(
    last: int | None, anchor: date | None, expected: tuple[date, str]
) -> None:
    assert effective_date(dated(last), anchor, date(2026, 8, 31)) == expected


def test_three_years_before_a_leap_day_is_a_day() -> None:
    assert effective_date(dated(None), None, date(2024, 2, 29)) == (date(2021, 2, 28), "undated")


@pytest.mark.parametrize(
    ("text", "covers"),
    [
        ("A 2020–2025 systematic review shows it.", (2020, 2025, "2020–2025")),
        ("In our 2019-2024 meta-analysis, it is so.", (2019, 2024, "2019-2024")),
        ("It predicts the elections of 2016–2020, and a review says so.", None),
        ("A 2025–2020 review shows it.", None),
        ("A 2020 review shows it.", None),
    ],
)
def test_review_is_no_older_than_what_it_looks_back_on(text: str, covers: tuple[int, int, str] | None) -> None:
    (read,) = merge_claims([seed("a.md", ("## Is it so?", text))])
    assert read.covers == (Period(first=covers[0], last=covers[1], text=covers[2]) if covers else None)
    assert effective_date(read, None, date(2026, 8, 31)) == (
        (date(covers[1], 12, 31), "stated") if covers else (date(2023, 8, 31), "undated")
    )


def test_stated_year_comes_before_the_years_of_a_review() -> None:
    (read,) = merge_claims([seed("a.md", ("## Is it so?", "A 2020–2025 review shows it."))])
    assert read.model_copy(update={"stated": Period(first=2024, last=2024, text="~2024")}).period.text == "~2024"  # type: ignore[union-attr]
