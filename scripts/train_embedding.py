"""Makes retest/data/embedding.npz, the word vectors by which papers are found: from records alone, without a label.

    pip install torch numpy
    python scripts/train_embedding.py RECORDS.jsonl.xz retest/data/embedding.npz

A text's vector is the sum of the vectors of its words and of its phrases: pairs of words that stand side by side
more often than chance would have them. They are trained so that two parts of the same abstract lie
nearer to each other than to the parts of a thousand other abstracts: its title and its sentences, or some of its
sentences and the others. In every second pass a batch holds abstracts that are alike already, so that what tells
neighbours apart counts too. Records as `retest library import` reads them; 20 passes over 170,000 take 5 to 13
minutes on two cores. The records' metadata is CC0, and so nothing but words and numbers of our own is shipped.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from retest.lexicon import sentences
from retest.models import Paper
from retest.sources.library import records_of
from retest.terms import stems

LEAST_RECORDS = 15
"""A stem that stands in fewer records has no vector."""
LEAST_TOGETHER, MOST_TOGETHER, LEAST_BOND = 40, 6000, 0.2
"""A phrase stands in so many records, and its two words are bound so closely: their normalised pointwise mutual
information, 0 where they meet by chance, 1 where neither stands without the other."""
DIMENSION, PASSES, BATCH, RATE, TEMPERATURE = 256, 20, 1024, 0.01, 0.05
STEPS = 24
"""How finely a number is kept, on either side of nought."""
TITLE_SHARE, SENTENCE_SHARE = 0.4, 0.4
"""How often a text is held against its title, and against one of its sentences; else against half of them."""


class Corpus:
    """The records as numbers: for each the parts of its text, the title first, as arrays of its words and phrases."""

    def __init__(self, path: Path) -> None:
        papers = sorted((p for p in records_of(path) if isinstance(p, Paper)), key=lambda p: p.arxiv_id)
        parts = [[stems(part) for part in (p.title, *sentences(p.text))] for p in papers]
        counts = Counter(stem for text in parts for stem in {stem for part in text for stem in part})
        self.records = len(papers)
        self.words = sorted(stem for stem, count in counts.items() if count >= LEAST_RECORDS)
        self.frequencies = np.array([counts[stem] for stem in self.words], dtype=np.uint32)
        row = {stem: number for number, stem in enumerate(self.words)}
        known = [[np.array([row.get(s, -1) for s in part], dtype=np.int64) for part in text] for text in parts]
        self.phrases, together = bound_pairs(known, len(self.words))
        self.rarity = np.log(self.records / np.concatenate([self.frequencies, together])).astype(np.float32)
        self.rarity[len(self.words) :] /= 2  # its words have spoken already
        texts = [[self._units(part) for part in text] for text in known]
        self.texts = [text for text in texts if len(text) >= 3 and len(text[0])]

    def _units(self, part: Any) -> Any:
        """The rows of a part's known words and of its phrases."""
        pairs, known = side_by_side(part, len(self.words))
        at = np.minimum(np.searchsorted(self.phrases, pairs), len(self.phrases) - 1)
        bound = at[self.phrases[at] == pairs] if len(self.phrases) else at[:0]
        return np.concatenate([known, len(self.words) + bound])


def side_by_side(part: Any, size: int) -> tuple[Any, Any]:
    """The pairs of neighbouring words in a part, each as one number, and its words; -1 is a word that is not known."""
    met = (part[:-1] >= 0) & (part[1:] >= 0)
    return (part[:-1] * size + part[1:])[met], part[part >= 0]


