"""Measures a judge on SciFact's development claims: does it tell evidence that supports from evidence that contradicts?

    python benchmarks/scifact.py dev.tsv                                 # the embedded judge
    OPENAI_BASE_URL=... python benchmarks/scifact.py dev.tsv --judge llm --every 5

The file: tab-separated, `index sentence1 sentence2 entailment`, a claim and the sentences of an abstract that decide it,
labelled `entailment` (SciFact's SUPPORT) or `not_entailment` (its CONTRADICT); the repository of CovidFact
(asaakyan/covidfact) holds it as RTE-scifact/dev.tsv. SciFact (Wadden and others, 2020) is a set of biomedical claims.

Two things differ from a dated claim. Each claim was written from its evidence, so `relaxes` is never the label:
`overturns` is right for a contradiction, `relaxes` counts as half a sign of one and is listed apart. And the evidence
is given without its paper, so that a title is missing.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from retest.judges import Judge
from retest.judges.cues import read_claim, read_paper
from retest.judges.embedded import shipped, weigh_pair
from retest.judges.llm import LlmJudge
from retest.models import Answer, Claim, Paper, Place
from retest.run import open_judge
from retest.settings import environment, load_settings

Pair = tuple[Claim, Paper, str]
STANCES = {"entailment": "supports", "not_entailment": "overturns"}


def main() -> None:
    """Prints the answers by label, and what follows from them."""
    options = _options()
    pairs = read_pairs(options.file)[:: options.every]
    judge = open_judge(load_settings({"judge": options.judge}, environment(), Path.cwd()))
    answers = asyncio.run(weigh_all(judge, pairs))
    unanswered = Counter(answer.reason for answer in answers if answer.kind == "not judged")
    for reason, times in unanswered.items():
        print(f"not judged, {times} times: {reason}", file=sys.stderr)
    report(pairs, answers)
    if judge.kind == "embedded":
        print(f"how well its agreement orders the two labels (AUC; 0.5 is chance): {area(*agreements(pairs)):.2f}")
    if isinstance(judge, LlmJudge):
        print(f"{judge.model}: {judge.usage.calls} answers, {judge.usage.prompt_tokens} prompt tokens")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--judge", choices=("embedded", "llm"), default="embedded")
    parser.add_argument("--every", type=int, default=1, help="take every n-th pair only")
    return parser.parse_args()


def read_pairs(path: Path) -> list[Pair]:
    """Claim, evidence and the stance that is right, in the file's order."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [_pair(number, row) for number, row in enumerate(rows, 1)]


def _pair(number: int, row: dict[str, str]) -> Pair:
    claim = Claim(
        id=f"scifact-{number}",
        title=row["sentence2"],
        text=row["sentence2"],
        places=(Place(file="scifact", line=number),),
    )
    paper = Paper(
        arxiv_id=f"0000.{number:05}", title="(no title given)", published=date(2020, 1, 1), text=row["sentence1"]
    )
    return claim, paper, STANCES[row["entailment"]]


async def weigh_all(judge: Judge, pairs: Sequence[Pair]) -> list[Answer]:
    """One answer a pair: each claim is weighed against its own evidence alone."""
    told = await asyncio.gather(*(judge.weigh(claim, (), [paper]) for claim, paper, _ in pairs))
    return [answer for (answer,) in told]


def report(pairs: Sequence[Pair], answers: Sequence[Answer]) -> None:
    """A table of labels by answers, and the precision of what is printed."""
    table = Counter(
        (right, answer.stance if answer.kind == "judged" else answer.kind)
        for (_, _, right), answer in zip(pairs, answers, strict=True)
    )
    given = ("supports", "relaxes", "overturns", "neutral", "abstained", "not judged")
    print(f"{len(pairs)} pairs".ljust(22) + "".join(name.rjust(12) for name in given))
    for right in STANCES.values():
        print(f"really {right}".ljust(22) + "".join(str(table[right, name]).rjust(12) for name in given))
    for name in STANCES.values():
        total = sum(table[right, name] for right in STANCES.values())
        said = f"{table[name, name] / total:.2f} of {total}" if total else "never printed"
        print(f"precision of {name}: {said}")


def agreements(pairs: Sequence[Pair]) -> tuple[list[float], list[float]]:
    """The embedded judge's log-odds of agreement, of evidence that supports and of evidence that contradicts."""
    told: dict[str, list[float]] = {stance: [] for stance in STANCES.values()}
    weights = shipped()
    for claim, paper, right in pairs:
        reading = read_claim(claim, ())
        told[right].append(weigh_pair(reading, read_paper(paper.title, paper.text), weights).agrees)
    return told["supports"], told["overturns"]


def area(higher: Sequence[float], lower: Sequence[float]) -> float:
    """The share of pairs of one of each in which the first is the larger; ties count half."""
    wins = sum((one > other) + (one == other) / 2 for one in higher for other in lower)
    return wins / (len(higher) * len(lower)) if higher and lower else 0.5


if __name__ == "__main__":
    sys.exit(main())
