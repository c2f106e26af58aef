"""Holds what a seed states about its claims against the papers themselves: years, anchor lines, what they say."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product

from retest.claims import is_within
from retest.drift import answered_findings, drift_findings
from retest.fidelity import differences
from retest.models import (
    Anchor,
    Anchoring,
    AnchorLine,
    Claim,
    Finding,
    FindingKind,
    Paper,
    Place,
    ResearchPrompt,
    Seed,
)
from retest.terms import coverage, profile

TITLE_AGREES = 0.6
"""Least share of a stated title's weight in the record's: seeds shorten titles, and papers are retitled."""
UNLIKE = 0.05
"""Fit below which an id that a note names is likely a slip: of 396 claims none fits its own paper so badly, and
nine in ten fit another's worse."""
_STATED_AUTHOR = re.compile(r"[\s,(]+(?P<name>[^\W\d_][\w'’-]+) et al\.?\)?(?:,? \d{4}\)?)?$")
_UNACCENTED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
"""Letters that Unicode takes for whole, not for a letter with an accent."""
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


def claim_findings(claim: Claim, anchoring: Anchoring, as_of: date) -> list[Finding]:
    """What is wrong or open with one claim: no anchor, a year that its anchor's v1 or the calendar contradicts, another sense."""
    place = claim.places[0]
    if anchoring.kind == "unanchored":
        found = [finding("unanchored", f"no paper could be found for it: {anchoring.reason}", place)]
        if claim.stated and date(claim.stated.first, 1, 1) > as_of:
            found.append(
                finding(
                    "year", f"stated as {claim.stated.text}, which begins after the audit's day, {_day(as_of)}", place
                )
            )
        return found
    told = differences(claim, [anchor.paper for anchor in anchoring.anchors])
    return [
        *(
            finding(
                "anchor-unlike",
                f"it names arXiv:{a.paper.arxiv_id} ({a.paper.title}), which shares little with it",
                place,
            )
            for a in anchoring.anchors
            if a.found_by == "id in the note" and a.score < UNLIKE
        ),
        *_year_findings(claim, anchoring.anchors),
        *(finding("misstated" if d.is_certain else "numbers", d.message, place) for d in told),
    ]


def _year_findings(claim: Claim, anchors: Sequence[Anchor]) -> list[Finding]:
    stated = [(b.stated, b.place) for b in claim.restated if b.stated] or (
        [(claim.stated, claim.places[0])] if claim.stated else []
    )
    found = []
    for period, place in stated:
        if not any(is_within(anchor.paper.published, period) for anchor in anchors):
            first = min(anchors, key=lambda anchor: anchor.paper.published).paper
            message = f"stated as {period.text}, but arXiv:{first.arxiv_id} was first posted on {_day(first.published)}"
            found.append(finding("year", message, place))
    return found


def seed_findings(
    seed: Seed, claims: Sequence[Claim], anchorings: Mapping[str, Anchoring], papers: Mapping[str, Paper]
) -> list[Finding]:
    """What is wrong with a seed's own prompt and essay. `anchorings`: by claim id; `papers`: what the ids it names came to."""
    essay = [
        *_unresolved_ids(seed, claims, anchorings, papers),
        *drift_findings(seed, claims),
        *answered_findings(seed, claims, anchorings),
    ]
    if seed.prompt is None:
        return essay
    lines = seed.prompt.anchor_lines
    told = [(claim, place) for claim in claims if (place := _bullet_place(claim, seed.prompt))]
    found = [anchorings[claim.id] for claim, _ in told if claim.id in anchorings]
    used = {a.paper.arxiv_id for anchoring in found if anchoring.kind == "anchored" for a in anchoring.anchors}
    if len(found) < len(told):  # a claim could not be looked up: any line may be its anchor
        used |= {line.arxiv_id for line in lines}
    return [*line_findings(lines, papers, used), *_missing_lines(lines, told, anchorings), *essay]


def _unresolved_ids(
    seed: Seed, claims: Sequence[Claim], anchorings: Mapping[str, Anchoring], papers: Mapping[str, Paper]
) -> list[Finding]:
    """Ids written in the seed's notes that the source does not know."""
    return [
        finding("anchor-unresolved", f"arXiv:{arxiv_id} is not known to the source", place)
        for claim in claims
        if claim.id in anchorings
        for place in claim.places
        if place.file == seed.file
        for arxiv_id in claim.arxiv_ids
        if arxiv_id not in papers
    ]


