"""Lets a language model help to find: it names words to search for, and picks from what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retest.judges.endpoint import Endpoint, Reply
from retest.judges.llm import claim_block
from retest.models import Claim, Paper
from retest.templates import clean, cut, fence, load, sentences

QUERIES, RANK = "queries-v1", "rank-v1"
MOST_QUERIES, LONGEST_QUERY = 12, 120
MOST_PICKED = 30
SHOWN = 330
"""Characters of a paper's text in the list that is picked from: its end, for abstracts begin with what is known."""


class Searches(Reply):
    """Words to search for."""

    queries: list[str]


class Picked(Reply):
    """Numbers from the list."""

    numbers: list[int]


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

    async def suggest(self, claim: Claim, anchors: Sequence[Paper]) -> tuple[str, ...]:
        """Searches for papers that may bear on the claim. Raises JudgeUnreachable."""
        system, user = load(QUERIES).fill(claim=claim_block(claim, anchors))
        found = await self._endpoint.ask(system, user, Searches)
        cleaned = (cut(query, LONGEST_QUERY) for query in found.queries)
        return tuple(dict.fromkeys(query for query in cleaned if query))[:MOST_QUERIES]

    async def pick(self, claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper]) -> list[int]:
        """Indices of the papers most likely to bear on the claim, the likeliest first. Raises JudgeUnreachable."""
        lines = [f"{n}. ({p.published}) {clean(p.title)}. {_end_of(p)}" for n, p in enumerate(papers, 1)]
        system, user = load(RANK).fill(
            claim=claim_block(claim, anchors), papers=fence("papers", lines), most=str(MOST_PICKED)
        )
        picked = await self._endpoint.ask(system, user, Picked)
        within = (number - 1 for number in picked.numbers if 1 <= number <= len(papers))
        return list(dict.fromkeys(within))[:MOST_PICKED]


def _end_of(paper: Paper) -> str:
    """The last sentences of a paper's text, as many as fit whole, at least one."""
    told = [sentence.shown for sentence in sentences(paper.text)]
    end = told[-1:]
    for sentence in reversed(told[:-1]):
        if len(sentence) + sum(map(len, end)) > SHOWN:
            break
        end.insert(0, sentence)
    return cut(" ".join(end), SHOWN)
