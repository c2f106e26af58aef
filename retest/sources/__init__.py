"""Who knows about papers: the `PaperSource` protocol, written for a stranger who will implement one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from retest.models import Hit, Paper, Query


class PaperSource(Protocol):
    """A place that knows papers.

    Finding is always done in a local store of records; a live source first fetches what the store
    lacks. Methods may be called from several threads at once. Every failure to look raises
    `SourceUnreachable`: an empty answer means that the source was asked and has nothing.
    """

    @property
    def name(self) -> str:
        """`arxiv`, `catalogue` or `library`, as reports print it."""

    @property
    def requests(self) -> int:
        """How many requests went over the network so far."""

    @property
    def until(self) -> date | None:
        """The day of the newest record that it can know; None where it knows what there is."""

    def lookup(self, arxiv_ids: Sequence[str]) -> dict[str, Paper]:
        """The papers with these ids (no versions), in as few requests as can be; unknown ids are absent."""

    def search(self, query: Query) -> list[Hit]:
        """Papers that answer the query, best first; a live source asks its service unless it has asked before."""

    def find(self, query: Query) -> list[Hit]:
        """Like `search`, over what is in the local store alone: never a request."""
