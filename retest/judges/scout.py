"""Lets a language model help to find: it names words to search for, and picks from what was found."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from retest.judges.endpoint import Endpoint, Reply
from retest.judges.llm import claim_block
from retest.models import Claim, Likeness, Paper, Suggestions
from retest.ranking import likest_sentences
from retest.templates import clean, cut, fence, load

_log = logging.getLogger(__name__)

QUERIES, RANK = "queries-v2", "rank-v2"
MOST_QUERIES, LONGEST_QUERY = 14, 120
MOST_FINDINGS, LONGEST_FINDING = 6, 300
MOST_PICKED = 30
HIGHEST_GRADE, LONGEST_TITLE = 3, 300
_AROUND = " .,;:!?0123456789\"'()"
"""What a model adds around words that it repeats."""
SHOWN, SHOWN_CLOSELY = 420, 1100
"""Characters of a paper's text in the list that is picked from."""


class Searches(Reply):
    """Words to search for and to compare with."""

    MOST_ITEMS = MOST_QUERIES

    queries: list[str]
    findings: list[str]


class Pick(Reply):
    """A number from the list, and how likely its paper is to bear."""

    number: int
    grade: int


class Picked(Reply):
    """The model's answer to a list."""

    MOST_ITEMS = MOST_PICKED

    picks: list[Pick]


class LlmScout:
    """A model that helps to find. Nothing it writes is cited: its words only search, its numbers only order."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def model(self) -> str:
        """The model's name."""
        return self._endpoint.model

    @property
    def prompts(self) -> Mapping[str, str]:
        """Hash of each prompt file that it uses."""
        return {name: load(name).digest for name in (QUERIES, RANK)}

    async def suggest(self, claim: Claim, anchors: Sequence[Paper]) -> Suggestions:
        """Words in which papers that bear on the claim may speak; none from a model that has too few of its own.

        Raises JudgeUnreachable.
        """
        system, user = load(QUERIES).fill(claim=claim_block(claim, anchors))
        found = await self._endpoint.ask(system, user, Searches)
        own = Suggestions(
            searches=_own(found.queries, system + user, LONGEST_QUERY, MOST_QUERIES),
            findings=_own(found.findings, system + user, LONGEST_FINDING, MOST_FINDINGS),
        )
        # A small model says the example again, or a few words of its own. Such words lead away from the claim.
        is_able = len(own.searches) >= MOST_QUERIES / 2 and len(own.findings) >= MOST_FINDINGS / 2
        if not is_able:
            _log.info("%s: %s suggested too little of its own to follow", claim.id, self.model)
        return own if is_able else Suggestions()

    async def pick(
        self, claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper], like: Likeness, *, closely: bool
    ) -> dict[int, int]:
        """Index and grade (1 to 3) of the papers likely to bear on the claim, the likeliest first.

        Raises JudgeUnreachable.
        """
        told = likest_sentences(papers, like, SHOWN_CLOSELY if closely else SHOWN)
        lines = [
            f"{number}. ({paper.published}) {cut(paper.title, LONGEST_TITLE)}. {sentences}"
            for number, (paper, sentences) in enumerate(zip(papers, told, strict=True), 1)
        ]
        system, user = load(RANK).fill(
            claim=claim_block(claim, anchors), papers=fence("papers", lines), most=str(MOST_PICKED)
        )
        picked = await self._endpoint.ask(system, user, Picked)
        grades: dict[int, int] = {}
        for pick in picked.picks:
            if 1 <= pick.number <= len(papers) and pick.grade >= 1:
                grades.setdefault(pick.number - 1, min(pick.grade, HIGHEST_GRADE))
        return dict(list(grades.items())[:MOST_PICKED])


def _own(told: Sequence[str], request: str, longest: int, most: int) -> tuple[str, ...]:
    """The texts on one line each, once each, not too long and not too many, without what only repeats the request."""
    asked = clean(request).casefold()
    own = (text for text in map(clean, told) if text.strip(_AROUND).casefold() not in asked)
    return tuple(dict.fromkeys(cut(text, longest) for text in own))[:most]
