"""`retest eval`: every figure is held against a case small enough to count by hand."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from chat_server import ChatServer
from chat_server import said as said_by_model
from fakes import ScriptedJudge, ShelfSource, paper

from retest.errors import InputError, SourceUnreachable
from retest.eval.evaluation import Evaluated, Wanted, evaluate, measure, write
from retest.eval.gold import GoldClaim, bundled_gold, choose_part, claim_of, read_gold
from retest.eval.intervals import bootstrap, paired, quantile
from retest.eval.lag import lag_of, series
from retest.eval.measures import MEASURES, counted, figures, reliability
from retest.eval.metrics import compared_with, read_metrics
from retest.eval.page import metrics_page
from retest.eval.scores import ClaimScore, PaperScore, ranks_in_window, score
from retest.eval.trial import Bench, Tried, beside_baseline, read_alone, try_claims
from retest.eval.witness import Witness
from retest.history import read_report
from retest.judges.endpoint import Endpoint, Usage
from retest.judges.llm import LlmJudge
from retest.ledger import Ledger
from retest.models import Abstained, Answer, Hit, Judgement, NotJudged, Paper, Place, Query, Quote
from retest.settings import Settings
from retest.sources.catalogue import catalogue_papers

ROOT = Path(__file__).parents[1]
AS_OF, SINCE = date(2026, 8, 31), date(2026, 2, 28)

# --- a shelf of papers on two subjects, and gold over it -----------------------------------------------

ANCHOR = paper(
    "2401.00001",
    "HINTLESS: reasoners hide the hints they use",
    "HINTLESS plants hints in riddles. Reasoners name the planted hint in 19% of riddles.",
    "2024-01-10",
)
AGREES = paper(
    "2405.00002",
    "Planted hints stay unnamed in larger reasoners",
    "Larger reasoners get riddles with a planted hint. They name the planted hint in 18% of riddles.",
    "2024-05-01",
)
LIFTS = paper(
    "2501.00003",
    "Teaching reasoners to name a planted hint",
    "A reward for candour is added. Reasoners then name the planted hint in 90% of riddles.",
    "2025-01-15",
)
TOPIC = paper(
    "2502.00004",
    "A survey of riddles with a planted hint for reasoners",
    "Riddles with a planted hint are listed by language. No reasoner is tested.",
    "2025-02-01",
)
FUTURE = paper(
    "2607.00005",
    "Reasoners of the next kind name each planted hint",
    "Newer reasoners are tested on riddles. They name the planted hint in nearly all riddles.",
    "2026-07-01",
)
OTHER = paper(
    "2406.00006",
    "Tulip bulbs under cold light",
    "Tulip bulbs are grown under cold light. Cold light halves the growth of bulbs.",
    "2024-06-01",
)
SHELF = (ANCHOR, AGREES, LIFTS, TOPIC, FUTURE, OTHER)


def gold(**more: object) -> GoldClaim:
    """A claim about the shelf, in short."""
    fields: dict[str, Any] = {
        "id": "hints",
        "title": "Do reasoners name the planted hint they use?",
        "text": "HINTLESS finds that reasoners name a planted hint in only 19% of riddles.",
        "filter_after": "2024-01-10",
        "anchors": ["2401.00001"],
        "anchor_date": "2024-01-10",
        "superseding": [
            {"arxiv_id": "2405.00002", "published": "2024-05-01", "stance": "supports"},
            {"arxiv_id": "2501.00003", "published": "2025-01-15", "stance": "relaxes", "accept": ["relaxes"]},
            {"arxiv_id": "2607.00005", "published": "2026-07-01", "stance": "overturns", "accept": ["relaxes"]},
        ],
        "negatives": ["2502.00004"],
        "verdict": {"durability": "perishable", "state": "relaxed", "accept_states": ["relaxed", "contested"]},
    }
    return GoldClaim.model_validate(fields | more)


def said(stance: str, text: str, **more: object) -> Judgement:
    return Judgement.model_validate({"stance": stance, "quote": text, "reason": "so"} | more)


ANSWERS: dict[str, Answer] = {
    "2405.00002": said("supports", "They name the planted hint in 18% of riddles.", strength=2),
    "2501.00003": said("overturns", "Reasoners then name the planted hint in 90% of riddles.", strength=3),
    "2502.00004": Abstained(reason="cannot tell"),
    "2607.00005": said("relaxes", "They name the planted hint in nearly all riddles.", strength=3),
}


def bench(answers: dict[str, Answer] | None = None, papers: Sequence[Paper] = SHELF, **more: Any) -> Bench:
    fields = {"judge": ScriptedJudge(ANSWERS if answers is None else answers), "ledger": Ledger(None)} | more
    source = fields.pop("source", None) or ShelfSource(papers)
    return Bench(
        **{"source": Witness(source), "since": SINCE, "as_of": AS_OF, "candidates": 20, **fields},
    )


def places(*golds: GoldClaim) -> dict[str, Place]:
    return {one.id: Place(file="gold.json", line=1) for one in golds}


def tried(*golds: GoldClaim, on: Bench | None = None) -> list[Tried]:
    return asyncio.run(try_claims(golds, places(*golds), on or bench()))


def measured(on: Bench | None = None, *golds: GoldClaim, lag_days: Sequence[date] = (), **wanted: Any) -> Evaluated:
    ticks = iter((10.0, 14.0))
    want = Wanted(gold=None, out=None, **wanted)
    return asyncio.run(
        measure(golds or (gold(),), on or bench(), want, "shelf", "6mo", lag_days, lambda: next(ticks)),
    )


def values(evaluated: Evaluated) -> dict[str, float | None]:
    return {name: figure.value for name, figure in evaluated.metrics.figures.items()}


# --- gold that cannot be read --------------------------------------------------------------------------


def written(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    claims = [gold(id=claim_id).model_dump(mode="json") for claim_id in ("hints", "second")]
    data = {"schema": "retest-gold-1", "claims": claims}
    change(data)
    path = tmp_path / "gold.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


BAD: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (lambda d: d.update(schema="retest-gold-9"), "schema: 'retest-gold-9' is not \"retest-gold-1\""),
    (lambda d: d["claims"][1].pop("text"), "claims[1].text (claim second): field required"),
    (lambda d: d["claims"][1].pop("superseding"), "claims[1].superseding (claim second): field required"),
    (lambda d: d["claims"][1]["superseding"][0].update(stance="agrees"), "claims[1].superseding[0].stance"),
    (lambda d: d["claims"][0]["superseding"][2].update(span=[9, 9]), "claims[0].superseding[2] (claim hints): span"),
    (lambda d: d["claims"][0]["superseding"][0].update(published="2024-01-10"), "is not newer than filter_after"),
    (lambda d: d["claims"][0]["superseding"][0].update(stance="neutral"), "belongs to negatives"),
    (lambda d: d["claims"][0]["negatives"].append("2405.00002"), "2405.00002 is listed more than once"),
    (lambda d: d["claims"][0].update(stated_date="lately"), "stated_date 'lately' holds no year"),
    (lambda d: d["claims"][1].update(id="hints"), "two claims have the id 'hints'"),
    (lambda d: d.update(claims=[]), "claims:"),
]


@pytest.mark.parametrize(("change", "place"), BAD)
def test_bad_gold_is_named_with_file_place_and_remedy(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], place: str
) -> None:
    path = written(tmp_path, change)
    with pytest.raises(InputError) as error:
        read_gold(path)
    assert str(error.value).startswith(f"{path}: ")
    assert place in str(error.value)
    assert "docs/evaluation.md" in str(error.value)
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "told"), [(b'{"schema":\n 1,,}', "line 2: not JSON"), (b"\xff\xfe", "not UTF-8"), (b"[]", "schema: None")]
)
def test_a_file_that_is_no_gold_says_so(tmp_path: Path, text: bytes, told: str) -> None:
    path = tmp_path / "gold.json"
    path.write_bytes(text)
    with pytest.raises(InputError, match=told):
        read_gold(path)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_gold(tmp_path / "none.json")


def test_gold_may_carry_more_than_we_read(tmp_path: Path) -> None:
    path = written(tmp_path, lambda d: d["claims"][0].update(note="hard", type="limit"))
    assert [claim.id for claim in read_gold(path)] == ["hints", "second"]


# --- parts ---------------------------------------------------------------------------------------------


def split_file(tmp_path: Path, **parts: list[str]) -> Path:
    path = tmp_path / "split.json"
    path.write_text(json.dumps(parts), encoding="utf-8")
    return path


def test_a_part_is_chosen_by_the_split_file(tmp_path: Path) -> None:
    claims = (gold(id="a"), gold(id="b"), gold(id="c"))
    split = split_file(tmp_path, tune=["c", "a"], report=["b"])
    assert [claim.id for claim in choose_part(claims, "tune", split)] == ["a", "c"]
    assert [claim.id for claim in choose_part(claims, "report", split)] == ["b"]


def test_a_part_is_chosen_by_the_claims_own_split() -> None:
    claims = (gold(id="a", split="tune"), gold(id="b", split="report"), gold(id="c"))
    assert [claim.id for claim in choose_part(claims, "report", None)] == ["b"]
    assert len(choose_part(claims, None, None)) == 3


@pytest.mark.parametrize(
    ("part", "parts", "told"),
    [
        ("test", {"tune": ["a"]}, 'no list of ids under "test"; its parts: tune'),
        (None, {"tune": ["a"]}, "add --part"),
        ("tune", {"tune": ["a", "z"]}, "'z' is no claim of"),
    ],
)
def test_a_part_that_is_not_there_is_refused(
    tmp_path: Path, part: str | None, parts: dict[str, list[str]], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        choose_part((gold(id="a"),), part, split_file(tmp_path, **parts))
    with pytest.raises(InputError, match="no claim of"):
        choose_part((gold(id="a"),), "tune", None)


def test_the_split_in_the_tests_folder_shares_no_claim() -> None:
    parts = json.loads((ROOT / "tests/data/gold_split.json").read_text(encoding="utf-8"))
    assert sorted(parts) == ["report", "tune"]
    assert not set(parts["tune"]) & set(parts["report"])


# --- running -------------------------------------------------------------------------------------------


def test_a_claim_runs_without_what_the_annotator_knows() -> None:
    claim = claim_of(gold(stated_date="~2023–2024"), Place(file="gold.json", line=7))
    assert (claim.id, claim.arxiv_ids, claim.anchor_lines, claim.restated) == ("hints", (), (), ())
    assert claim.stated is not None
    assert (claim.stated.first, claim.stated.last) == (2023, 2024)


def test_the_tool_finds_the_anchor_itself() -> None:
    (trial,) = tried(gold(anchors=["9999.00001"]))
    assert trial.outcome.anchoring.kind == "anchored"
    assert trial.outcome.anchoring.anchors[0].paper.arxiv_id == "2401.00001"


def test_the_ranking_is_kept_without_the_anchor_and_beyond_what_is_judged() -> None:
    (trial,) = tried(gold(), on=bench(candidates=1))
    assert set(trial.outcome.ranked) >= {"2405.00002", "2501.00003", "2607.00005"}
    assert "2401.00001" not in trial.outcome.ranked
    assert trial.outcome.search.judged == 1


class FindingSource(ShelfSource):
    """Keeps what its store was asked, which no request shows."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        super().__init__(papers)
        self.found: list[Query] = []

    def find(self, query: Query) -> list[Hit]:
        self.found.append(query)
        return super().find(query)


