"""Picks what a reader of the whole library should see first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import get_args

from retest.models import Cause, Stance, State
from retest.render.text import count
from retest.report import AnchorRecord, ClaimRecord, EvidenceRecord, Report, anchors_of

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


def verdicts_in_words(records: Sequence[ClaimRecord]) -> str:
    """`10 with a verdict (5 durable, 5 perishable), 13 without one`: how durable the others are is a guess."""
    decided = [record for record in records if record.state not in ("untested", "unreachable")]
    durable = sum(record.durability == "durable" for record in decided)
    told = f"{len(decided)} with a verdict ({durable} durable, {len(decided) - durable} perishable)" if decided else ""
    bare = f"{len(records) - len(decided)} without one" if decided else f"{len(records)} without a verdict"
    return ", ".join(part for part in (told, bare if len(decided) < len(records) else "") if part)


def ranked(report: Report) -> list[ClaimRecord]:
    """Every claim, the gravest state first, within a state the one that most sentences lean on."""
    return sorted(report.claims, key=lambda r: (SEVERITY.index(r.state), -len(r.leaning), r.id))


OURS: tuple[Cause, ...] = ("judge or prompt changed", "source changed", "seed edited", "evidence weighed anew")
"""Causes of a change that are no news from the literature."""
WORTH_TELLING = 2
"""Strength in all that it takes to be listed as fallen: a single weak sign is told in its report and not on the front page."""


def fell_lately(report: Report) -> list[ClaimRecord]:
    """Claims that came to stand worse inside the recent window, by work of that window, the latest first.

    A first audit finds everything at once: what a paper of years ago has settled is no news even then. Nor is what
    another judge makes of the same papers, or what a person has seen and spoken on.
    """
    inside = [
        r
        for r in report.claims
        if r.state in FALLEN
        and report.since <= r.changed_on <= report.as_of
        and r.changed_by not in OURS
        and not is_acknowledged(r)
    ]
    against = {r.id: [e for e in r.evidence if e.voice == "asserted" and e.stance != "supports"] for r in inside}
    fallen = [
        r
        for r in inside
        if any(e.recent for e in against[r.id]) and sum(e.strength for e in against[r.id]) >= WORTH_TELLING
    ]
    return sorted(fallen, key=lambda r: (-r.changed_on.toordinal(), SEVERITY.index(r.state), -len(r.leaning), r.id))


def unverified(report: Report) -> list[ClaimRecord]:
    """Claims that essays lean on, the most leaned on first, of which nothing is known: no newer evidence, or no paper."""
    bare = [
        r for r in report.claims if r.leaning and r.state not in FALLEN and why_unverified(r) and not is_acknowledged(r)
    ]
    return sorted(bare, key=lambda r: (-len(r.leaning), r.state == "upheld", r.id))


def is_acknowledged(record: ClaimRecord) -> bool:
    """Whether a person has spoken on the claim as it stands; another state later is news again."""
    return record.ack is not None and record.ack.state == record.state


def why_unverified(record: ClaimRecord) -> str:
    """What a claim lacks; empty when it has both a paper of its own and newer evidence."""
    lacks: list[str] = []
    if record.state in ("untested", "unreachable"):
        lacks.append(unsettled(record))
    if record.anchor is None:
        lacks.append("no paper of its own")
    return ", ".join(lacks)


def settling(record: ClaimRecord) -> EvidenceRecord | None:
    """The paper that says most about why the claim stands where it stands."""
    if record.state in ("untested", "unreachable"):
        return None
    leading = {"upheld": "supports", "relaxed": "relaxes"}.get(record.state, "overturns")
    asserted = [item for item in record.evidence if item.voice == "asserted"]
    return next((item for item in asserted if item.stance == leading), asserted[0] if asserted else None)


def settled_beside(record: ClaimRecord) -> str:
    """What stands beside the paper that settled it: ` and 3 other papers; 2 support it`, ` (a single weak sign)`."""
    first = settling(record)
    others = Counter(item.stance for item in record.evidence if item.voice == "asserted")
    if first is None:
        return ""
    if others.total() == 1:
        return " (a single weak sign)" if first.strength == 1 else ""
    others[first.stance] -= 1
    alike = f" and {count(others[first.stance], 'other paper')}" if others[first.stance] else ""
    apart = [
        f"; {number} {verb if number > 1 else once}"
        for stance, verb, once in _VERBS
        if stance != first.stance and (number := others[stance])
    ]
    return "".join((alike, *apart))


_VERBS: tuple[tuple[Stance, str, str], ...] = (
    ("overturns", "contradict it", "contradicts it"),
    ("relaxes", "narrow it", "narrows it"),
    ("supports", "support it", "supports it"),
)


def unsettled(record: ClaimRecord) -> str:
    """Why a claim has no verdict: `could not judge; 2 papers support it`."""
    supports = sum(item.voice == "asserted" and item.stance == "supports" for item in record.evidence)
    told = f"; {count(supports, 'paper')} {'supports' if supports == 1 else 'support'} it" if supports else ""
    return f"{record.absence or 'no newer evidence'}{told}"


def dated(record: ClaimRecord) -> str:
    """The day from which on work counts as newer; three years back is nobody's date."""
    return "undated" if record.dated_by == "undated" else f"{record.effective_date}"


def dating_anchor(record: ClaimRecord) -> AnchorRecord | None:
    """The paper that dates the claim: the newest of its own."""
    return max(anchors_of(record), key=lambda anchor: anchor.published, default=None)


def how_dated(record: ClaimRecord) -> str:
    """How a claim without a paper of its own came by its day."""
    if record.dated_by == "undated":
        return f"Undated: searched back to {record.effective_date}"
    if (record.effective_date.month, record.effective_date.day) != (12, 31):
        return f"Dated {record.effective_date}, the day of the audit: the stated period {record.stated_date} ends later"
    return f"Dated {record.effective_date}, the end of the stated period {record.stated_date}"


def bearing(paper: EvidenceRecord) -> str:
    """What the paper does to the claim, as a predicate: one that contradicts it need not have overturned it."""
    return {"supports": "supports it", "relaxes": "narrows it"}.get(paper.stance, "speaks against it")
