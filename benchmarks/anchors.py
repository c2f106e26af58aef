"""Measures how many anchors are right, over the query API that RETEST_ARXIV_URL names.

    RETEST_ARXIV_URL=http://127.0.0.1:8765 RETEST_ARXIV_DELAY=0 python benchmarks/anchors.py
    python benchmarks/anchors.py --source catalogue
    python benchmarks/anchors.py --gold claims.json        # also claims in the form of `retest eval`

The seeds take the way of `retest claims`: anchor lines are looked up in one request, and every other
claim is searched for with one. A claim counts as right when its first anchor is one of the gold file's
and no other anchor of it is foreign to that file.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from retest.audit import find_anchors
from retest.models import Anchoring, Claim, Place
from retest.run import read_seeds
from retest.sources import PaperSource
from retest.sources.arxiv import QUERY_URL, ArxivSource
from retest.sources.catalogue import CatalogueSource
from retest.sources.store import Store
from retest.tracing import trace

ROOT = Path(__file__).parent.parent
AS_OF = date(2026, 8, 31)


def outcome(anchoring: Anchoring, right: list[str], doubtful: list[str]) -> str:
    """`right`, `wrong` or `missed`; for a claim that has none `rightly none`, `doubtful` or `wrong`."""
    found = [anchor.paper.arxiv_id for anchor in anchoring.anchors] if anchoring.kind == "anchored" else []
    if not right:
        return "rightly none" if not found else "doubtful" if set(found) <= set(doubtful) else "wrong"
    return "missed" if not found else "right" if found[0] in right and set(found) <= set(right) else "wrong"


def seeds(source: PaperSource, folder: Path, gold: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Each claim's title with its outcome, by the way of `retest claims`."""
    known = {row["title"]: row for row in gold}
    for traced in trace(read_seeds([folder])[0], source, AS_OF).claims:
        row = known[traced.claim.title]
        yield row["title"], outcome(traced.anchoring, row["anchors"], row.get("doubtful", []))


def claims(source: PaperSource, path: Path) -> Iterator[tuple[str, str]]:
    """Each claim of a file in the form `retest-gold-1`."""
    for row in json.loads(path.read_text(encoding="utf-8"))["claims"]:
        place = Place(file=path.name, line=1)
        claim = Claim(id=row["id"], title=row["title"], text=row["text"], places=(place,))
        anchoring, _ = find_anchors(claim, None, source, AS_OF)
        yield row["title"], outcome(anchoring, [*row["anchors"], *row.get("accept_anchors", [])], [])


def main() -> None:
    """Prints the outcomes, and every claim that is not right."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", choices=("arxiv", "catalogue"), default="arxiv")
    parser.add_argument("--gold", type=Path, action="append", default=[])
    options = parser.parse_args()
    gold = json.loads((ROOT / "tests/data/anchors_gold.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as home:
        source = _source(options.source, Path(home))
        _tell("seeds", seeds(source, ROOT / "seeds", gold["seeds"]), source)
        _tell("written seeds", seeds(source, ROOT / "tests/seeds_written", gold["written"]), source)
        for path in options.gold:
            _tell(path.name, claims(source, path), source)


def _source(name: str, home: Path) -> PaperSource:
    if name == "catalogue":
        return CatalogueSource()
    url = os.environ.get("RETEST_ARXIV_URL", QUERY_URL)
    delay = float(os.environ.get("RETEST_ARXIV_DELAY", "3"))
    return ArxivSource(Store(home / "library.sqlite3"), base_url=url, delay=delay, home=home, as_of=AS_OF)


def _tell(name: str, outcomes: Iterator[tuple[str, str]], source: PaperSource) -> None:
    before, found = source.requests, list(outcomes)
    counted = ", ".join(f"{number} {kind}" for kind, number in sorted(Counter(kind for _, kind in found).items()))
    print(f"{name}: {len(found)} claims, {counted}; {source.requests - before} requests")
    for title, kind in found:
        if kind not in ("right", "rightly none"):
            print(f"  {kind}: {title}")


if __name__ == "__main__":
    main()
