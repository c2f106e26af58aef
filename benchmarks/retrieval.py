"""Measures how many superseding papers retrieval finds, and how long it takes: needs a library and a gold file.

    retest library import RECORDS.jsonl.xz
    python benchmarks/retrieval.py --gold GOLD.json --split tests/data/gold_split.json --part tune
    python benchmarks/retrieval.py --time 1000      # the time alone: the library's own papers serve as claims

Every way of retrieving sees the same library, the same window and the anchors that the gold names, so that the
table tells finding apart from anchoring; `retest eval` measures both together, with the tool's own anchors.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # its threads wait by spinning: beside other work they halve the speed

from retest.candidates import find_candidates, finding_queries, fuse
from retest.lexicon import sentences
from retest.models import Anchor, Anchored, Anchoring, Claim, Paper, Place, Query, Unanchored
from retest.settings import environment, load_settings
from retest.sources.library import LibrarySource, existing_store, open_library
from retest.sources.store import Store
from retest.terms import words

DEPTHS = (10, 25, 50, 100)
Case = tuple[Claim, Anchoring, date, frozenset[str]]
Way = Callable[[Claim, Anchoring, date, date], Sequence[Paper]]


def main() -> None:
    """Prints one line per way of retrieving."""
    options = _options()
    home = load_settings({}, environment(), Path.cwd()).home
    store = existing_store(home)
    began = time.perf_counter()
    source = open_library(home, environment())
    loaded = time.perf_counter() - began
    cases = list(_made(store, options.time, options.as_of) if options.time else _cases(options, store))
    print(f"{store.count():,} records, loaded in {loaded:.1f} s; {len(cases)} claims, as of {options.as_of}")
    if options.time:
        _time(cases, source, options)
        return
    baseline: list[float] = []
    for name, way in _ways(source, store).items():
        began = time.perf_counter()
        recalls = [_recall(case, way, options.as_of) for case in cases]
        seconds = time.perf_counter() - began
        means = [sum(recall[n] for recall in recalls) / len(recalls) for n in range(len(DEPTHS))]
        baseline = baseline or means
        told = "  ".join(f"@{depth} {mean:.3f}" for depth, mean in zip(DEPTHS, means, strict=True))
        print(f"{name:44} {told}  x{means[1] / baseline[1]:.2f}  {1000 * seconds / len(cases):.0f} ms a claim")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, nargs="+", default=[])
    parser.add_argument("--split", type=Path, help="JSON: part names with their claim ids")
    parser.add_argument("--part", help="the part of the split to use")
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 8, 31))
    parser.add_argument("--time", type=int, help="retrieve for so many claims and print the time alone")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def _cases(options: argparse.Namespace, store: Store) -> Iterator[Case]:
    part = json.loads(options.split.read_text())[options.part] if options.split else None
    for path in options.gold:
        for gold in json.loads(path.read_text())["claims"]:
            if part is None or gold["id"] in part:
                case = _case(gold, store, options.as_of)
                if case[3]:  # with nothing to find there is no recall
                    yield case


def _case(gold: dict[str, Any], store: Store, as_of: date) -> Case:
    claim = Claim(id=gold["id"], title=gold["title"], text=gold["text"], places=(Place(file="gold", line=1),))
    papers = store.get(gold["anchors"])
    anchors = tuple(Anchor(paper=paper, score=1.0, found_by="search") for paper in papers.values())
    anchoring: Anchoring = Anchored(anchors=anchors) if anchors else Unanchored(reason="none in the library")
    after = date.fromisoformat(gold["filter_after"])
    listed = store.get(item["arxiv_id"] for item in gold["superseding"])
    inside = frozenset(arxiv_id for arxiv_id, paper in listed.items() if after < paper.published <= as_of)
    return claim, anchoring, after + timedelta(days=1), inside


def _ways(source: LibrarySource, store: Store) -> dict[str, Way]:
    def plain(claim: Claim, anchoring: Anchoring, after: date, before: date) -> list[Paper]:
        terms = tuple(dict.fromkeys(words(f"{claim.title} {claim.text}")))
        hits = store.find(Query(terms=terms, after=after, before=before, limit=DEPTHS[-1] + 5))
        return [hit.paper for hit in hits]

    def several(claim: Claim, anchoring: Anchoring, after: date, before: date) -> list[Paper]:
        rankings = [store.find(query) for query in finding_queries(claim, anchoring, after, before)]
        return [candidate.paper for candidate in fuse(rankings)]

    def all_of_it(claim: Claim, anchoring: Anchoring, after: date, before: date) -> list[Paper]:
        return find_candidates(claim, anchoring, source, after, before, without=())

    def reread_words(claim: Claim, anchoring: Anchoring, after: date, before: date) -> list[Paper]:
        return find_candidates(claim, anchoring, LibrarySource(store), after, before, without=())

    return {
        "title and text as one full-text query": plain,
        "several full-text queries, fused": several,
        "the same, read again": reread_words,
        "library: meaning and words, read again": all_of_it,
    }


def _recall(case: Case, way: Way, as_of: date) -> list[float]:
    claim, anchoring, after, listed = case
    own = {a.paper.arxiv_id for a in anchoring.anchors} if anchoring.kind == "anchored" else set()
    found = [paper.arxiv_id for paper in way(claim, anchoring, after, as_of) if paper.arxiv_id not in own]
    return [len(listed.intersection(found[:depth])) / len(listed) for depth in DEPTHS]


def _made(store: Store, number: int, as_of: date) -> Iterator[Case]:
    """Claims made of papers spread over the library: a paper's title, its last sentences, itself the anchor."""
    days = [as_of - timedelta(days=60 + 800 * place // number) for place in range(number)]
    for place, day in enumerate(days):
        word = ("language model", "reasoning", "training data", "agents", "evaluation")[place % 5]
        hits = store.find(Query(terms=(word,), after=day - timedelta(days=20), before=day, limit=place % 40 + 1))
        if hits:
            paper = hits[-1].paper
            text = " ".join(sentences(paper.text)[-2:])
            claim = Claim(id=paper.arxiv_id, title=paper.title, text=text, places=(Place(file="made", line=1),))
            anchors = (Anchor(paper=paper, score=1.0, found_by="search"),)
            yield claim, Anchored(anchors=anchors), paper.published + timedelta(days=1), frozenset()


def _time(cases: Sequence[Case], source: LibrarySource, options: argparse.Namespace) -> None:
    def one(case: Case) -> int:
        claim, anchoring, after, _ = case
        return len(find_candidates(claim, anchoring, source, after, options.as_of, without=()))

    began = time.perf_counter()
    with ThreadPoolExecutor(options.threads) as threads:
        found = sum(threads.map(one, cases))
    seconds = time.perf_counter() - began
    different = len({claim.id for claim, *_ in cases})
    print(f"{len(cases)} claims ({different} different) in {seconds:.1f} s, {options.threads} threads; {found} papers")


if __name__ == "__main__":
    sys.exit(main())
