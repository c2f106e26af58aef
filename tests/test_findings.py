"""Stated errors are findings, each at its line; what holds is no finding."""

from __future__ import annotations

from datetime import date

import pytest
from fakes import claim, paper

from retest.findings import claim_findings, line_findings, seed_findings
from retest.models import Anchor, Anchored, AnchorLine, Bullet, Finding, Period, Place, ResearchPrompt, Seed, Unanchored

OWN = paper(
    "2305.00001", "Shallow Ponds Freeze First", "We watch 412 ponds. Shallow ones freeze 43% sooner.", "2023-05-18"
)
ANCHORED = Anchored(anchors=(Anchor(paper=OWN, score=0.9, found_by="search"),))
DAY = date(2026, 8, 31)
YEAR_2024 = Period(first=2024, last=2024, text="~2024")
POND = claim("Do ponds freeze?", "Shallow ponds freeze 43% sooner.")


def at(number: int) -> Place:
    return Place(file="a.md", line=number)


def bullet(number: int, stated: Period | None) -> Bullet:
    return Bullet(text="Shallow ponds freeze sooner", names=(), stated=stated, place=at(number))


def line(
    arxiv_id: str = "2305.00001", year: int | None = 2023, title: str = "Shallow Ponds Freeze First"
) -> AnchorLine:
    return AnchorLine(arxiv_id=arxiv_id, year=year, title=title, place=at(30))


def seed(*lines: AnchorLine, bullets: tuple[Bullet, ...] = (bullet(20, None),)) -> Seed:
    prompt = ResearchPrompt(role="", bullets=bullets, anchor_lines=lines, tasks=(), place=at(18))
    return Seed(file="a.md", stem="a", question="Why?", gloss="", essay=(), notes=(), prompt=prompt)


def test_year_that_lies_ahead_is_told() -> None:
    ahead = POND.model_copy(update={"stated": Period(first=2030, last=2031, text="~2030–2031")})
    nobody = Unanchored(reason="two titles fit")
    assert [f.kind for f in claim_findings(ahead, nobody, DAY)] == ["unanchored", "year"]
    assert [f.kind for f in claim_findings(ahead, nobody, date(2030, 1, 1))] == ["unanchored"]


@pytest.mark.parametrize(
    ("found_by", "score", "kinds"),
    [("id in the note", 0.04, ["anchor-unlike"]), ("id in the note", 0.05, []), ("search", 0.04, [])],
)
def test_id_whose_paper_is_about_something_else_is_told(found_by: str, score: float, kinds: list[str]) -> None:
    anchor = Anchor.model_validate({"paper": OWN, "score": score, "found_by": found_by})
    assert [f.kind for f in claim_findings(POND, Anchored(anchors=(anchor,)), DAY)] == kinds


def test_id_in_a_note_that_the_source_does_not_know_is_told_at_the_note() -> None:
    noted = POND.model_copy(update={"arxiv_ids": ("2305.00001", "2599.99999"), "places": (at(7),)})
    bare = Seed(file="a.md", stem="a", question="Why?", gloss="", essay=(), notes=(), prompt=None)
    (found,) = seed_findings(bare, [noted], {noted.id: ANCHORED}, {"2305.00001": OWN})
    assert (found.kind, found.line, found.message) == (
        "anchor-unresolved", 7, "arXiv:2599.99999 is not known to the source",
    )  # fmt: skip
    assert seed_findings(bare, [noted], {}, {}) == [], "a claim that could not be looked up"


def test_wrong_year_is_told_at_the_bullet_that_states_it() -> None:
    restated = POND.model_copy(update={"stated": YEAR_2024, "restated": (bullet(20, YEAR_2024),)})
    assert claim_findings(restated, ANCHORED, DAY) == [
        Finding(
            kind="year",
            message="stated as ~2024, but arXiv:2305.00001 was first posted on 2023-05-18",
            file="a.md",
            line=20,
        )
    ]


def test_year_stated_in_the_note_itself_is_told_at_the_note() -> None:
    (found,) = claim_findings(POND.model_copy(update={"stated": YEAR_2024}), ANCHORED, DAY)
    assert (found.kind, found.line) == ("year", 1)


def test_period_that_holds_the_year_is_no_finding() -> None:
    period = Period(first=2022, last=2024, text="~2022–2024")
    assert claim_findings(POND.model_copy(update={"stated": period}), ANCHORED, DAY) == []
    assert claim_findings(POND, ANCHORED, DAY) == []


def test_claim_without_a_paper_is_a_finding_with_its_reason() -> None:
    (found,) = claim_findings(POND, Unanchored(reason="two titles fit"), DAY)
    assert (found.kind, found.message) == ("unanchored", "no paper could be found for it: two titles fit")


def test_line_that_holds_is_no_finding() -> None:
    assert line_findings([line()], {OWN.arxiv_id: OWN}, {OWN.arxiv_id}) == []
    assert line_findings([line(title="Shallow ponds", year=None)], {OWN.arxiv_id: OWN}, {OWN.arxiv_id}) == []


def test_id_that_does_not_exist_is_told_and_nothing_else_is_said_of_it() -> None:
    assert [f.kind for f in line_findings([line("2599.99999", 2019)], {}, set())] == ["anchor-unresolved"]


def test_id_with_another_title_year_and_no_use_is_three_findings() -> None:
    found = line_findings([line(title="Bread Rises at Night", year=2022)], {OWN.arxiv_id: OWN}, set())
    assert [f.kind for f in found] == ["anchor-title", "year", "anchor-unused"]
    assert "“Shallow Ponds Freeze First”, not “Bread Rises at Night”" in found[0].message