@pytest.mark.parametrize(
    ("filter_after", "as_of", "found"),
    [
        ("2025-01-14", date(2025, 2, 1), {"2501.00003", "2502.00004"}),
        ("2025-01-15", date(2025, 2, 1), {"2502.00004"}),  # published on the gold's own day: not newer
        ("2025-01-15", date(2025, 1, 31), set()),  # a day before the next paper came out
    ],
)
def test_the_baseline_is_one_query_with_the_gold_date(filter_after: str, as_of: date, found: set[str]) -> None:
    source = FindingSource(SHELF)
    on = bench(source=source, as_of=as_of, since=as_of)
    trials = tried(gold(filter_after=filter_after, superseding=[], negatives=[]), on=on)
    requests, asked = source.requests, len(source.found)
    (trial,) = beside_baseline(trials, on)
    assert set(trial.baseline) == found
    assert (source.requests, len(source.found)) == (requests, asked + 1)


def test_a_claim_that_cannot_be_looked_at_counts_as_wrong_and_sinks_nothing() -> None:
    on = bench(source=ShelfSource(SHELF, lost="tulip"))
    tulips = gold(id="tulips", title="Do tulip bulbs grow in cold light?", text="Tulip bulbs need warm light.")
    evaluated = measured(on, gold(), tulips)
    assert [score.failure != "" for score in evaluated.metrics.claims] == [False, True]
    assert values(evaluated)["verdict_coverage"] == 0.5
    assert [partial.claim for partial in evaluated.report.partial] == ["tulips"]
    assert "Could not be looked at, and counted as wrong: tulips" in metrics_page(evaluated.metrics)


