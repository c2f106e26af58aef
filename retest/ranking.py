"""Ranks papers by how near they are to a claim and its anchor: in words, in meaning, sentence by sentence.

Each way of comparing gives every paper a number; the numbers are put on one scale (their distance from the
pool's mean, in standard deviations) and added with the weights below. These were set by hand, on the tuning part
of the gold: weights fitted by regression did no better on claims that they had not seen (docs/library.md).

Two steps. The first looks at the whole pool. The second takes its best, asks what those have in common
(pseudo relevance feedback: newer work answers newer work), and reads sentence against sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from retest.lexicon import BREAK, directions, lexicon, sentences, signature
from retest.models import Likeness, Paper, Suggestions
from retest.templates import cut

FIRST_STEP = {
    "claim": 1.0,
    "claim text": 1.0,
    "anchor": 1.0,
    "words of the claim": 1.0,
    "words of its title": 1.0,
    "words of the anchor": 1.0,
    "words of its anchor's title": 1.0,
    "pairs of the claim": 0.5,
    "pairs of the anchor": 0.5,
    "pairs of its anchor's title": 0.5,
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
SUGGESTED = {
    "words of the searches": 3.0,
    "words of the findings": 3.0,
    "nearest search": 3.0,
    "nearest finding": 3.0,
    "like the findings": 3.0,
    "sentences of the findings": 3.0,
    "pairs of the searches": 2.0,
    "pairs of the findings": 2.0,
}
"""Added in both steps where a scout has suggested words: they weigh more than the claim's own (docs/library.md)."""
LATER = 0.2
"""What a text's last sentence is given beside its first, in cosine, when sentences are chosen to be shown."""
OWN_TEXTS = 3
"""How many of `texts_of` are the claim's own."""
BEST, FADING = 15, 0.05
"""How many papers of the first step speak for all, and how much more softly each speaks than the one before."""
EXPANSION = 40
"""How many words the best papers add."""
K1, B, TITLE_WEIGHT = 1.2, 0.75, 3.0
"""BM25's usual constants, and what a word of the title counts."""
WORDS_RARITY, PAIRS_RARITY = 0.5, 2.0
"""To which power it counts how few papers of the pool have a word of the claim or anchor, or a pair of words."""
NO_SPREAD = 1e-6
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

    def words(self, wanted: Mapping[int, float], *, rarity: float = 0.0) -> Any:
        """BM25 of the words `wanted`, each with its weight, for every paper; `rarity` as in `_impacts`."""
        import numpy as np

        weights = np.zeros(65536)
        weights[list(wanted)] = list(wanted.values())
        weights[BREAK] = 0
        hits = np.flatnonzero(weights[self.codes])
        return self._impacts(hits, self.codes[hits].astype(np.int64), weights, rarity)

    def pairs(self, title: str, text: str) -> Any:
        """BM25 of the text's pairs of neighbouring words, for every paper: what few of the pool have tells the most."""
        import numpy as np

        wanted = np.unique(_neighbours(signature(title, text))[1])
        if not len(wanted):
            return np.zeros(len(self))
        first, second = np.zeros(65536, dtype=bool), np.zeros(65536, dtype=bool)
        first[wanted // 65536], second[wanted % 65536] = True, True
        places, pairs = self._pairs
        likely = np.flatnonzero(first[self.codes[places]] & second[self.codes[places + 1]])  # few are looked up
        near = np.minimum(np.searchsorted(wanted, pairs[likely]), len(wanted) - 1)
        found = wanted[near] == pairs[likely]
        return self._impacts(places[likely[found]], near[found], np.ones(len(wanted)), rarity=PAIRS_RARITY)

    @cached_property
    def _pairs(self) -> tuple[Any, Any]:
        return _neighbours(self.codes)

    def _impacts(self, places: Any, terms: Any, weights: Any, rarity: float) -> Any:
        """BM25 of terms that stand at these places; how rare a term is in this pool counts to the power of `rarity`.

        Rarity among all records says what a text is about; rarity in a pool that is about one thing, what sets it apart.
        """
        import numpy as np

        if not len(places):
            return np.zeros(len(self))
        both, where = np.unique(self._owner[places] * len(weights) + terms, return_inverse=True)
        often = np.bincount(where, weights=self._worth[places])
        owner, term = both // len(weights), both % len(weights)
        rare = np.log((len(self) + 1) / (np.bincount(term, minlength=len(weights)) + 0.5)) ** rarity
        impact = weights[term] * rare[term] * often * (K1 + 1) / (often + K1 * self._lengths[owner])
        return np.bincount(owner, weights=impact, minlength=len(self))

    @property
    def standing(self) -> Any:
        """How much each paper speaks for all, where the pool is in order: they add to 1."""
        import numpy as np

        said = 1 / (1 + FADING * np.arange(len(self)))
        return said / said.sum()

    def telling_words(self) -> dict[int, float]:
        """The words that tell most about these papers together, the first counting most, with their weights."""
        import numpy as np

        said = np.unique(self._owner[self.codes != BREAK] * 65536 + self.codes[self.codes != BREAK])
        codes, where = np.unique(said % 65536, return_inverse=True)
        weights = lexicon().weights[codes]
        total = weights * np.bincount(where, weights=self.standing[said // 65536], minlength=len(codes))
        top = np.lexsort((codes, -total.round(9)))[:EXPANSION]
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
    asked = directions(asked.astype("float32"))
    first = _first_step(like, asked, pool) | _suggested_step(like.suggested, asked[OWN_TEXTS:], pool)
    best = pool.of(_order(_sum(first, FIRST_STEP | SUGGESTED), pool.ids)[:BEST])
    order = _order(_sum(first | _second_step(like, pool, best), SECOND_STEP | SUGGESTED), pool.ids)
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


def likest_sentences(papers: Sequence[Paper], like: Likeness, longest: int) -> list[str]:
    """Of each paper the sentences that come nearest to a claim and to what was suggested for it, in their order.

    Of two that are as near, the later one: what was found stands at the end. As many as fit into `longest`
    characters, at least one; the nearest is cut where it alone is longer.
    """
    asked = _directions_of([f"{like.title} {like.text}", *like.suggested.findings])
    return [_likest(sentences(paper.text), asked, longest) for paper in papers]


def _likest(told: Sequence[str], asked: Any, longest: int) -> str:
    import numpy as np

    if not told:
        return ""
    nearness = (_directions_of(told) @ asked.T).mean(axis=1) + np.linspace(0, LATER, len(told))
    kept: list[int] = []
    for place in sorted(range(len(told)), key=lambda n: (-round(float(nearness[n]), 6), n)):
        if not kept or sum(len(told[n]) + 1 for n in kept) + len(told[place]) <= longest:
            kept.append(place)
    return cut(" ".join(told[n] for n in sorted(kept)), longest)


def _directions_of(texts: Sequence[str]) -> Any:
    """The direction of each text, a row each."""
    import numpy as np

    return directions(np.array([lexicon().vector(signature("", text)) for text in texts]))


def texts_of(like: Likeness) -> list[str]:
    """What a pool's vectors are compared with: the claim, its text, its anchor, the findings that were suggested."""
    claim = f"{like.title}\n{like.text}"
    anchor = f"{like.anchor_title}\n{like.anchor_text}" if like.anchor_title else claim
    return [claim, like.text, anchor, *like.suggested.findings]


def _first_step(like: Likeness, asked: Any, pool: Pool) -> Numbers:
    claim, text, anchor = pool.vectors @ asked.T[:, 0], pool.vectors @ asked.T[:, 1], pool.vectors @ asked.T[:, 2]
    its_title = like.anchor_title or like.title
    its_text = like.anchor_text if like.anchor_title else like.text
    return {
        "claim": claim,
        "claim text": text,
        "anchor": anchor,
        "words of the claim": pool.words(_wanted(like.title, like.text), rarity=WORDS_RARITY),
        "words of its title": pool.words(_wanted(like.title, ""), rarity=WORDS_RARITY),
        "words of the anchor": pool.words(_wanted(its_title, its_text), rarity=WORDS_RARITY),
        "words of its anchor's title": pool.words(_wanted(its_title, ""), rarity=WORDS_RARITY),
        "pairs of the claim": pool.pairs(like.title, like.text),
        "pairs of the anchor": pool.pairs(its_title, its_text),
        "pairs of its anchor's title": pool.pairs(its_title, ""),
    }


def _suggested_step(suggested: Suggestions, findings: Any, pool: Pool) -> Numbers:
    """`findings`: the directions of the findings that were suggested."""
    import numpy as np

    numbers: Numbers = {}
    words = partial(pool.words, rarity=WORDS_RARITY)
    if suggested.searches:
        each = [_wanted(search, "") for search in suggested.searches]
        numbers["words of the searches"] = words(_added(each))
        numbers["nearest search"] = np.max([_on_one_scale(words(wanted)) for wanted in each], axis=0)
        numbers["pairs of the searches"] = np.sum([pool.pairs(search, "") for search in suggested.searches], axis=0)
    if suggested.findings:
        each = [_wanted("", finding) for finding in suggested.findings]
        rows = _directions_of(suggested.findings)
        numbers["words of the findings"] = words(_added(each))
        numbers["nearest finding"] = np.max([_on_one_scale(words(wanted)) for wanted in each], axis=0)
        numbers["pairs of the findings"] = np.sum([pool.pairs("", text) for text in suggested.findings], axis=0)
        numbers["like the findings"] = (pool.vectors @ findings.T).mean(axis=1)
        numbers["sentences of the findings"] = pool.likest_sentences(rows).mean(axis=1)
    return numbers


def _second_step(like: Likeness, pool: Pool, best: Pool) -> Numbers:
    """`best`: the papers that the first step puts first, in its order."""
    import numpy as np

    likeness = np.sort(pool.vectors @ best.vectors.T, axis=1)
    anchor = (sentences(like.anchor_text) or [like.anchor_title]) if like.anchor_title else [like.text]
    rows = _directions_of([f"{like.title} {like.text}", *anchor])
    likest = pool.likest_sentences(rows)
    return {
        "like the best": pool.vectors @ (best.standing @ best.vectors),
        # Without the first: that is the paper itself where it is one of the best.
        "like some of the best": likeness[:, -4:-1].mean(axis=1) if len(best) > 3 else likeness.mean(axis=1),
        "words of the best": pool.words(best.telling_words()),
        "sentences of the anchor": likest[:, 1:].mean(axis=1),
        "sentence of the claim": likest[:, 0],
    }


def _wanted(title: str, text: str) -> dict[int, float]:
    weights = lexicon().weights
    return {int(code): float(weights[code]) for code in signature(title, text) if code != BREAK}


def _added(wanted: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """What each word weighs in all of them together."""
    total: dict[int, float] = {}
    for code, weight in (item for weights in wanted for item in weights.items()):
        total[code] = total.get(code, 0.0) + weight
    return total


def _neighbours(codes: Any) -> tuple[Any, Any]:
    """The places of the words that another follows in the same sentence, and the two as one number."""
    import numpy as np

    places = np.flatnonzero((codes[:-1] != BREAK) & (codes[1:] != BREAK))
    return places, codes[places].astype(np.int64) * 65536 + codes[places + 1]


def _sum(numbers: Numbers, weights: Mapping[str, float]) -> Any:
    """Each way on the scale of its own spread, weighted and added; a way that nobody took counts nothing."""
    import numpy as np

    total = np.zeros(len(next(iter(numbers.values()))))
    for name, weight in weights.items():
        if name in numbers:
            total += weight * _on_one_scale(numbers[name])
    return total


def _on_one_scale(numbers: Any) -> Any:
    """The numbers as distances from their mean, in standard deviations; 0 where all are one but for rounding."""
    import numpy as np

    values = np.asarray(numbers, dtype=np.float64)
    spread = values.std()
    return (values - values.mean()) / spread if spread > NO_SPREAD else np.zeros(len(values))


def _order(scores: Any, ids: Sequence[str]) -> Any:
    """Places by score, then id; differences that only the order of additions makes do not count."""
    import numpy as np

    return np.array(sorted(range(len(ids)), key=lambda place: (-round(float(scores[place]), 6), ids[place])))