def test_line_that_a_restating_claim_rests_on_is_used() -> None:
    restating = POND.model_copy(update={"restated": (bullet(20, None),)})
    assert seed_findings(seed(line()), [restating], {"claim": ANCHORED}, {OWN.arxiv_id: OWN}) == []


def test_line_that_a_bullet_of_its_own_rests_on_is_used() -> None:
    """A bullet that restates no note is a claim itself, and its anchor was once called unused."""
    own = POND.model_copy(update={"places": (at(20),)})
    assert seed_findings(seed(line()), [own], {"claim": ANCHORED}, {OWN.arxiv_id: OWN}) == []


def test_line_is_not_called_unused_on_a_night_when_a_claim_could_not_be_looked_at() -> None:
    restating = POND.model_copy(update={"restated": (bullet(20, None),)})
    assert seed_findings(seed(line()), [restating], {}, {OWN.arxiv_id: OWN}) == []


def test_line_that_only_a_note_outside_the_prompt_rests_on_is_unused() -> None:
    found = seed_findings(seed(line()), [POND], {"claim": ANCHORED}, {OWN.arxiv_id: OWN})
    assert [f.kind for f in found] == ["anchor-unused"]


def test_seed_without_a_prompt_has_no_lines_to_be_wrong() -> None:
    assert seed_findings(seed().model_copy(update={"prompt": None}), [POND], {}, {}) == []


def test_december_is_about_the_next_year() -> None:
    late = Anchored(
        anchors=(Anchor(paper=OWN.model_copy(update={"published": date(2023, 12, 14)}), score=1, found_by="search"),)
    )
    assert claim_findings(POND.model_copy(update={"stated": YEAR_2024}), late, DAY) == []
    exactly = YEAR_2024.model_copy(update={"text": "2024"})
    assert [f.kind for f in claim_findings(POND.model_copy(update={"stated": exactly}), late, DAY)] == ["year"]


def test_year_of_a_later_version_is_no_error_of_an_anchor_line() -> None:
    revised = OWN.model_copy(update={"updated": date(2024, 2, 1), "version": 2})
    assert line_findings([line(year=2024)], {OWN.arxiv_id: revised}, {OWN.arxiv_id}) == []


def test_stated_author_must_be_one_of_the_records_where_it_has_any() -> None:
    stated = line(title="Shallow Ponds Freeze First (Heron et al., 2023)")
    (found,) = line_findings([stated], {OWN.arxiv_id: OWN}, {OWN.arxiv_id})
    assert (found.kind, found.message) == ("anchor-author", "arXiv:2305.00001 is by A. Author, not by Heron")
    for authors in ((), ("Ann Heron", "B. Coot")):
        assert (
            line_findings([stated], {OWN.arxiv_id: OWN.model_copy(update={"authors": authors})}, {OWN.arxiv_id}) == []
        )


@pytest.mark.parametrize(
    ("stated", "authors", "kinds"),
    [
        ("Li et al., 2023", ("Percy Liang", "Alice Smith"), ["anchor-author"]),
        ("Wang et al.", ("Wangari Maathai",), ["anchor-author"]),
        ("Öztürk et al., 2023", ("Percy Liang",), ["anchor-author"]),
        ("O\u0308ztu\u0308rk et al., 2023", ("Ayşe Öztürk",), []),
        ("Ozturk et al., 2023", ("Ayşe Öztürk",), []),
        ("Gomez et al.", ("Aidan N. Gómez",), []),
        ("Gómez et al.", ("Aidan N. Gomez",), []),
        ("Mueller et al.", ("Jan Müller",), []),
        ("Müller et al.", ("Jan Mueller",), []),
        ("Sorensen et al.", ("Ida Sørensen",), []),
        ("Garcia-Molina et al.", ("Hector García Molina",), []),
        ("O’Brien et al.", ("Sean O'Brien",), []),
        ("Oord et al.", ("Aäron van den Oord",), []),
    ],
)
def test_stated_author_is_compared_by_whole_names_without_accents(
    stated: str, authors: tuple[str, ...], kinds: list[str]
) -> None:
    theirs = {OWN.arxiv_id: OWN.model_copy(update={"authors": authors})}
    found = line_findings([line(title=f"Shallow Ponds Freeze First ({stated})")], theirs, {OWN.arxiv_id})
    assert [f.kind for f in found] == kinds


def test_bullet_behind_which_no_anchor_line_stands_is_told_with_its_paper() -> None:
    other = OWN.model_copy(update={"arxiv_id": "2305.00009"})
    restating = POND.model_copy(update={"restated": (bullet(20, None),)})
    rests = Anchored(anchors=(Anchor(paper=other, score=1, found_by="search"),))
    found = seed_findings(seed(line()), [restating], {"claim": rests}, {OWN.arxiv_id: OWN})
    assert [(f.kind, f.line) for f in found] == [("anchor-unused", 30), ("anchor-missing", 20)]
    assert found[1].message.endswith("it rests on arXiv:2305.00009 (Shallow Ponds Freeze First)")


def test_misstated_claim_is_a_finding_at_its_note() -> None:
    (found,) = claim_findings(claim("Do ponds freeze?", "Shallow ones freeze 44% sooner."), ANCHORED, DAY)
    assert (found.kind, found.line) == ("misstated", 1)


def test_id_that_does_not_resolve_still_tells_its_month() -> None:
    (found,) = line_findings([line(year=2024)], {}, set())
    assert found.message == "arXiv:2305.00001 is not known to the source, and an id of 2023-05 is none of 2024"