def _bullet_place(claim: Claim, prompt: ResearchPrompt) -> Place | None:
    """Where a prompt tells the claim: the bullet that restates it, or the bullet that it is."""
    bullets = [bullet.place for bullet in prompt.bullets]
    return next((place for place in (*(b.place for b in claim.restated), *claim.places) if place in bullets), None)


def _missing_lines(
    lines: Sequence[AnchorLine], told: Sequence[tuple[Claim, Place]], anchorings: Mapping[str, Anchoring]
) -> list[Finding]:
    """Bullets of a prompt that none of its anchor lines stands for; where it names some, a reader takes them for all."""
    listed = {line.arxiv_id for line in lines}
    found = []
    for claim, place in told if lines else ():
        if claim.id not in anchorings:
            continue
        anchoring = anchorings[claim.id]
        own = [a.paper for a in anchoring.anchors] if anchoring.kind == "anchored" else []
        if not any(paper.arxiv_id in listed for paper in own):
            rests = (
                f"it rests on arXiv:{own[0].arxiv_id} ({own[0].title})" if own else "no paper of its own could be found"
            )
            found.append(
                finding("anchor-missing", f"no anchor of the prompt is behind “{claim.title}”: {rests}", place)
            )
    return found


def line_findings(lines: Sequence[AnchorLine], papers: Mapping[str, Paper], used: set[str]) -> list[Finding]:
    """What is wrong with a seed's anchor lines: ids that do not exist, titles and years that differ, anchors nobody uses."""
    found = []
    for line in lines:
        paper = papers.get(line.arxiv_id)
        name = f"arXiv:{line.arxiv_id}"
        if paper is None:
            found.append(
                finding("anchor-unresolved", f"{name} is not known to the source{_numbered(line)}", line.place)
            )
            continue
        found += _title_findings(line, paper)
        if line.year and line.year not in {paper.published.year, (paper.updated or paper.published).year}:
            found.append(
                finding(
                    "year",
                    f"{name} is given as {line.year}, but was first posted on {_day(paper.published)}",
                    line.place,
                )
            )
        if line.arxiv_id not in used:
            found.append(
                finding(
                    "anchor-unused",
                    f"{name} is listed as an anchor, but no claim of the prompt rests on it",
                    line.place,
                )
            )
    return found


def _numbered(line: AnchorLine) -> str:
    """What an id tells by itself: its first four digits are the month in which it was given."""
    month = re.match(r"(\d\d)(\d\d)\.", line.arxiv_id)
    if not month or not line.year or line.year == 2000 + int(month[1]):
        return ""
    return f", and an id of 20{month[1]}-{month[2]} is none of {line.year}"


def _title_findings(line: AnchorLine, paper: Paper) -> list[Finding]:
    """A stated title that is not the paper's; a stated author who, where the record has authors, is none of them."""
    stated = unicodedata.normalize("NFC", line.title)
    named = _STATED_AUTHOR.search(stated)
    if named and not named["name"][0].isupper():
        named = None
    title = stated[: named.start()] if named else stated
    name, found = f"arXiv:{line.arxiv_id}", []
    if title and coverage(profile(title), profile(paper.title)) < TITLE_AGREES:
        found.append(finding("anchor-title", f"{name} is called “{paper.title}”, not “{title}”", line.place))
    if named and paper.authors and not any(_has_name(author, named["name"]) for author in paper.authors):
        found.append(
            finding("anchor-author", f"{name} is by {', '.join(paper.authors[:3])}, not by {named['name']}", line.place)
        )
    return found


def _has_name(author: str, name: str) -> bool:
    """Whether one or more whole words of an author's name are the name, in either spelling: `Müller` is `Muller` or `Mueller`."""
    for given, wanted in product(_spellings(author), ("".join(spelt) for spelt in _spellings(name))):
        starts = range(len(given))
        if any("".join(given[start:end]) == wanted for start in starts for end in range(start + 1, len(given) + 1)):
            return True
    return False


def _spellings(name: str) -> list[list[str]]:
    """The words of a name without accents, and with its umlauts spelt out; a hyphen or an apostrophe parts words."""
    whole = unicodedata.normalize("NFC", name).casefold()
    return [re.findall(r"[^\W_]+", _plain(spelt)) for spelt in (whole, whole.translate(_SPELT_OUT))]


def _plain(name: str) -> str:
    parts = unicodedata.normalize("NFKD", name.translate(_UNACCENTED))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def finding(kind: FindingKind, message: str, place: Place) -> Finding:
    """A finding at a place."""
    return Finding(kind=kind, message=message, file=place.file, line=place.line)


def _day(day: date) -> str:
    return day.isoformat()
