"""The research prompt cites only what was resolved, and the claims command tells where a sentence comes from."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from fakes import AS_OF, ShelfSource, evidence_of, paper, record_of, report_of

from retest.render.prompt import research_prompt, window_in_words
from retest.seeds import parse_seed
from retest.templates import Template, load
from retest.tracing import Tracing, trace

SEED = """# Which ponds freeze?

- Small ponds freeze before large ponds do in forty valleys, says arXiv:2501.00001 (FROST, ~2024).
- Frogs sing less in cold years (~2020–2022).
"""
FROST = paper(
    "2501.00001",
    "FROST: Small Ponds Freeze Before Large Ponds",
    "FROST finds that small ponds freeze before large ponds do in forty valleys.",
    "2025-01-02",
    categories=("cs.CL",),
)
SEEDS = Path(__file__).parents[1] / "seeds"


def traced(text: str = SEED) -> Tracing:
    return trace([parse_seed(text, "ponds.md")], ShelfSource([FROST]), AS_OF)


def prompt(text: str = SEED, **more: object) -> str:
    tracing = traced(text)
    options = {"report": None, "template": load("research-prompt-v1"), "since": "the last ~6 months"} | more
    return research_prompt(tracing.seeds[0], tracing, **options)  # type: ignore[arg-type]


def test_bullets_carry_the_true_year_and_the_anchor_is_resolved() -> None:
    text = prompt()
    assert "- Small ponds freeze before large ponds do in forty valleys, says arXiv:2501.00001 (FROST, ~2025)." in text
    assert "- arXiv:2501.00001 (2025) — FROST: Small Ponds Freeze Before Large Ponds" in text


def test_what_has_no_paper_is_said_to_have_none() -> None:
    text = prompt()
    assert "- Frogs sing less in cold years (~2020–2022, no paper found)." in text
    assert "- No paper was found for: Frogs sing less in cold years" in text


def test_the_three_tasks_and_the_closing_demand_are_there() -> None:
    text = prompt()
    for part in ("(1) **RE-TEST EACH CONSTRAINT.**", "(2) **Surface", "(3) **Propose 2 research questions**"):
        assert part in text
    assert text.endswith("Cite arXiv IDs; flag anything you cannot ground in a real paper.\n")


def test_prompt_starts_from_what_a_run_has_found() -> None:
    first = traced().claims[0].claim
    record = record_of(
        id=first.id, title=first.title, text=first.text, evidence=[evidence_of("2606.00002", title="Salt in ponds")]
    )
    text = prompt(report=report_of(record))
    assert "- Finding 1 is relaxed (perishable): arXiv:2606.00002 (2026) — Salt in ponds, relaxes it." in text


def test_verdict_of_a_claim_that_was_reworded_since_is_not_carried() -> None:
    first = traced().claims[0].claim
    record = record_of(id=first.id, title=first.title, text="Told otherwise.", evidence=[evidence_of("2606.00002")])
    assert "2606.00002" not in prompt(report=report_of(record))


@pytest.mark.parametrize("cited", ["arXiv:2401.99999", "https://arxiv.org/abs/2401.99999v2", "arxiv: 2401.99999”"])
def test_id_that_was_not_resolved_is_taken_out_wherever_it_came_from(cited: str) -> None:
    assert "2401.99999" not in prompt(template=Template(name="mine", text=f"$question See {cited}."))
    told = prompt(SEED + f"- Newts sing, as {cited} says (~2024).\n")
    assert "2401.99999" not in told and "[an arXiv id that could not be resolved]" in told


def test_same_seed_gives_the_same_bytes() -> None:
    assert prompt() == prompt()


def test_window_is_told_in_words_with_its_day() -> None:
    assert window_in_words(date(2026, 2, 28), AS_OF) == "the last ~6 months (since 2026-02-28)"


def retest(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "retest", *arguments]
    environment = {"RETEST_HOME": str(home), "PATH": "", "NO_COLOR": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, cwd=SEEDS.parent)


def test_prompts_of_all_five_seeds_cite_only_ids_of_the_source(tmp_path: Path) -> None:
    done = retest("prompt", "seeds", "--source", "catalogue", "--out", str(tmp_path / "out"), home=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    texts = [path.read_text() for path in sorted((tmp_path / "out").glob("*.prompt.md"))]
    assert len(texts) == 5
    known = {json.loads(line)["id"] for line in (SEEDS.parent / "retest/data/catalogue.jsonl").read_text().splitlines()}
    cited = {i for text in texts for i in re.findall(r"arXiv:(\d{4}\.\d{5})", text)}
    assert cited and cited <= known


def test_several_prompts_need_a_folder(tmp_path: Path) -> None:
    done = retest("prompt", "seeds", "--source", "catalogue", home=tmp_path)
    assert (done.returncode, "--out" in done.stderr, done.stdout) == (2, True, "")


def test_diff_shows_the_prompt_beside_the_one_that_the_seed_carries(tmp_path: Path) -> None:
    done = retest("prompt", "seeds/001_7edcf3807749af62.txt", "--source", "catalogue", "--diff", home=tmp_path)
    assert done.returncode == 0
    assert "--- seeds/001_7edcf3807749af62.txt (carried)\n+++ retest prompt\n" in done.stdout
    assert "(LIMA, ~2024)" in done.stdout and "(LIMA, ~2023)" in done.stdout


def test_diff_finds_a_seed_that_lies_outside_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_bytes((SEEDS / "001_7edcf3807749af62.txt").read_bytes())
    done = retest("prompt", str(tmp_path / "mine.txt"), "--source", "catalogue", "--diff", home=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "--- mine.txt (carried)")


def test_claims_check_exits_4_on_findings_and_0_without(tmp_path: Path) -> None:
    done = retest("claims", "seeds", "--source", "catalogue", "--check", "--json", home=tmp_path)
    told = json.loads(done.stdout)
    assert (done.returncode, len(told["claims"])) == (4, 23)
    lines = [(f["file"][6:9], f["line"], f["kind"]) for f in told["findings"]]
    assert ("001", 61, "year") in lines and ("001", 71, "anchor-unused") in lines and ("002", 8, "answered") in lines
    careful = retest("claims", "tests/seeds_written/rule-files.md", "--source", "catalogue", "--check", home=tmp_path)
    assert (careful.returncode, careful.stdout.count("line ")) == (0, 0)