def test_an_unreachable_source_is_no_measurement() -> None:
    with pytest.raises(SourceUnreachable, match="no claim could be looked at"):
        measured(bench(source=ShelfSource(SHELF, broken=True)))


# --- figures of one small trial, counted by hand -------------------------------------------------------


def test_the_figures_of_a_small_trial() -> None:
    """Supports read as supports (right), relaxes as overturns (wrong), overturns as relaxes (accepted), negative abstained."""
    evaluated = measured()
    found = values(evaluated)
    assert found["anchor_accuracy_at_1"] == 1
    assert found["date_within_tolerance"] == 1
    assert found["date_error_days_median"] == 0
    assert found["recall_at_10"] == 1  # all three are among the five newer papers
    assert found["baseline_recall_at_10"] == 1
    assert found["evidence_recall"] == round(2 / 3, 4)
    assert found["stance_precision"] == round(2 / 3, 4)
    assert found["stance_precision_overturns"] == 0
    # What is accepted counts as the truth: truths are supports, relaxes (read as overturns), relaxes, neutral.
    assert found["stance_recall_relaxes"] == 0.5
    assert found["stance_precision_relaxes"] == 1
    assert found["stance_f1_relaxes"] == round(2 / 3, 4)
    assert found["stance_f1_supports"] == 1
    assert found["stance_f1_overturns"] == 0
    assert found["stance_recall_neutral"] == 0
    assert found["stance_macro_f1"] == round((1 + 2 / 3 + 0 + 0) / 4, 4)
    # Main stances only: supports right, the other two wrong.
    assert found["stance_macro_f1_strict"] == 0.25
    # Always "relaxes" is right for 2 of 4 pairs: F1 = 2 * 2 / (4 + 2), over four classes.
    assert found["stance_macro_f1_one_class"] == round(4 / 6 / 4, 4)
    assert found["stance_macro_f1_strict_one_class"] == round(2 / 5 / 4, 4)
    assert found["stance_negatives_cited"] == 0
    assert found["stance_coverage"] == 0.75
    assert found["abstention_rate"] == round(1 / evaluated.metrics.claims[0].asked, 4)
    assert found["quote_exactness"] == 1
    assert found["ids_outside_source"] == 0


def test_one_overturn_of_full_strength_is_a_false_alarm_where_the_gold_has_none() -> None:
    found = values(measured(bench({"2501.00003": ANSWERS["2501.00003"]})))
    assert found["state_accuracy"] == 0
    assert found["overturned_false_alarm_rate"] == 1
    assert found["overturned_false_share"] == 1
    quiet = values(measured(bench({"2501.00003": said("relaxes", "A reward for candour is added.")})))
    assert quiet["overturned_false_alarm_rate"] == 0
    assert quiet["overturned_false_share"] is None
    assert quiet["state_accuracy"] == 1


