"""Decides where a claim stands, from its evidence alone."""

from __future__ import annotations

from collections.abc import Sequence

from retest.models import Absence, Evidence, Stance, State, Value

HOLDS_AGAINST = 2.0
"""Support that weighs this many times what narrows the claim upholds it all the same."""
MOST_CONFIDENT = 0.95


class Decision(Value):
    """A state with how sure it is, before it is put into words."""

    state: State
    confidence: float
    absence: Absence | None = None


def decide(
    evidence: Sequence[Evidence],
    *,
    looked_at: int,
    not_judged: int = 0,
    abstained: int = 0,
    searched: bool = True,
    upholds: bool = True,
) -> Decision:
    """The state that asserted evidence bears out.

    `looked_at` counts the newer candidates, `not_judged` those without a usable answer, `abstained`
    those the judge could not place; a claim as young as the audit was never `searched`. A judge that misses
    much of what narrows a claim never `upholds` one: of its support alone no verdict is made, and whatever
    narrows the claim counts.

    Overturning takes two findings or one of full strength, and no comparable support: else the claim is
    contested, for a false alarm costs more than a late one.
    """
    asserted = [item for item in evidence if item.voice == "asserted"]
    weights = {stance: _weight(asserted, stance) for stance in ("supports", "relaxes", "overturns")}
    if not any(weights.values()):
        return _undecided(looked_at, not_judged, abstained) if searched else _NOTHING_TO_CHECK
    state = _state(asserted, weights["supports"], weights["relaxes"], weights["overturns"])
    if state == "upheld" and not upholds:
        if not weights["relaxes"]:
            return Decision(state="untested", confidence=0.0, absence="could not judge")
        state = "relaxed"
    return Decision(state=state, confidence=_confidence(state, weights, _is_lone(asserted, state)))


_NOTHING_TO_CHECK = Decision(state="untested", confidence=0.0, absence="nothing to check")


def _weight(evidence: Sequence[Evidence], stance: Stance) -> float:
    return float(sum(item.strength for item in evidence if item.stance == stance))


def _state(asserted: Sequence[Evidence], supports: float, relaxes: float, overturns: float) -> State:
    against = [item for item in asserted if item.stance == "overturns"]
    if against:
        settled = len(against) >= 2 or any(item.strength == 3 for item in against)
        return "overturned" if settled and overturns > supports else "contested"
    if relaxes and supports < HOLDS_AGAINST * relaxes:
        return "relaxed"
    return "upheld"


def _undecided(looked_at: int, not_judged: int, abstained: int) -> Decision:
    """Nothing bears on it, or nobody could tell: both `untested`, told apart by the absence's name."""
    if not_judged or abstained:
        return Decision(state="untested", confidence=0.0, absence="could not judge")
    searched_well = min(looked_at / 20, 1.0)
    return Decision(state="untested", confidence=round(0.3 * searched_well, 2), absence="nothing newer found")


def _is_lone(asserted: Sequence[Evidence], state: State) -> bool:
    """Whether a single paper stands behind the state; one that speaks against it is no company."""
    company: dict[State, tuple[Stance, ...]] = {
        "upheld": ("supports",),
        "overturned": ("relaxes", "overturns"),
    }
    return sum(item.stance in company.get(state, ("supports", "relaxes", "overturns")) for item in asserted) == 1


def _confidence(state: State, weights: dict[str, float], is_lone: bool) -> float:
    """Grows with the weight behind the state and shrinks with what speaks for another one; 0 to 0.95."""
    total = sum(weights.values())
    behind = {
        "upheld": weights["supports"],
        "relaxed": weights["relaxes"] + weights["supports"] / 2,  # its core is supported either way
        "overturned": weights["overturns"] + weights["relaxes"] / 2,
        "contested": total - abs(weights["overturns"] - weights["supports"]) / 2,
    }[state]
    share = behind / total
    mass = total / (total + 3)
    lone = 0.8 if is_lone else 1.0
    return round(min(MOST_CONFIDENT, share * mass * lone), 2)
