"""Ranks papers by how near they are to a claim and its anchor: in words, in meaning, sentence by sentence.

Each way of comparing gives every paper a number; the numbers are put on one scale (their distance from the
pool's mean, in standard deviations) and added with the weights below. These were set by hand, on the tuning part
of the gold: weights fitted by regression did no better on claims that they had not seen (docs/library.md).

Two steps. The first looks at the whole pool. The second takes its best, asks what those have in common
(pseudo relevance feedback: newer work answers newer work), and reads sentence against sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from retest.lexicon import BREAK, directions, lexicon, sentences, signature
from retest.models import Likeness, Paper

FIRST_STEP = {
    "claim": 1.0,
    "claim text": 1.0,
    "anchor": 1.0,
    "words of the claim": 1.0,
    "words of its title": 1.0,
    "words of the anchor": 1.0,
    "words of its anchor's title": 1.0,
}
SECOND_STEP = FIRST_STEP | {
    "words of the anchor": 1.5,
    "words of its anchor's title": 1.5,
    "like the best": 1.0,
    "like some of the best": 1.0,
    "words of the best": 1.0,
    "sentences of the anchor": 1.5,
    "sentence of the claim": 0.5,
}
BEST = 10
"""How many papers of the first step speak for all."""
EXPANSION = 40
"""How many words the best papers add."""
K1, B, TITLE_WEIGHT = 1.2, 0.75, 3.0
"""BM25's usual constants, and what a word of the title counts."""
USUAL_LENGTH = 105.0
"""Words that are no stop words, in a title and abstract of arXiv's."""

Numbers = dict[str, Any]
"""For each way of comparing one number a paper."""


class Pool:
    """Papers to be ranked: their signatures, their vectors, their ids."""

    def __init__(self, signatures: Sequence[Any], vectors: Any, ids: Sequence[str]) -> None:
        """`vectors`: one row a paper, of any length."""
        import numpy as np

        self.signatures, self.ids = list(signatures), list(ids)
        self.vectors = directions(np.asarray(vectors, dtype=np.float32))
        self.codes = np.concatenate([np.zeros(0, dtype=np.uint16), *self.signatures])
        self._sizes = np.array([len(codes) for codes in self.signatures], dtype=np.int64)
        self._owner = np.repeat(np.arange(len(self.signatures)), self._sizes)

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, places: Any) -> Pool:
        """The pool of these papers alone."""
        return Pool([self.signatures[n] for n in places], self.vectors[places], [self.ids[n] for n in places])

    @cached_property
    def _worth(self) -> Any:
        """What each word counts: those of the title, before the first break, more."""
        import numpy as np

        breaks = np.cumsum(self.codes == BREAK)
        starts = np.concatenate([[0], np.cumsum(self._sizes)[:-1]])
        before = np.where(starts > 0, breaks[starts - 1], 0)
        return np.where(breaks == np.repeat(before, self._sizes), TITLE_WEIGHT, 1.0)

    @cached_property
    def _lengths(self) -> Any:
        import numpy as np

        words = np.bincount(self._owner, weights=self.codes != BREAK, minlength=len(self))
        return 1 - B + B * words / USUAL_LENGTH

    def words(self, wanted: Mapping[int, float]) -> Any:
        """BM25 of the words `wanted`, each with its weight, for every paper."""
        import numpy as np

        score = np.zeros(len(self))
        weights = np.zeros(65536)
        weights[list(wanted)] = list(wanted.values())
        weights[BREAK] = 0
        hits = np.flatnonzero(weights[self.codes])
        if not len(hits):
            return score
        pairs, where = np.unique(self._owner[hits] * 65536 + self.codes[hits], return_inverse=True)
        often = np.bincount(where, weights=self._worth[hits])
        owner, code = pairs // 65536, pairs % 65536
        impact = weights[code] * often * (K1 + 1) / (often + K1 * self._lengths[owner])
        return np.bincount(owner, weights=impact, minlength=len(self))

    def telling_words(self) -> dict[int, float]:
        """The words that tell most about these papers together, with their weights."""
        import numpy as np

        said = np.unique(self._owner[self.codes != BREAK] * 65536 + self.codes[self.codes != BREAK]) % 65536
        codes, papers = np.unique(said, return_counts=True)
        weights = lexicon().weights[codes]
        total = weights * papers
        top = np.lexsort((codes, -total))[:EXPANSION]
        return {int(codes[n]): float(weights[n] * total[n] / total[top].sum()) for n in top}

    def likest_sentences(self, rows: Any) -> Any:
        """For every paper and every row of `rows` (directions) the cosine of the paper's likest sentence."""
        import numpy as np

        own, ends = lexicon().sentence_vectors(self.codes)
        cosines = own @ rows.T
        first = np.searchsorted(ends, np.concatenate([[0], np.cumsum(self._sizes)[:-1]]))
        return np.maximum.reduceat(cosines, first, axis=0)