def test_a_reported_stance_is_printed_and_counts_as_neutral() -> None:
    answers = {"2502.00004": said("supports", "No reasoner is tested.", voice="reported")}
    found = values(measured(bench(answers)))
    assert found["stance_negatives_cited"] == 1
    assert found["stance_precision_neutral"] == 0.25  # all four pairs read as neutral, one of them is
    assert found["stance_precision"] is None


def test_what_was_not_judged_is_no_answer() -> None:
    answers: dict[str, Answer] = {"2405.00002": NotJudged(reason="the endpoint failed")}
    evaluated = measured(bench(answers))
    assert values(evaluated)["stance_coverage"] == 0.75
    assert values(evaluated)["not_judged_rate"] == round(1 / evaluated.metrics.claims[0].asked, 4)
    assert values(evaluated)["abstention_rate"] == 0


def test_the_judge_alone_reads_what_retrieval_left_out() -> None:
    answers = {"2406.00006": said("overturns", "Cold light halves the growth of bulbs.")}
    wanting = [*gold().superseding, {"arxiv_id": "2406.00006", "published": "2024-06-01", "stance": "overturns"}]
    source = ShelfSource(SHELF)
    source.name = "library"
    on = bench(answers, source=source, candidates=1)
    evaluated = measured(on, gold(superseding=wanting))
    unseen = {p.arxiv_id: p.reading for p in evaluated.metrics.claims[0].papers}
    assert unseen["2406.00006"] == "unseen"
    assert values(evaluated)["judge_recall_overturns"] == 0.5
    assert values(evaluated)["judge_precision_overturns"] == 1
    assert values(evaluated)["stance_recall_overturns"] != 0.5


def test_what_the_source_lacks_is_told_apart_from_what_was_missed() -> None:
    source = ShelfSource([p for p in SHELF if p is not LIFTS])
    source.name = "library"
    found = values(measured(bench(source=source)))
    assert found["in_source"] == found["recall_at_50"] == round(2 / 3, 4)
    assert values(measured())["in_source"] is None  # a live source is not asked


def test_a_live_source_is_not_asked_for_papers_it_never_showed() -> None:
    source = ShelfSource(SHELF)
    on = bench(source=source)
    trials = tried(gold(negatives=["2406.00006", "2502.00004"]), on=on)
    before = source.requests
    (alone,) = asyncio.run(read_alone(trials, on))
    assert source.requests == before
    assert "2406.00006" not in alone.alone
    assert alone.alone["2502.00004"].reading == "abstained"


def test_a_quote_off_its_span_and_an_id_from_nowhere_are_counted() -> None:
    on = bench()
    (trial,) = tried(gold(), on=on)
    first = trial.outcome.evidence[0]
    moved = first.model_copy(update={"quote": Quote(text=first.quote.text, start=0, end=4)})
    stranger = first.model_copy(update={"paper": first.paper.model_copy(update={"arxiv_id": "2601.99999"})})
    outcome = trial.outcome.model_copy(update={"evidence": (moved, stranger, *trial.outcome.evidence[1:])})
    counted = score(trial.model_copy(update={"outcome": outcome}), on.source.seen, AS_OF, 20)
    assert (counted.quotes, counted.quotes_exact) == (4, 2)
    assert counted.ids_outside == ("2601.99999",)
    assert figures([counted])["quote_exactness"] == 0.5
    assert figures([counted])["ids_outside_source"] == 1


def test_ranks_count_only_what_could_belong_there() -> None:
    """A claim that is dated too early brings older papers; they cost date error, and no rank."""
    later = gold(filter_after="2024-06-01", anchor_date="2024-06-01", superseding=gold().superseding[1:])
    on = bench({})
    (trial,) = tried(later, on=on)
    assert "2405.00002" in trial.outcome.ranked
    counted = score(trial, on.source.seen, AS_OF, 20)
    ranks = sorted(p.rank for p in counted.papers if p.rank)
    assert ranks == [1, 2, 3]
    assert counted.date_error_days == 143
    assert figures([counted])["date_within_tolerance"] == 0


def test_what_is_newer_than_the_audit_takes_no_rank() -> None:
    """The window closes on the day of the audit, whatever the ranking holds."""
    ranked, seen = ("2607.00005", "2501.00003", "2405.00002"), {paper.arxiv_id: paper for paper in SHELF}
    assert ranks_in_window(ranked, gold(), seen, date(2025, 1, 15)) == {"2501.00003": 1, "2405.00002": 2}
    assert ranks_in_window(ranked, gold(), seen, date(2025, 1, 14)) == {"2405.00002": 1}


def test_a_right_reading_that_is_not_printed_is_no_evidence() -> None:
    """Neutral is accepted for both papers; the judge read both as neutral, and printed neither."""
    bearing = [paper.model_dump() | {"accept": ["neutral"]} for paper in gold().superseding[:2]]
    found = values(measured(bench({}), gold(superseding=bearing)))
    assert found["stance_precision_neutral"] == 1
    assert found["evidence_recall"] == 0


