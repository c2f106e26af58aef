"""The local library as a paper source: records that were harvested or imported before, and no request ever."""

from __future__ import annotations

import bz2
import gzip
import json
import logging
import lzma
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

from retest.candidates import DEPTH, WORDS_SUGGESTED, fuse_ids
from retest.errors import InputError
from retest.lexicon import last_sentences
from retest.models import Hit, Likeness, Paper, Query
from retest.ranking import rank, texts_of
from retest.sources.arxiv import bare_id
from retest.sources.store import Store
from retest.sources.vectors import BUILT_IN, Encoder, VectorIndex, embed_missing, open_encoder
from retest.terms import telling

logger = logging.getLogger(__name__)

LIBRARY_FILE = "library.sqlite3"
"""In RETEST_HOME; what a live run fetched lies in the same file, so that either finds what the other brought."""
GATHERED = 200
"""How many papers each way of gathering brings to the pool."""
POOL = 800
"""How many papers are ranked."""
RARE_WORDS = 6
"""Words of a claim that are looked for in the full text: each costs as many steps as papers hold it."""


class LibrarySource:
    """A `PaperSource` over the local index: full text, and meaning where the index has vectors.

    Methods may be called from several threads at once.
    """

    name = "library"
    requests = 0

    def __init__(self, store: Store, encoder: Encoder | None = None) -> None:
        """Without an encoder, or where no record has a vector, finding is by words alone."""
        self._store = store
        self._index = VectorIndex(store, encoder) if encoder and store.count_vectors() else None

    @property
    def until(self) -> date:
        """The day of the newest record."""
        return self._store.latest() or date.min

    def lookup(self, arxiv_ids: Sequence[str]) -> dict[str, Paper]:
        """The papers with these ids, of whatever version."""
        return self._store.get(filter(None, map(bare_id, arxiv_ids)))

    def search(self, query: Query) -> list[Hit]:
        """Papers that answer the query, best first."""
        return self.find(query)

    def find(self, query: Query) -> list[Hit]:
        """By words; or, where the query says what the papers should be like, by words and meaning together."""
        if query.like is None:
            return self._store.find(query)
        if self._index is None:
            return []
        ids = self._alike(self._index, query.like, query)
        papers = self._store.get(ids[: query.limit])
        return [Hit(paper=paper, score=1 / rank) for rank, paper in enumerate(papers.values(), 1)]

    def _alike(self, index: VectorIndex, like: Likeness, query: Query) -> list[str]:
        """A pool is gathered by meaning and by the rarest words, then read closely."""
        texts = texts_of(like)
        around = [like.title, like.anchor_title, *last_sentences(like.anchor_text)]
        asked = index.encoder.encode([*texts, *filter(None, around), *like.suggested.searches])
        rankings = index.nearest(asked, query.after, query.before, GATHERED)
        rare = telling(f"{like.title} {like.text} {like.anchor_title}", RARE_WORDS)
        rankings.append(self._store.find_ids(rare, query.after, query.before, GATHERED))
        for words in (*like.suggested.searches, *like.suggested.findings):
            terms = telling(words, WORDS_SUGGESTED)
            rankings.append(self._store.find_ids(terms, query.after, query.before, DEPTH))
        pool = index.pool(list(fuse_ids(rankings))[:POOL])
        return [pool.ids[place] for place in rank(like, asked[: len(texts)], pool)]


def existing_store(home: Path) -> Store:
    """The store in `home`. Raises InputError where there is none, or nothing in it."""
    path = home / LIBRARY_FILE
    store = Store(path) if path.is_file() else None
    if store is None or not store.count():
        raise InputError(
            f"there is no library in {home} yet; make one with: retest library sync"
            " --categories cs.CL,cs.AI,cs.LG --from 2025-01-01, or retest library import FILE"
        )
    return store


def open_library(home: Path, environment: Mapping[str, str]) -> LibrarySource:
    """The library in `home`. Raises InputError where there is none, or where its vectors are another model's."""
    store = existing_store(home)
    encoder = open_encoder(environment)
    if encoder.model == BUILT_IN:  # costs nothing but a moment; another model may cost money
        embed_missing(store, encoder)
    elif missing := store.count() - store.count_vectors():
        logger.warning("%d records of the library are not found by meaning yet: run retest library index.", missing)
    return LibrarySource(store, encoder)


