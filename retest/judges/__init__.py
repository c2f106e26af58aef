"""Who weighs papers and who helps to find them: protocols written for a stranger who will implement one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from retest.models import Answer, Claim, Evidence, Likeness, Outcome, Paper, Seed, Suggestions, Value, Verdict


class Scope(Value):
    """What a verdict means in words: the part that stays, the part that time can dissolve."""

    durability: Literal["durable", "perishable"]
    durable_question: str
    perishable_limitation: str
    rationale: str


class Judge(Protocol):
    """Weighs papers against a claim.

    A judge says what it saw or that it cannot tell; it never fetches, and nothing a paper's text says
    may change what it is asked. `JudgeRefused` means that asking again is useless; `JudgeUnreachable`
    that no answer came this time.
    """

    @property
    def kind(self) -> Literal["llm", "embedded"]:
        """Which tier it is."""

    @property
    def model(self) -> str:
        """The model's name with its version, as reports print it."""

    @property
    def prompts(self) -> Mapping[str, str]:
        """Hash of everything that shapes its answers, by name: a changed hash makes earlier answers another judge's."""

    @property
    def upholds(self) -> bool:
        """Whether its support can uphold a claim: it sees what narrows one as readily as what agrees."""

    async def weigh(self, claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper]) -> list[Answer]:
        """One answer per paper, in order. Quotes are the judge's word until `quotes.locate` finds them."""

    async def scope(self, claim: Claim, verdict: Verdict, evidence: Sequence[Evidence]) -> Scope:
        """Words for a verdict that is already decided: a judge can narrow it, never turn it. Raises JudgeUnreachable."""

    async def ask(self, seed: Seed, outcomes: Sequence[Outcome]) -> tuple[str, str]:
        """Two research questions that assume that the regime may have moved. Raises JudgeUnreachable."""

    async def aclose(self) -> None:
        """Lets go of what it holds open."""


class Scout(Protocol):
    """Helps to find what bears on a claim. Nothing it says is cited: its words search, its picks order."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def prompts(self) -> Mapping[str, str]:
        """Hash of each prompt file that it uses."""

    async def suggest(self, claim: Claim, anchors: Sequence[Paper]) -> Suggestions:
        """Words in which papers that bear on the claim may speak. Raises JudgeUnreachable."""

    async def pick(
        self, claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper], like: Likeness, *, closely: bool
    ) -> Mapping[int, int]:
        """Index and grade (1 to 3, the surest) of the papers likely to bear on the claim, the likeliest first.

        `closely`: show it more of each. Raises JudgeUnreachable.
        """