def test_an_anchorless_claim_is_right_when_it_says_so() -> None:
    without = gold(id="b", anchors=[], anchor_date=None, title="Why do bees hum?", text="Bees hum at dusk.")
    found = values(measured(bench(), gold(), without))
    assert found["anchorless_said"] == 1
    assert found["anchor_accuracy_at_1"] == 1  # of the claims that have one


def test_cost_counts_requests_tokens_and_seconds() -> None:
    class Counting(ScriptedJudge):
        usage = Usage()

        async def weigh(self, claim: Any, anchors: Any, papers: Any) -> list[Answer]:
            before = self.usage
            self.usage = Usage(
                calls=before.calls + 1, prompt_tokens=before.prompt_tokens + 100, completion_tokens=7, cached_tokens=60
            )
            return await super().weigh(claim, anchors, papers)

    cost = measured(bench(judge=Counting({})), gold(), judge_alone=False).metrics.cost
    assert cost.seconds == cost.seconds_per_claim == 4.0
    assert cost.requests == cost.requests_per_claim == 3
    assert (cost.calls, cost.prompt_tokens, cost.completion_tokens, cost.cached_tokens) == (1, 100, 7, 60)
    assert cost.tokens_per_claim == 107


def test_an_endpoint_that_answers_nothing_usable_is_counted_and_costs_tokens() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    with ChatServer(lambda body: said_by_model({"answers": []}, usage=usage)) as server:
        endpoint = Endpoint(base_url=server.url, api_key="none", model="small")
        on = bench(judge=LlmJudge(endpoint, fallback=ScriptedJudge()))
        evaluated = measured(on, judge_alone=False)
        asked = len(server.asked)
    cost, found = evaluated.metrics.cost, values(evaluated)
    assert cost.calls == asked > 0
    assert (cost.prompt_tokens, cost.completion_tokens) == (10 * asked, 2 * asked)
    assert (found["not_judged_rate"], found["stance_coverage"], found["verdict_coverage"]) == (1, 0, 0)
    assert evaluated.report.judge.model == "small"


# --- figures of scores written by hand -----------------------------------------------------------------


def told(claim_id: str, **more: object) -> ClaimScore:
    """A claim's score in short: upheld and rightly so, with nothing listed."""
    fields = {
        "id": claim_id, "failure": "", "anchor": "2401.00001", "anchors": ["2401.00001"], "date_error_days": 0,
        "date_tolerance_days": 3, "state": "upheld", "gold_states": ["upheld"], "durability": "durable",
        "gold_durability": "durable", "confidence": 0.5, "papers": [], "asked": 10, "abstained": 0, "not_judged": 0,
        "quotes": 0, "quotes_exact": 0, "ids": 0, "ids_outside": [],
    }  # fmt: skip
    return ClaimScore.model_validate(fields | more)


def listed(arxiv_id: str, rank: int | None, baseline: int | None = None) -> PaperScore:
    return PaperScore(
        arxiv_id=arxiv_id, gold=("supports",), is_negative=False, is_there=None, rank=rank, baseline_rank=baseline,
        reading="unseen", cited=False, on_span=None, alone=None, alone_cited=False,
    )  # fmt: skip


def test_recall_is_over_all_superseding_papers() -> None:
    scores = [
        told("a", papers=[listed("1", 10, 11), listed("2", 11, 30), listed("3", None), listed("4", 60, 50)]),
        told("b", papers=[listed("5", 25)]),
    ]
    found = figures(scores)
    assert (found["recall_at_10"], found["recall_at_25"], found["recall_at_50"]) == (0.2, 0.6, 0.6)
    assert (found["baseline_recall_at_10"], found["baseline_recall_at_25"]) == (0, 0.2)
    assert found["baseline_recall_at_50"] == 0.6
    assert found["recall_lift_at_25"] == pytest.approx(3)
    assert found["recall_lift_at_10"] is None  # nothing to be times of


def test_outage_scores_no_point() -> None:
    """A claim that could not be asked about was praised for naming no paper, and for raising no alarm."""
    bare = {
        "anchor": None,
        "anchors": [],
        "gold_states": ["relaxed"],
        "state": "unreachable",
        "gold_durability": "perishable",
    }
    lost = told("a", failure="no answer", durability="perishable", date_error_days=None, **bare)
    seen = told("b", durability="perishable", date_error_days=400, **bare)
    found = figures([lost, seen])
    assert (found["anchorless_said"], found["durability_accuracy"]) == (0.5, 0.5)
    assert counted([lost, seen])["overturned_false_alarm_rate"] == 1
    assert (found["date_error_days_median"], found["date_within_tolerance"]) == (400, 0)


def test_paper_that_is_cited_as_reported_only_is_not_cited_with_a_right_stance() -> None:
    either = listed("1", 1).model_copy(update={"gold": ("supports", "neutral"), "cited": True, "reading": "neutral"})
    right = listed("2", 2).model_copy(update={"cited": True, "reading": "supports"})
    assert figures([told("a", papers=[either, right])])["evidence_recall"] == 0.5


