"""The words and phrases that the package knows, each with a vector, learned from arXiv's own titles and abstracts.

`scripts/train_embedding.py` makes them. Numpy is imported where it is used: `retest --help` needs none.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from retest.terms import sentence_spans, stems

BREAK = 0
"""Ends the title and every sentence in a paper's signature."""
_BUCKETS = 65536


class Lexicon:
    """The stems that the embedding knows, each with its vector and in how many of arXiv's records it stands.

    And its phrases: pairs of stems that are more together than each alone (`reward model`, `low rank`).
    """

    def __init__(self, words: Sequence[str], vectors: Any, frequencies: Any, records: int, phrases: Any) -> None:
        """`phrases`: the codes of the two stems of each; `vectors`: a row for each word, then for each phrase."""
        import numpy as np

        self.codes = {stem: code for code, stem in enumerate(words, 1)}
        self.vectors = np.vstack([np.zeros((1, vectors.shape[1]), dtype=np.float32), vectors])
        self.weights = np.full(_BUCKETS, np.log(records / 5), dtype=np.float64)
        self.weights[: len(words) + 1] = np.log(records / np.concatenate([[records], frequencies]))
        self._first_bucket = len(words) + 1
        self._phrases = phrases[:, 0].astype(np.uint32) * np.uint32(_BUCKETS) + phrases[:, 1]
        self._slots = np.zeros(1 << 20, dtype=bool)
        self._slots[_slot(self._phrases)] = True

    def code(self, stem: str) -> int:
        """A number below 65,536: the stem's own where it is known, else one that it shares with a few others."""
        known = self.codes.get(stem)
        if known is not None:
            return known
        return self._first_bucket + zlib.crc32(stem.encode()) % (_BUCKETS - self._first_bucket)

    def vector(self, codes: Any) -> Any:
        """The sum of the vectors of the stems with these codes and of their phrases, each once; a float32 row."""
        import numpy as np

        known = np.unique(codes[codes < self._first_bucket])
        return self.vectors[known].sum(axis=0) + self.vectors[np.unique(self._phrases_in(codes)[1])].sum(axis=0)

    def _phrases_in(self, codes: Any) -> tuple[Any, Any]:
        """The places in `codes` where a phrase's second word stands, and the rows of these phrases."""
        import numpy as np

        pairs = codes[:-1].astype(np.uint32) * np.uint32(_BUCKETS) + codes[1:]
        likely = np.flatnonzero(self._slots[_slot(pairs)])  # a tenth is left, and only that is looked up
        near = np.minimum(np.searchsorted(self._phrases, pairs[likely]), len(self._phrases) - 1)
        found = self._phrases[near] == pairs[likely]
        return likely[found] + 1, near[found] + self._first_bucket

    def sentence_vectors(self, codes: Any) -> tuple[Any, Any]:
        """One row of length 1 per break in `codes`, and the place of each break."""
        import numpy as np

        breaks = np.flatnonzero(codes == BREAK)
        places, phrases = self._phrases_in(codes)
        known = np.insert(np.where(codes < self._first_bucket, codes, BREAK).astype(np.int64), places, phrases)
        ends = breaks + np.searchsorted(places, breaks)
        starts = np.concatenate([[0], ends[:-1] + 1])
        # All first words at once, then all second ones: numpy's own reduceat takes sixteen times as long.
        order = np.argsort(starts - ends, kind="stable")
        longest_first, lengths = starts[order], (ends - starts)[order]
        sums = np.zeros((len(ends), self.vectors.shape[1]), dtype=np.float32)
        for place in range(lengths[0] if len(lengths) else 0):
            going_on = np.searchsorted(-lengths, -place)
            sums[:going_on] += self.vectors[known[longest_first[:going_on] + place]]
        rows = np.empty_like(sums)
        rows[order] = sums
        return directions(rows), breaks


def _slot(pairs: Any) -> Any:
    """A number below 2 ** 20 for each pair of codes, a uint32; multiplying spreads them (Fibonacci hashing)."""
    return pairs * 2654435769 >> 12


@cache
def lexicon() -> Lexicon:
    """The one in the package; `scripts/train_embedding.py` makes it."""
    import numpy as np

    with files("retest").joinpath("data/embedding.npz").open("rb") as file, np.load(file, allow_pickle=False) as kept:
        words = bytes(kept["stems"]).decode().split("\n")
        vectors = kept["vectors"].astype(np.float32) * kept["scales"][:, None]
        return Lexicon(words, vectors, kept["frequencies"], int(kept["records"]), kept["phrases"])


@lru_cache(maxsize=4096)  # the same papers stand near many claims
def signature(title: str, text: str) -> Any:
    """A paper's words as uint16 codes, in order: the title, then every sentence, a break after each."""
    import numpy as np

    code = lexicon().code
    codes: list[int] = []
    for part in (title, *sentences(text)):
        codes += [code(stem) for stem in stems(part)]
        codes.append(BREAK)
    return np.array(codes, dtype=np.uint16)


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return [text[start:end] for start, end in sentence_spans(text)]


def last_sentences(text: str) -> list[str]:
    """Where an abstract says what was found."""
    return sentences(text)[-3:]


def directions(rows: Any) -> Any:
    """Each row at length 1; a row of zeros stays one."""
    import numpy as np

    lengths = np.sqrt(np.square(rows, dtype=np.float32).sum(axis=-1, keepdims=True))
    return np.divide(rows, lengths, out=np.zeros_like(rows, dtype=np.float32), where=lengths > 0)