def rank(like: Likeness, asked: Any, pool: Pool) -> list[int]:
    """The places of the pool in the order of nearness to `like`, best first; ties by id.

    `asked`: the vectors of `texts_of(like)`, made as the pool's were.
    """
    if not len(pool):
        return []
    first = _first_step(like, directions(asked.astype("float32")), pool)
    best = pool.of(_order(_sum(first, FIRST_STEP), pool.ids)[:BEST])
    order = _order(_sum(first | _second_step(like, pool, best), SECOND_STEP), pool.ids)
    return [int(place) for place in order]


def reread(like: Likeness, papers: Sequence[Paper]) -> list[Paper]:
    """The papers in the order of their nearness to `like`, from their texts alone."""
    import numpy as np

    signatures = [signature(paper.title, paper.text) for paper in papers]
    if not signatures:
        return []
    known = lexicon()
    pool = Pool(signatures, [known.vector(codes) for codes in signatures], [paper.arxiv_id for paper in papers])
    asked = np.array([known.vector(signature("", text)) for text in texts_of(like)])
    return [papers[place] for place in rank(like, asked, pool)]


def texts_of(like: Likeness) -> list[str]:
    """What a pool's vectors are compared with: the claim, its text, its anchor."""
    claim = f"{like.title}\n{like.text}"
    return [claim, like.text, f"{like.anchor_title}\n{like.anchor_text}" if like.anchor_title else claim]


def _first_step(like: Likeness, asked: Any, pool: Pool) -> Numbers:
    claim, text, anchor = pool.vectors @ asked.T[:, 0], pool.vectors @ asked.T[:, 1], pool.vectors @ asked.T[:, 2]
    its_title = like.anchor_title or like.title
    its_text = like.anchor_text if like.anchor_title else like.text
    return {
        "claim": claim,
        "claim text": text,
        "anchor": anchor,
        "words of the claim": pool.words(_wanted(like.title, like.text)),
        "words of its title": pool.words(_wanted(like.title, "")),
        "words of the anchor": pool.words(_wanted(its_title, its_text)),
        "words of its anchor's title": pool.words(_wanted(its_title, "")),
    }


def _second_step(like: Likeness, pool: Pool, best: Pool) -> Numbers:
    """`best`: the papers that the first step puts first."""
    import numpy as np

    likeness = np.sort(pool.vectors @ best.vectors.T, axis=1)
    anchor = sentences(like.anchor_text) if like.anchor_title else [like.text]
    rows = directions(np.array([lexicon().vector(signature("", s)) for s in (f"{like.title} {like.text}", *anchor)]))
    likest = pool.likest_sentences(rows)
    return {
        "like the best": pool.vectors @ best.vectors.mean(axis=0),
        # Without the first: that is the paper itself where it is one of the best.
        "like some of the best": likeness[:, -4:-1].mean(axis=1) if len(best) > 3 else likeness.mean(axis=1),
        "words of the best": pool.words(best.telling_words()),
        "sentences of the anchor": likest[:, 1:].mean(axis=1),
        "sentence of the claim": likest[:, 0],
    }


def _wanted(title: str, text: str) -> dict[int, float]:
    weights = lexicon().weights
    return {int(code): float(weights[code]) for code in signature(title, text) if code != BREAK}


def _sum(numbers: Numbers, weights: Mapping[str, float]) -> Any:
    """Each way on the scale of its own spread, weighted and added."""
    import numpy as np

    total = np.zeros(len(next(iter(numbers.values()))))
    for name, weight in weights.items():
        values = np.asarray(numbers[name], dtype=np.float64)
        spread = values.std()
        if spread > 0:
            total += weight * (values - values.mean()) / spread
    return total


def _order(scores: Any, ids: Sequence[str]) -> Any:
    """Places by score, then id; differences that only the order of additions makes do not count."""
    import numpy as np

    return np.array(sorted(range(len(ids)), key=lambda place: (-round(float(scores[place]), 6), ids[place])))