def test_balanced_accuracy_does_not_reward_one_answer() -> None:
    scores = [
        told("a", state="relaxed", gold_states=["relaxed"]),
        told("b", state="relaxed", gold_states=["relaxed", "upheld"]),
        told("c", state="relaxed", gold_states=["relaxed"]),
        told("d", state="relaxed", gold_states=["overturned"], gold_durability="perishable"),
    ]
    found = figures(scores)
    assert found["state_accuracy"] == 0.75 == found["always_relaxed"]
    assert found["state_balanced_accuracy"] == 0.5
    assert found["durability_accuracy"] == 0.75
    assert found["durability_balanced_accuracy"] == 0.5


def test_reliability_puts_confidence_beside_what_was_right() -> None:
    scores = [
        told("a", confidence=0.1, state="contested"),
        told("b", confidence=0.9),
        told("c", confidence=0.8, state="relaxed"),
        told("d", confidence=0.0, state="untested"),  # no verdict, so nothing to be confident of
    ]
    low, high = reliability(scores)
    assert (low.low, low.claims, low.confidence, low.right) == (0, 1, 0.1, 0)
    assert (high.low, high.high, high.claims, high.confidence, high.right) == (0.8, 1.0, 2, 0.85, 0.5)
    found = figures(scores)
    assert found["calibration_error"] == pytest.approx((0.1 + abs(1.7 - 1)) / 3)
    assert found["brier"] == pytest.approx((0.01 + 0.01 + 0.64) / 3)
    assert found["verdict_coverage"] == 0.75


def test_the_median_and_the_tolerance_of_dates() -> None:
    found = figures([told("a", date_error_days=0), told("b", date_error_days=3), told("c", date_error_days=400)])
    assert found["date_error_days_median"] == 3
    assert found["date_within_tolerance"] == pytest.approx(2 / 3)


def test_nothing_to_count_is_not_nought() -> None:
    found = figures([told("a")])
    assert found["recall_at_25"] is None
    assert found["stance_macro_f1"] is None
    assert found["quote_exactness"] is None


# --- intervals -----------------------------------------------------------------------------------------


def mean(values: Sequence[float]) -> dict[str, float | None]:
    return {"mean": sum(values) / len(values)}


def test_an_interval_is_the_same_every_time_and_holds_the_value() -> None:
    items = [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0]
    first, second = bootstrap(items, mean)["mean"], bootstrap(items, mean)["mean"]
    assert first == second
    assert first.low is not None and first.high is not None
    assert first.low < 0.5 == first.value < first.high
    assert first.low == pytest.approx(0.5 - 1.96 * (0.25 / 8) ** 0.5, abs=0.06)  # the normal approximation


def test_items_that_agree_have_no_width() -> None:
    only = bootstrap([1.0, 1.0, 1.0], mean)["mean"]
    assert (only.value, only.low, only.high) == (1, 1, 1)


def test_quantiles_lie_between_neighbours() -> None:
    assert quantile([1.0, 2.0, 3.0], 0.5) == 2
    assert quantile([1.0, 2.0], 0.25) == 1.25
    assert quantile([4.0], 0.975) == 4


def test_pairs_are_drawn_together() -> None:
    """Every item gains the same: the means have wide intervals, their difference has none."""
    before = [0.0, 10.0, 20.0, 30.0]
    change = paired(before, [value + 1 for value in before], mean)["mean"]
    assert (change.before, change.after, change.change, change.low, change.high) == (15, 16, 1, 1, 1)
    assert change.is_clear
    assert not paired(before, before, mean)["mean"].is_clear


# --- files, comparison ---------------------------------------------------------------------------------


def test_the_files_of_a_trial_can_be_read_back(tmp_path: Path) -> None:
    evaluated = write(measured(), tmp_path)
    assert evaluated.written == ("candidates.jsonl", "metrics.json", "metrics.md", "verdicts.json")
    report = read_report(tmp_path / "verdicts.json")
    assert report is not None
    assert ([claim.id for claim in report.claims], report.seeds) == (["hints"], ())
    lines = (tmp_path / "candidates.jsonl").read_text(encoding="utf-8").splitlines()
    assert [sorted(json.loads(line)) for line in lines] == [["id", "ranked"]]
    assert read_metrics(tmp_path) == evaluated.metrics
    assert (tmp_path / "metrics.md").read_text(encoding="utf-8") == evaluated.page


def test_two_trials_are_compared_over_the_claims_both_have() -> None:
    before = measured(bench({}), gold(), gold(id="gone"))
    now = measured(bench(), gold(id="new"), gold())
    compared = compared_with(before.metrics, now.metrics).compared
    assert compared is not None
    assert compared.claims == 1
    moved = compared.differences["evidence_recall"]
    assert (moved.before, moved.after) == (0, round(2 / 3, 4))
    page = metrics_page(compared_with(before.metrics, now.metrics))
    assert "| superseding papers cited with a right stance | 0.000 | 0.667 | +0.667 | 0.667 to 0.667 | better |" in page


def test_a_figure_without_a_better_way_moves_unmarked() -> None:
    """Abstaining more is neither better nor worse; judging less of what was asked is worse."""
    metrics = measured(bench({}), judge_alone=False).metrics
    before = metrics.model_copy(update={"claims": (told("a"),)})
    now = metrics.model_copy(update={"claims": (told("a", abstained=5, not_judged=2),)})
    page = metrics_page(compared_with(before, now))
    assert "| candidates the judge abstained on | 0.000 | 0.500 | +0.500 | 0.500 to 0.500 |  |\n" in page
    assert "| candidates without a usable answer | 0.000 | 0.200 | +0.200 | 0.200 to 0.200 | worse |\n" in page


