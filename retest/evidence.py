"""Turns a judge's answers into evidence: a stance counts only with a quote that stands in the paper."""

from __future__ import annotations

from collections.abc import Iterable

from retest.models import NOT_JUDGED, UNQUOTED, Abstained, Answer, Evidence, NotJudged, Paper, Quote, Unplaced, Value
from retest.quotes import Differs, Located, Uncheckable, locate

_STANCE_ORDER = {"overturns": 0, "relaxes": 1, "supports": 2, "neutral": 3}


class Weighed(Value):
    """What became of a claim's candidates."""

    evidence: tuple[Evidence, ...]
    unplaced: tuple[Unplaced, ...]
    """Abstained on, or not judged: for a person to read."""
    not_judged: int
    """How many of `unplaced` got no usable answer at all."""


def weigh(pairs: Iterable[tuple[Paper, Answer]]) -> Weighed:
    """Evidence and what could not be placed, from papers with their answers; neutral ones are left out."""
    evidence: list[Evidence] = []
    unplaced: list[tuple[float, Unplaced]] = []
    not_judged = 0
    for paper, answer in pairs:
        match answer:
            case NotJudged():
                not_judged += 1
                unplaced.append((0.0, Unplaced(paper=paper, reason=f"{NOT_JUDGED}{answer.reason}")))
            case Abstained():
                left = Unplaced(paper=paper, reason=answer.reason, quote=_quote(answer.quote, paper))
                unplaced.append((answer.nearness, left))
            case _ if answer.stance != "neutral":
                located = locate(answer.quote, paper.text)
                if isinstance(located, Located):
                    kept = answer.model_dump(include={"stance", "voice", "strength", "reason"})
                    evidence.append(Evidence(paper=paper, quote=located.quote, **kept))
                else:
                    not_judged += 1
                    unplaced.append((0.0, Unplaced(paper=paper, reason=_why_unquoted(located))))
    unplaced.sort(key=lambda pair: -pair[0])
    return Weighed(
        evidence=tuple(sorted(evidence, key=_order)),
        unplaced=tuple(left for _, left in unplaced),
        not_judged=not_judged,
    )


def _why_unquoted(located: Differs | Uncheckable) -> str:
    """Why a stance is not taken over: its quote differs, with where, or cannot be checked."""
    if isinstance(located, Uncheckable):
        return f"{NOT_JUDGED}its quote cannot be checked: {located.reason}"
    after = f"after “{located.agreed}” " if located.agreed else ""
    return f"{UNQUOTED}, which {after}reads “{located.reads}”"


def _quote(words: str, paper: Paper) -> Quote | None:
    located = locate(words, paper.text)
    return located.quote if isinstance(located, Located) else None


def _order(evidence: Evidence) -> tuple[bool, int, int, int, str]:
    """Asserted before reported, strong before weak, against before for, new before old."""
    return (
        evidence.voice != "asserted",
        -evidence.strength,
        _STANCE_ORDER[evidence.stance],
        -evidence.paper.published.toordinal(),
        evidence.paper.arxiv_id,
    )