def bound_pairs(texts: list[list[Any]], size: int) -> tuple[Any, Any]:
    """The phrases, as sorted numbers, and in how many records each stands."""
    told = [[side_by_side(part, size) for part in text] for text in texts]
    every, times = np.unique(np.concatenate([pairs for text in told for pairs, _ in text]), return_counts=True)
    here = [np.unique(np.concatenate([pairs for pairs, _ in text])) for text in told if text]
    records = np.unique(np.concatenate(here), return_counts=True)[1]
    word = np.bincount(np.concatenate([words for text in told for _, words in text]), minlength=size)
    share, single = times / times.sum(), word / word.sum()
    bond = np.log(share / (single[every // size] * single[every % size])) / -np.log(share)
    phrases = (records >= LEAST_TOGETHER) & (records <= MOST_TOGETHER) & (bond > LEAST_BOND)
    return every[phrases], records[phrases]


def two_views(text: list[Any], chance: Any) -> tuple[Any, Any]:
    """Two parts of a text that share no sentence, each as its different stems."""
    count, throw = len(text) - 1, chance.random()
    if throw < TITLE_SHARE:
        return np.unique(text[0]), np.unique(np.concatenate(text[1:]))
    size = 1 if throw < TITLE_SHARE + SENTENCE_SHARE else max(1, count // 2)
    picked = set((chance.permutation(count)[:size] + 1).tolist())
    one = [text[place] for place in sorted(picked)]
    other = [text[place] for place in range(1, count + 1) if place not in picked]
    if chance.random() < 0.5 or not other:
        other.append(text[0])
    return np.unique(np.concatenate(one)), np.unique(np.concatenate(other))


def batches(corpus: Corpus, vectors: Any, number: int, chance: Any) -> list[Any]:
    """The texts of one pass in batches; in every second pass neighbours along a random direction stand together."""
    order = chance.permutation(len(corpus.texts))
    if number % 2:
        along = vectors @ chance.standard_normal(vectors.shape[1])
        keys = [along[np.concatenate(text)].mean() if sum(map(len, text)) else 0.0 for text in corpus.texts]
        order = np.argsort(keys, kind="stable")[chance.integers(0, BATCH) :]
    found = [order[first : first + BATCH] for first in range(0, len(order) - BATCH + 1, BATCH)]
    return [found[place] for place in chance.permutation(len(found))]


def train(corpus: Corpus) -> Any:
    """The vectors of the corpus's words, then of its phrases."""
    import torch
    from torch.nn.functional import cross_entropy, normalize

    torch.manual_seed(0)
    chance = np.random.default_rng(0)
    scale = corpus.rarity / corpus.rarity[: len(corpus.words)].mean()
    bag = torch.nn.EmbeddingBag(len(scale), DIMENSION, mode="sum")
    with torch.no_grad():
        bag.weight.normal_(0, DIMENSION**-0.5).mul_(torch.from_numpy(scale)[:, None])
    optimiser = torch.optim.Adam(bag.parameters(), lr=RATE)

    def embedded(lists: list[Any]) -> Any:
        starts = np.concatenate([[0], np.cumsum([len(rows) for rows in lists])[:-1]]).astype(np.int64)
        return normalize(bag(torch.from_numpy(np.concatenate(lists)), torch.from_numpy(starts)), dim=1)

    steps, step, began = PASSES * max(1, len(corpus.texts) // BATCH), 0, time.monotonic()
    for number in range(PASSES):
        losses: list[float] = []
        for batch in batches(corpus, bag.weight.detach().numpy(), number, chance):
            step += 1
            optimiser.param_groups[0]["lr"] = RATE * min(1, step / 100) * max(0.02, 1 - step / steps)
            views = [two_views(corpus.texts[place], chance) for place in batch]
            views = [(one, other) for one, other in views if len(one) and len(other)]
            cosines = embedded([one for one, _ in views]) @ embedded([other for _, other in views]).T / TEMPERATURE
            right = torch.arange(len(views))
            loss = (cross_entropy(cosines, right) + cross_entropy(cosines.T, right)) / 2
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        mean = math.fsum(losses) / max(1, len(losses))
        print(f"pass {number + 1} of {PASSES}: loss {mean:.3f}, {time.monotonic() - began:.0f} s", file=sys.stderr)
    return bag.weight.detach().numpy()


def save(corpus: Corpus, vectors: Any, path: Path) -> None:
    """A byte a number, each row with its scale; a phrase as the places of its two words, from 1 on.

    Of the byte only `STEPS` are used: the vectors find as well, and the packed file is a third smaller.
    """
    size = len(corpus.words)
    scales = np.abs(vectors).max(axis=1) / STEPS
    scales[scales == 0] = 1
    np.savez_compressed(
        path,
        stems=np.frombuffer("\n".join(corpus.words).encode(), np.uint8),
        vectors=np.rint(vectors / scales[:, None]).astype(np.int8),
        scales=scales.astype(np.float32),
        frequencies=corpus.frequencies,
        phrases=np.stack([corpus.phrases // size + 1, corpus.phrases % size + 1], axis=1).astype(np.uint16),
        records=np.int64(corpus.records),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    told = Corpus(options.records)
    save(told, train(told), options.out)
