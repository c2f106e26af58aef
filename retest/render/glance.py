"""Picks what a reader of the whole library should see first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import get_args

from retest.models import State
from retest.report import ClaimRecord, EvidenceRecord, Report

SEVERITY: tuple[State, ...] = ("overturned", "contested", "relaxed", "upheld", "untested", "unreachable")
FALLEN: tuple[State, ...] = ("overturned", "contested", "relaxed")
assert set(SEVERITY) == set(get_args(State))


def counts(records: Iterable[ClaimRecord]) -> list[tuple[State, int]]:
    """How many claims are in each state that occurs, the gravest first."""
    states = Counter(record.state for record in records)
    return [(state, states[state]) for state in SEVERITY if states[state]]


def counts_in_words(records: Iterable[ClaimRecord]) -> str:
    """`2 overturned, 9 upheld`."""
    return ", ".join(f"{number} {state}" for state, number in counts(records))


def ranked(report: Report) -> list[ClaimRecord]:
    """Every claim, the gravest state first, within a state the one that most sentences lean on."""
    return sorted(report.claims, key=lambda r: (SEVERITY.index(r.state), -len(r.leaning), r.id))


WORTH_TELLING = 2
"""Strength in all that it takes to be listed as fallen: a single weak sign is told in its report and not on the front page."""


def fell_lately(report: Report) -> list[ClaimRecord]:
    """Claims that came to stand worse inside the recent window, by work of that window, the latest first.

    A first audit finds everything at once: what a paper of years ago has settled is no news even then.
    """
    inside = [r for r in report.claims if r.state in FALLEN and report.since <= r.changed_on <= report.as_of]
    against = {r.id: [e for e in r.evidence if e.voice == "asserted" and e.stance != "supports"] for r in inside}
    fallen = [
        r
        for r in inside
        if any(e.recent for e in against[r.id]) and sum(e.strength for e in against[r.id]) >= WORTH_TELLING
    ]
    return sorted(fallen, key=lambda r: (-r.changed_on.toordinal(), SEVERITY.index(r.state), -len(r.leaning), r.id))


def unverified(report: Report) -> list[ClaimRecord]:
    """Claims that essays lean on, the most leaned on first, of which nothing is known: no newer evidence, or no paper."""
    bare = [r for r in report.claims if r.leaning and r.state not in FALLEN and why_unverified(r)]
    return sorted(bare, key=lambda r: (-len(r.leaning), r.state == "upheld", r.id))


def why_unverified(record: ClaimRecord) -> str:
    """What a claim lacks; empty when it has both a paper of its own and newer evidence."""
    lacks: list[str] = []
    if record.state in ("untested", "unreachable"):
        lacks.append(record.absence or "no newer evidence")
    if record.anchor is None:
        lacks.append("no paper of its own")
    return ", ".join(lacks)


def settling(record: ClaimRecord) -> EvidenceRecord | None:
    """The paper that says most about why the claim stands where it stands."""
    leading = {"upheld": "supports", "relaxed": "relaxes"}.get(record.state, "overturns")
    asserted = [item for item in record.evidence if item.voice == "asserted"]
    return next((item for item in asserted if item.stance == leading), asserted[0] if asserted else None)


def bearing(paper: EvidenceRecord) -> str:
    """What the paper does to the claim, as a predicate: one that contradicts it need not have overturned it."""
    return {"supports": "supports it", "relaxes": "narrows it"}.get(paper.stance, "speaks against it")
