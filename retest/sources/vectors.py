"""Finds papers by meaning: texts become vectors, and the nearest of them are found by looking at all.

Looking at all is the engine: one matrix product over the papers of a query's days. At 170,000 papers that is
a few milliseconds a query, exact, with nothing to build, tune or keep in step (docs/library.md compares the
alternatives). The vectors lie in the library's one SQLite file, a byte a number.

Same library, same question, same answer on every machine: the bytes are multiplied as whole numbers, whose
sums a float32 holds exactly whatever the order in which a processor adds them.
"""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Protocol

from retest.addresses import checked_url, is_loopback
from retest.errors import InputError, SourceUnreachable
from retest.lexicon import lexicon, signature
from retest.ranking import Pool
from retest.sources.store import Store

logger = logging.getLogger(__name__)

_OURS = "retest-words-"
BUILT_IN = f"{_OURS}4"
"""The embedding that ships with the package. Its number changes with its file: the vectors of two are not comparable."""
BATCH = 1000
ENDPOINT_BATCH = 64
_LARGEST = 127


class Encoder(Protocol):
    """Turns texts into rows of whole numbers from -127 to 127, whose directions say what the texts are about."""

    @property
    def model(self) -> str:
        """The name under which the index remembers it."""

    def encode(self, texts: Sequence[str]) -> Any:
        """An int8 array, one row per text; a row of zeros says nothing. Raises SourceUnreachable."""


class WordEncoder:
    """The embedding in the package: the sum of the vectors of a text's words and phrases, learned from arXiv's own titles and abstracts.

    `scripts/train_embedding.py` makes the vectors; see docs/library.md. 14,000 stems and as many phrases, no network, no model to load.
    """

    model = BUILT_IN

    def encode(self, texts: Sequence[str]) -> Any:
        import numpy as np

        known = lexicon()
        return whole_numbers(np.array([known.vector(signature("", text)) for text in texts]))