def test_trials_without_a_common_claim_are_not_compared() -> None:
    with pytest.raises(InputError, match="share no claim"):
        compared_with(measured(bench(), gold(id="a")).metrics, measured(bench(), gold(id="b")).metrics)


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "retest-metrics-1"}', '{"schema": "other"}'])
def test_a_folder_without_metrics_cannot_be_compared_with(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"no metrics\.json"):
        read_metrics(tmp_path)
    (tmp_path / "metrics.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="run the earlier trial again"):
        read_metrics(tmp_path)


def test_every_figure_is_on_the_page_once_a_section() -> None:
    page = metrics_page(measured().metrics)
    sections = re.split(r"^## ", page, flags=re.MULTILINE)
    for measure_ in MEASURES:
        (section,) = [s for s in sections if s.startswith(f"{measure_.section}\n")]
        assert section.count(f"| {measure_.label} |") == 1


# --- backtest ------------------------------------------------------------------------------------------


def test_a_backtest_hides_the_future() -> None:
    day = date(2025, 1, 31)
    on = bench(as_of=day, since=date(2024, 7, 31))
    (trial,) = tried(gold(), on=on)
    assert set(trial.read) == {"2405.00002", "2501.00003", "2502.00004"}
    assert "2607.00005" not in trial.outcome.ranked
    assert all(seen.published <= day for seen in on.source.seen.values())
    counted = score(trial, on.source.seen, day, 20)
    assert figures([counted])["recall_at_50"] == 1  # of the two that were out


def on_day(day: date, answers: dict[str, Answer] | None = None) -> tuple[date, list[Tried]]:
    return day, tried(gold(), on=bench(answers, as_of=day, since=min(SINCE, day)))


def test_lag_runs_from_a_papers_day_to_the_first_audit_that_cites_it() -> None:
    days = [date(2024, 6, 1), date(2025, 1, 1), date(2025, 2, 14), AS_OF]
    lag = lag_of([on_day(day) for day in days], candidates=20)
    assert {paper.arxiv_id: paper.days for paper in lag.papers} == {
        "2405.00002": 31,
        "2501.00003": 30,
        "2607.00005": 61,
    }
    assert (lag.cited, lag.ranked, lag.median_days, lag.median_floor) == (3, 3, 31, 31)
    assert lag.within[30] == round(1 / 3, 4)  # all three were out for 30 days


def test_a_paper_that_has_not_had_its_chance_is_left_out() -> None:
    """The newest is never cited. It was out for 61 days: a miss within 30 days, and nothing to say about 90."""
    answers = {arxiv_id: answer for arxiv_id, answer in ANSWERS.items() if arxiv_id != "2607.00005"}
    days = [date(2024, 6, 1), date(2025, 1, 20), AS_OF]
    lag = lag_of([on_day(day, answers) for day in days], candidates=20)
    assert {paper.arxiv_id: paper.days for paper in lag.papers} == {
        "2405.00002": 31,
        "2501.00003": 5,
        "2607.00005": None,
    }
    assert lag.within == {30: round(1 / 3, 4), 90: 1, 180: 1}


def test_a_trial_measures_the_lag_over_the_days_it_is_given() -> None:
    """Two papers wait for the first audit, 289 and 30 days; the newest waits 61 for the trial itself."""
    lag = measured(lag_days=(date(2025, 2, 14), AS_OF)).metrics.lag
    assert lag is not None
    assert lag.days == (date(2025, 2, 14), AS_OF)
    assert sorted(paper.days or 0 for paper in lag.papers) == [30, 61, 289]
    assert measured().metrics.lag is None


def test_the_lag_option_audits_the_days_it_names(tmp_path: Path) -> None:
    path = tmp_path / "gold.json"
    one = min(bundled_gold(), key=lambda claim: claim.id).model_dump(mode="json")
    path.write_text(json.dumps({"schema": "retest-gold-1", "claims": [one]}), encoding="utf-8")
    settings = Settings(source="catalogue", judge="embedded", as_of=AS_OF, home=tmp_path)
    wanted = Wanted(gold=path, out=None, lag="2026-05-31,2026-08-31", judge_alone=False)
    done = evaluate(wanted, settings, AS_OF, lambda: 0.0, lambda text: None, lambda event: None)
    assert done.metrics.lag is not None
    assert "2 audits from 2026-05-31 to 2026-08-31, each with its future hidden" in done.page


def test_a_paper_that_is_never_cited_has_no_lag() -> None:
    day, trials = AS_OF, tried(gold(), on=bench({}))
    lag = lag_of([(day, trials)], candidates=20)
    assert (lag.cited, lag.ranked, lag.median_days, lag.median_floor) == (0, 3, None, None)
    assert lag.within == {30: 0, 90: 0, 180: 0}


def test_the_series_goes_back_to_the_oldest_claim() -> None:
    golds = (gold(filter_after="2025-10-01", superseding=[]),)
    assert series("6mo", golds, date(2026, 8, 31)) == (date(2026, 2, 28), date(2026, 8, 31))
    assert series("2025-12-31,2025-11-30", golds, AS_OF) == (date(2025, 11, 30), date(2025, 12, 31))


@pytest.mark.parametrize("spec", ["soon", "2025-01-01", "0d", "1d", "2026-12-31,2025-01-01", "2025-13-01,x"])
def test_a_series_that_makes_no_sense_is_refused(spec: str) -> None:
    with pytest.raises(InputError, match="--lag"):
        series(spec, (gold(),), AS_OF)


# --- the gold that ships -------------------------------------------------------------------------------


def test_the_bundled_gold_stands_in_the_bundled_catalogue() -> None:
    known = {paper.arxiv_id: paper for paper in catalogue_papers()}
    for claim in bundled_gold():
        assert claim.superseding, claim.id
        assert {*claim.anchors, *claim.negatives} <= set(known), claim.id
        for listed_ in claim.superseding:
            seen = known[listed_.arxiv_id]
            assert listed_.published == seen.published
            assert listed_.text == seen.text_kind == "digest"
            assert listed_.span is not None
            words = seen.text[slice(*listed_.span)]
            assert words == words.strip() and len(words.split()) >= 5, (claim.id, listed_.arxiv_id)


def test_the_bundled_gold_is_about_the_seeds_own_claims() -> None:
    from retest.claims import merge_claims
    from retest.seeds import read_seed

    seeds = [
        read_seed(path, path.name) for path in sorted((ROOT / "seeds").iterdir()) if path.suffix in (".txt", ".md")
    ]
    claims = {claim.id: claim for claim in merge_claims(seeds)}
    assert {claim.id for claim in bundled_gold()} == set(claims)
    assert all(claim.text == claims[claim.id].text for claim in bundled_gold())


def test_no_verdict_of_a_run_can_come_from_gold() -> None:
    """Nothing outside the yardstick reads gold, and the catalogue itself says nothing about any claim."""
    package = ROOT / "retest"
    for path in package.rglob("*.py"):
        inside = path.relative_to(package).as_posix()
        if not inside.startswith("eval/") and inside != "commands/eval.py":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"gold\.json|retest\.eval\b|_gold\b|import_module", text), inside
    code = "import sys, retest.cli, retest.run, retest.graph; print([m for m in sys.modules if m.startswith('retest.eval')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    facts = {"id", "title", "authors", "published", "categories", "digest", "updated", "version", "comment"}
    for line in (package / "data/catalogue.jsonl").read_text(encoding="utf-8").splitlines():
        assert set(json.loads(line)) <= facts


