"""The labels that the embedded judge is trained on: their form, and that they rest on other papers than gold does."""

from __future__ import annotations

import json
import re
from pathlib import Path

DATA = Path(__file__).parent / "data"
LABELS = [json.loads(line) for line in (DATA / "labels.jsonl").read_text(encoding="utf-8").splitlines()]
BUNDLED = Path(__file__).parent.parent / "retest" / "data" / "gold.json"


def test_every_label_has_a_rank_and_a_grade_and_a_stance_where_it_bears() -> None:
    form = re.compile(r"\d{1,3} (0|[123] [sro]{1,3} \d{1,2})")
    odd = [
        (row["id"], paper, told) for row in LABELS for paper, told in row["papers"].items() if not form.fullmatch(told)
    ]
    assert not odd
    assert sum(len(row["papers"]) for row in LABELS) > 40_000


def test_claims_are_told_once_and_belong_to_a_part() -> None:
    assert len({row["id"] for row in LABELS}) == len({row["title"] for row in LABELS}) == len(LABELS)
    assert {row["part"] for row in LABELS} == {"train", "check"}


def test_no_claim_of_ours_rests_on_a_paper_that_gold_claims_rest_on() -> None:
    paths = (DATA / "gold_more.json", DATA / "gold_candidates.json", BUNDLED)
    gold = {anchor for path in paths for claim in json.loads(path.read_text())["claims"] for anchor in claim["anchors"]}
    assert not gold & {row["anchor"] for row in LABELS}


def test_second_readings_are_two_and_in_letters() -> None:
    rows = [json.loads(line) for line in (DATA / "second_readings.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(len(row["readings"]) == 2 for row in rows)
    assert {letter for row in rows for reading in row["readings"] for letter in reading} == set("sron")


def test_every_second_reading_of_an_abstract_is_of_a_pair_that_was_read_before() -> None:
    rows = [json.loads(line) for line in (DATA / "second_readings.jsonl").read_text(encoding="utf-8").splitlines()]
    known = {(row["id"], paper) for row in LABELS for paper in row["papers"]}
    for claim in json.loads((DATA / "gold_candidates.json").read_text())["claims"]:
        papers = [*claim["negatives"], *(item["arxiv_id"] for item in claim["superseding"])]
        known |= {(claim["id"], paper) for paper in papers}
    assert not {(row["claim"], row["paper"]) for row in rows if row["text"] == "abstract"} - known