class EndpointEncoder:
    """A bigger embedding, asked over the OpenAI-compatible endpoint: batched, and its name kept in the index."""

    def __init__(self, model: str, *, base_url: str | None, api_key: str, retries: int = 3) -> None:
        import openai

        from retest.judges.endpoint import OPENAI

        self.model = model
        url = checked_url(base_url or OPENAI)
        # As the judge's: a redirect would carry the texts, and the key, to a host nobody chose.
        transport = openai.DefaultHttpxClient(follow_redirects=False, trust_env=not is_loopback(url))
        self._client = openai.OpenAI(
            base_url=url,
            api_key=api_key,
            admin_api_key="",
            webhook_secret="",
            max_retries=retries,
            timeout=60.0,
            http_client=transport,
        )
        self._client.organization = self._client.project = None  # the package reads them from the environment

    def encode(self, texts: Sequence[str]) -> Any:
        import numpy as np

        rows: list[Any] = []
        for first in range(0, len(texts), ENDPOINT_BATCH):
            rows += self._asked([text or " " for text in texts[first : first + ENDPOINT_BATCH]])
        return whole_numbers(np.array(rows, dtype=np.float32))

    def _asked(self, texts: list[str]) -> list[list[float]]:
        import openai

        try:
            answer = self._client.embeddings.create(model=self.model, input=texts, encoding_format="float")
        except openai.OpenAIError as error:
            raise SourceUnreachable(
                f"the embedding model {self.model} could not be asked ({type(error).__name__});"
                " check RETEST_EMBEDDING_MODEL, OPENAI_BASE_URL and OPENAI_API_KEY, then run again"
            ) from error
        rows = [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
        if len(rows) != len(texts):
            raise SourceUnreachable(
                f"the embedding model {self.model} answered {len(rows)} of {len(texts)} texts; run again"
            )
        return rows


def whole_numbers(rows: Any) -> Any:
    """Each row scaled so that its largest number is 127, then rounded: a direction needs no more."""
    import numpy as np

    largest = np.abs(rows).max(axis=1, keepdims=True)
    largest[largest == 0] = 1
    return np.rint(rows / largest * _LARGEST).astype(np.int8)


# --- the index -------------------------------------------------------------------------------------


def embed_missing(store: Store, encoder: Encoder, told: Callable[[int], None] = lambda done: None) -> int:
    """Give every record of the store that lacks one a vector; returns how many. Killed, it goes on where it was.

    Vectors of an earlier version of the built-in embedding are made anew: nobody chose them. Raises InputError where
    the store's vectors are another model's.
    """
    known = store.embedding()
    if known and known[0] != encoder.model == BUILT_IN and known[0].startswith(_OURS):
        logger.info("the library's vectors are of an earlier version of retest: making them anew")
        store.begin_embedding(BUILT_IN, encoder.encode([""]).shape[1])
    done = 0
    while rows := store.without_vector(BATCH):
        vectors = encoder.encode([f"{title}\n{text}" for _, title, text in rows])
        if not done:
            _check_model(store, encoder.model, vectors.shape[1])
        signatures = (signature(title, text).tobytes() for _, title, text in rows)
        numbers = (row for row, _, _ in rows)
        store.keep_vectors(zip(numbers, (vector.tobytes() for vector in vectors), signatures, strict=True))
        done += len(rows)
        told(len(rows))
    return done


def _check_model(store: Store, model: str, dimension: int) -> None:
    known = store.embedding()
    if known is None:
        store.begin_embedding(model, dimension)
    elif known != (model, dimension):
        raise other_model(known[0], model)


def other_model(known: str, asked: str) -> InputError:
    """Two models' vectors cannot be compared."""
    keep = "" if known.startswith(_OURS) else f" set RETEST_EMBEDDING_MODEL to {known}, or"
    return InputError(
        f"the library's vectors were made by {known}, not by {asked}:{keep} make them anew with: retest library index --rebuild"
    )


class VectorIndex:
    """The vectors and signatures of a store, in memory, by the papers' days."""

    def __init__(self, store: Store, encoder: Encoder) -> None:
        import numpy as np

        known = store.embedding()
        if known and known[0] != encoder.model:
            raise other_model(known[0], encoder.model)
        kept = store.vectors()
        self.encoder = encoder
        self.ids = [row[0] for row in kept]
        self._place = {arxiv_id: place for place, arxiv_id in enumerate(self.ids)}
        self._days = [row[1] for row in kept]
        rows = np.frombuffer(b"".join(row[2] for row in kept), dtype=np.int8)
        self._rows = rows.reshape(len(kept), -1).astype(np.float32) if kept else np.zeros((0, 0), dtype=np.float32)
        self._lengths = np.sqrt(np.einsum("ij,ij->i", self._rows, self._rows))
        self._codes = np.frombuffer(b"".join(row[3] for row in kept), dtype=np.uint16)
        self._ends = np.cumsum([len(row[3]) // 2 for row in kept])

    def __len__(self) -> int:
        return len(self.ids)

    def nearest(self, asked: Any, after: date | None, before: date, limit: int) -> list[list[str]]:
        """For each encoded text the ids nearest to it, best first, of papers from `after` to `before`."""
        first = bisect_left(self._days, (after or date.min).isoformat())
        last = bisect_right(self._days, before.isoformat())
        if first >= last:
            return [[] for _ in asked]
        products = asked.astype("float32") @ self._rows[first:last].T
        return [self._best(row, first, last, limit) if any(asked[n]) else [] for n, row in enumerate(products)]

    def pool(self, ids: Sequence[str]) -> Pool:
        """The papers with these ids, as far as they have a vector, for ranking."""
        places = [self._place[arxiv_id] for arxiv_id in ids if arxiv_id in self._place]
        starts = (int(self._ends[place - 1]) if place else 0 for place in places)
        signatures = [self._codes[start : self._ends[place]] for start, place in zip(starts, places, strict=True)]
        return Pool(signatures, self._rows[places], [self.ids[place] for place in places])

    def _best(self, products: Any, first: int, last: int, limit: int) -> list[str]:
        import numpy as np

        lengths = self._lengths[first:last]
        scores = np.divide(products, lengths, out=np.full(last - first, -np.inf, dtype=np.float32), where=lengths > 0)
        if limit < len(scores):
            # All that tie with the last one are taken along, so that ids and not chance decide between them.
            edge = np.partition(scores, -limit)[-limit]
            near = np.flatnonzero(scores >= edge)
        else:
            near = np.arange(len(scores))
        ranked = sorted(near.tolist(), key=lambda place: (-scores[place], self.ids[first + place]))
        return [self.ids[first + place] for place in ranked[:limit]]


def open_encoder(environment: dict[str, str] | Any) -> Encoder:
    """The embedding in the package, or the one that `RETEST_EMBEDDING_MODEL` names at the configured endpoint."""
    model = environment.get("RETEST_EMBEDDING_MODEL", "")
    if not model:
        return WordEncoder()
    return EndpointEncoder(
        model, base_url=environment.get("OPENAI_BASE_URL") or None, api_key=environment.get("OPENAI_API_KEY") or "none"
    )
