"""The bundled catalogue: a library of real papers that ships with the package, for work without a network.

Its records hold facts (id, title, authors, day, categories) and a digest: a few sentences in the
project's own words about what the paper did and found. Quotes from it are quotes from the digest, and
reports say so. Days are estimated from the arXiv id: the month is right, the day within it may be off.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.resources import files

from retest.models import Hit, Paper, Query
from retest.sources.store import Store

CATALOGUE_DATE = date(2026, 8, 31)
"""The last day that the catalogue covers: the default `--as-of` when it is the source."""


def catalogue_papers() -> Iterator[Paper]:
    """Every paper of the catalogue, the oldest first."""
    with files("retest").joinpath("data/catalogue.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            digest, arxiv_id = record.pop("digest"), record.pop("id")
            yield Paper(arxiv_id=arxiv_id, text=digest, text_kind="digest", **record)


class CatalogueSource:
    """A `PaperSource` over the bundled catalogue: it never asks anybody."""

    name = "catalogue"
    requests = 0
    until = CATALOGUE_DATE

    def __init__(self) -> None:
        self._store = Store(None)
        self._store.add(catalogue_papers())

    def lookup(self, arxiv_ids: Sequence[str]) -> dict[str, Paper]:
        """The papers with these ids."""
        return self._store.get(arxiv_ids)

    def search(self, query: Query) -> list[Hit]:
        """Papers that answer the query, best first."""
        return self._store.find(query)

    def find(self, query: Query) -> list[Hit]:
        """The same: all that it knows is local."""
        return self._store.find(query)
