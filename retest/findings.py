"""Holds what a seed states about its claims against the papers themselves: years, anchor lines, numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from retest.models import Anchor, Anchoring, AnchorLine, Claim, Fidelity, Finding, Paper, Place, Seed
from retest.terms import coverage, numbers, profile

TITLE_AGREES = 0.6
"""Least share of a stated title's weight in the record's: seeds shorten titles, and papers are retitled."""


def claim_findings(claim: Claim, anchoring: Anchoring) -> list[Finding]:
    """What is wrong or open with one claim: no anchor, a stated year that its anchor's v1 contradicts."""
    place = claim.places[0]
    if anchoring.kind == "unanchored":
        return [finding("unanchored", f"no paper could be found for it: {anchoring.reason}", place)]
    return _year_findings(claim, anchoring.anchors)


def _year_findings(claim: Claim, anchors: Sequence[Anchor]) -> list[Finding]:
    years = sorted({anchor.paper.published.year for anchor in anchors})
    stated = [(b.stated, b.place) for b in claim.restated if b.stated] or (
        [(claim.stated, claim.places[0])] if claim.stated else []
    )
    found = []
    for period, place in stated:
        if not any(period.first <= year <= period.last for year in years):
            first = min(anchors, key=lambda anchor: anchor.paper.published).paper
            message = f"stated as {period.text}, but arXiv:{first.arxiv_id} was first posted on {_day(first.published)}"
            found.append(finding("year", message, place))
    return found


def seed_findings(
    seed: Seed, claims: Sequence[Claim], anchorings: Mapping[str, Anchoring], papers: Mapping[str, Paper]
) -> list[Finding]:
    """What is wrong with a seed's own prompt. `anchorings`: by claim id; `papers`: what the ids it names came to."""
    if seed.prompt is None:
        return []
    restated = [claim for claim in claims if any(bullet.place.file == seed.file for bullet in claim.restated)]
    found = [anchorings[claim.id] for claim in restated if claim.id in anchorings]
    used = {a.paper.arxiv_id for anchoring in found if anchoring.kind == "anchored" for a in anchoring.anchors}
    return line_findings(seed.prompt.anchor_lines, papers, used)


def line_findings(lines: Sequence[AnchorLine], papers: Mapping[str, Paper], used: set[str]) -> list[Finding]:
    """What is wrong with a seed's anchor lines: ids that do not exist, titles and years that differ, anchors nobody uses."""
    found = []
    for line in lines:
        paper = papers.get(line.arxiv_id)
        name = f"arXiv:{line.arxiv_id}"
        if paper is None:
            found.append(finding("anchor-unresolved", f"{name} is not known to the source", line.place))
            continue
        if line.title and coverage(profile(line.title), profile(paper.title)) < TITLE_AGREES:
            found.append(finding("anchor-title", f"{name} is called “{paper.title}”, not “{line.title}”", line.place))
        if line.year and line.year != paper.published.year:
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


def fidelity(claim: Claim, anchoring: Anchoring) -> Fidelity:
    """What can be said of a claim against its anchor's text without a model.

    Only figures are compared. That they stand in the text does not prove that they mean the same there,
    so the answer is never more than `unchecked`, with what was seen.
    """
    if anchoring.kind == "unanchored":
        return Fidelity(status="unchecked", notes=("it has no anchor to be held against",))
    stated = {n.value for anchor in anchoring.anchors for n in numbers(f"{anchor.paper.title} {anchor.paper.text}")}
    kind = anchoring.anchors[0].paper.text_kind
    absent = [claim.text[n.start : n.end].strip() for n in numbers(claim.text) if n.value not in stated]
    if absent:
        return Fidelity(status="unchecked", notes=(f"{', '.join(dict.fromkeys(absent))}: not in the anchor's {kind}",))
    return Fidelity(status="unchecked", notes=(f"its wording was not compared with the anchor's {kind}",))


def finding(kind: str, message: str, place: Place) -> Finding:
    """A finding at a place."""
    return Finding(kind=kind, message=message, file=place.file, line=place.line)


def _day(day: date) -> str:
    return day.isoformat()
