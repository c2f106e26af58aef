"""Stands between a run and its paper source, so that every paper the source showed is known afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from retest.models import Hit, Paper, Query
from retest.sources import PaperSource


class Witness:
    """A `PaperSource` that lets another one answer. `seen` is what a report may cite: nothing else exists."""

    def __init__(self, source: PaperSource) -> None:
        self.source = source
        self.seen: dict[str, Paper] = {}

    @property
    def name(self) -> str:
        """The source's name."""
        return self.source.name

    @property
    def requests(self) -> int:
        """The source's requests."""
        return self.source.requests

    @property
    def until(self) -> date | None:
        """The source's last day."""
        return self.source.until

    @property
    def is_local(self) -> bool:
        """Whether looking a paper up costs no request, and changes nothing for the claims that come after."""
        return self.name != "arxiv"

    def lookup(self, arxiv_ids: Sequence[str]) -> dict[str, Paper]:
        """The source's answer, noted."""
        papers = self.source.lookup(arxiv_ids)
        self._note(papers.values())
        return papers

    def search(self, query: Query) -> list[Hit]:
        """The source's answer, noted."""
        return self._noted(self.source.search(query))

    def find(self, query: Query) -> list[Hit]:
        """The source's answer, noted."""
        return self._noted(self.source.find(query))

    def _noted(self, hits: list[Hit]) -> list[Hit]:
        self._note(hit.paper for hit in hits)
        return hits

    def _note(self, papers: Iterable[Paper]) -> None:
        self.seen.update((paper.arxiv_id, paper) for paper in papers)