# --- the command ---------------------------------------------------------------------------------------


def retest(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "RETEST_"))}
    return subprocess.run(
        [sys.executable, "-c", "from retest.cli import main; main()", *arguments],
        env=kept | {"RETEST_HOME": str(home), "NO_COLOR": "1"},
        capture_output=True, text=True, timeout=120, cwd=home, check=False,
    )  # fmt: skip


def test_the_command_measures_the_bundled_gold_offline(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = retest("eval", "--out", str(out), "--quiet", home=tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == (out / "metrics.md").read_text(encoding="utf-8")
    metrics = read_metrics(out)
    assert len(metrics.claims) == len(bundled_gold())
    assert (metrics.figures["quote_exactness"].value, metrics.figures["ids_outside_source"].value) == (1, 0)
    assert metrics.cost.requests == 0
    lines = [json.loads(line) for line in (out / "candidates.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == [claim.id for claim in metrics.claims]
    assert all(len(line["ranked"]) == len(set(line["ranked"])) >= 50 for line in lines)
    verdicts = (out / "verdicts.json").read_bytes()
    again = retest("eval", "--out", str(out), "--compare", str(out), "--json", "--quiet", home=tmp_path)
    assert again.returncode == 0
    assert (out / "verdicts.json").read_bytes() == verdicts
    compared = json.loads(again.stdout)["compared"]
    assert compared["claims"] == len(metrics.claims)
    assert all(not difference["change"] for difference in compared["differences"].values())


def test_the_command_refuses_bad_gold_before_any_work(tmp_path: Path) -> None:
    path = written(tmp_path, lambda d: d["claims"][1].pop("text"))
    done = retest("eval", str(path), "--source", "catalogue", "--out", str(tmp_path / "out"), home=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"retest: {path}: claims[1].text (claim second): field required; mend it as docs/evaluation.md says\n"
    )
    assert not (tmp_path / "out").exists()


def test_the_command_does_not_replace_the_verdicts_of_a_run(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    evaluated = write(measured(), out)
    seed = {
        "file": "a.md", "stem": "a", "question": "Why?", "gloss": "", "claims": [], "findings": [], "new_work": [],
        "questions": ["", ""],
    }  # fmt: skip
    report = json.loads(evaluated.report.to_json()) | {"seeds": [seed]}
    (out / "verdicts.json").write_text(json.dumps(report), encoding="utf-8")
    done = retest("eval", "--out", str(out), home=tmp_path)
    assert done.returncode == 2
    assert "holds the verdicts of a run over seeds" in done.stderr


def test_gold_written_for_training_is_read_whole() -> None:
    more = read_gold(Path(__file__).parent / "data" / "gold_more.json")
    assert (len(more), sum(len(claim.superseding) for claim in more)) == (49, 454)