# --- files of records ------------------------------------------------------------------------------


class Unreadable(Exception):
    """A line that holds no record, with the reason."""


def records_of(path: Path) -> Iterator[Paper | str]:
    """The papers of a file of JSON lines, plain or compressed; for a line that holds none, a sentence that says why.

    Two forms are told apart line by line: ours (`published`, `authors` a list), and that of the public metadata
    dump (`versions` with the moment each was created). Raises InputError where the file cannot be read at all.
    """
    try:
        with _opened(path) as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _record(path, number, line)
    except (OSError, EOFError, lzma.LZMAError, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); give JSON lines, plain or as .xz, .gz or .bz2") from error


def _opened(path: Path) -> IO[str]:
    opener: Any = {".xz": lzma.open, ".gz": gzip.open, ".bz2": bz2.open}.get(path.suffix, open)
    opened: IO[str] = opener(path, "rt", encoding="utf-8")
    return opened


def _record(path: Path, number: int, line: str) -> Paper | str:
    try:
        return paper_of_record(json.loads(line))
    except json.JSONDecodeError as error:
        return f"{path}: line {number}: not JSON ({error.msg}); mend or remove the line"
    except Unreadable as error:
        return f"{path}: line {number}: {error}"
    except (ValueError, TypeError, AttributeError, IndexError, KeyError):
        return f"{path}: line {number}: a field has an unexpected form; see docs/library.md for the two that are read"


def paper_of_record(record: Mapping[str, Any]) -> Paper:
    """The record as a paper. Raises Unreadable, or ValueError and the like for a field of an odd form."""
    arxiv_id = bare_id(str(record.get("id", "")))
    if arxiv_id is None:
        raise Unreadable(f'no arXiv id (found {record.get("id")!r}); add an "id" such as "2305.11383"')
    title, text = _one_line(record.get("title")), _one_line(record.get("abstract"))
    if not title:
        raise Unreadable(f'{arxiv_id} has no title; add a "title"')
    moments = [parsedate_to_datetime(version["created"]).date() for version in record.get("versions") or ()]
    published = record.get("published") or (moments[0].isoformat() if moments else None)
    if not published:
        raise Unreadable(f'{arxiv_id} has no day; add "published", or "versions" with "created"')
    updated = record.get("updated") or (moments[-1].isoformat() if moments else record.get("update_date"))
    return Paper(
        arxiv_id=arxiv_id,
        title=title,
        authors=_authors(record),
        published=date.fromisoformat(str(published)[:10]),
        updated=date.fromisoformat(str(updated)[:10]) if updated else None,
        categories=_categories(record.get("categories")),
        text=text,
        version=len(moments) or 1,
        comment=_one_line(record.get("comment") or record.get("comments")),
    )


def _authors(record: Mapping[str, Any]) -> tuple[str, ...]:
    parsed = record.get("authors_parsed")
    if parsed:
        return tuple(" ".join(filter(None, (first, last, *more[:1]))) for last, first, *more in parsed)
    told = record.get("authors") or ()
    if isinstance(told, str):
        told = told.replace(" and ", ", ").split(",")
    return tuple(filter(None, (_one_line(name) for name in told)))


def _categories(told: Any) -> tuple[str, ...]:
    names = told.split() if isinstance(told, str) else told or ()
    return tuple(dict.fromkeys(str(name) for name in names))


def batches_of(items: Iterator[Paper | str], size: int = 2000) -> Iterator[list[Paper | str]]:
    """The items in lists of `size`."""
    while batch := list(islice(items, size)):
        yield batch


def is_in(paper: Paper, categories: frozenset[str] | None) -> bool:
    """Whether the paper is of one of the categories, of an archive among them, or any will do."""
    if categories is None:
        return True
    return any(name in categories or name.partition(".")[0] in categories for name in paper.categories)


def _one_line(text: Any) -> str:
    return " ".join(str(text or "").split())
