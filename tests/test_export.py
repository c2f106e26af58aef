"""What people carry away: BibTeX, CSL-JSON, CSV and SARIF."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from reports import HOSTILE, evidence, hostile_report, record, report, small_report

from retest.cli import app
from retest.errors import InputError
from retest.relocate import relocated
from retest.render.bibtex import bibliography
from retest.render.csl import csl_json
from retest.render.sarif import sarif
from retest.render.table import COLUMNS, verdict_table
from retest.report import Report, cited_papers
from retest.seeds import parse_seed

ESSAY = """# Inquiring line

What lasts?

An essay.

{before}As models grow the first thing holds (Does scale hold?). It is often said.

Sources 2 notes

Does scale hold?

Telling of scale.

Does width hold?

Telling of width.
"""


def results(text: str) -> list[dict[str, Any]]:
    return json.loads(text)["runs"][0]["results"]


def place(result: dict[str, Any]) -> tuple[str, int]:
    where = result["locations"][0]["physicalLocation"]
    return where["artifactLocation"]["uri"], where["region"]["startLine"]


# --- the papers ------------------------------------------------------------------------------------


def test_bibtex_is_read_back_whole_by_another_program() -> None:
    bibtexparser = pytest.importorskip("bibtexparser", reason="bibtexparser reads it back; install the dev extra")
    read = bibtexparser.parse_string(bibliography(hostile_report()))
    assert not read.failed_blocks
    assert [entry.key for entry in read.entries] == [f"arxiv-{i}" for i in cited_papers(hostile_report())]
    assert read.entries[0].fields_dict["eprint"].value == "2403.00001"


def test_csl_names_every_cited_paper_with_its_authors_in_parts() -> None:
    items = json.loads(csl_json(small_report()))
    assert [item["id"] for item in items] == [f"arxiv-{i}" for i in cited_papers(small_report())]
    item = next(item for item in items if item["id"] == "arxiv-2607.00001")
    assert item == {
        "id": "arxiv-2607.00001",
        "type": "article",
        "title": "Paper 2607.00001",
        "author": [
            {"family": "van der Berg", "given": "Ada"},
            {"family": "Li", "given": "Bo"},
            {"literal": "The Large Team"},
        ],
        "issued": {"date-parts": [[2026, 7, 1]]},
        "publisher": "arXiv",
        "number": "arXiv:2607.00001",
        "DOI": "10.48550/arXiv.2607.00001",
        "URL": "https://arxiv.org/abs/2607.00001",
    }


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("OpenAI", {"literal": "OpenAI"}),
        ("Charles X. Ling", {"family": "Ling", "given": "Charles X."}),
        ("Robert Downey Jr.", {"family": "Downey", "given": "Robert", "suffix": "Jr."}),
        ("Laurens van der Maaten", {"family": "van der Maaten", "given": "Laurens"}),
    ],
)
def test_a_name_is_split_only_where_it_has_parts(written: str, parts: dict[str, str]) -> None:
    paper = evidence("2607.00001", "supports", "2026-07-01", authors=(written,))
    items = json.loads(csl_json(report(record("x", "upheld", paper))))
    assert next(item for item in items if item["id"] == "arxiv-2607.00001")["author"] == [parts]


def test_csl_keeps_a_paper_without_authors() -> None:
    paper = evidence("2607.00001", "supports", "2026-07-01", authors=())
    item = json.loads(csl_json(report(record("x", "upheld", paper))))[-1]
    assert "author" not in item


# --- the verdicts ----------------------------------------------------------------------------------


def test_csv_has_a_row_for_each_claim_the_gravest_first() -> None:
    rows = list(csv.DictReader(io.StringIO(verdict_table(small_report()))))
    assert [row["state"] for row in rows] == ["overturned", "contested", "relaxed", "upheld", "untested"]
    first = rows[0]
    assert tuple(first) == COLUMNS
    assert (first["settled_by"], first["overturns"], first["findings"]) == (
        "2607.00001", "2607.00001", "year@seeds/a.md:31",
    )  # fmt: skip
    assert rows[1]["supports"] == "2606.00002"
    assert rows[4]["absence"] == "nothing newer found"


def test_a_spreadsheet_runs_nothing_out_of_a_title() -> None:
    unkind = report(*(record(f"c{i}", "upheld", title=title) for i, title in enumerate((*HOSTILE, "+1", "@x", "-2"))))
    cells = [cell for row in csv.reader(io.StringIO(verdict_table(unkind))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]


# --- SARIF -----------------------------------------------------------------------------------------


def test_the_line_that_cites_a_fallen_claim_is_annotated_and_so_is_its_note() -> None:
    found = [r for r in results(sarif(small_report())) if r["ruleId"] == "cites-overturned"]
    assert [place(result) for result in found] == [("seeds/a.md", 3), ("seeds/a.md", 10)]
    assert found[0]["level"] == "warning"
    assert found[0]["message"]["text"] == (
        "This sentence leans on a claim that is overturned: Does scale hold? "
        "See [arXiv:2607.00001](https://arxiv.org/abs/2607.00001) of 2026-07-01. Confidence 0.70."
    )


def test_upheld_relaxed_and_untested_claims_annotate_nothing() -> None:
    assert {r["ruleId"] for r in results(sarif(small_report()))} == {
        "cites-overturned", "cites-contested", "year", "unanchored",
    }  # fmt: skip


def test_sarif_is_a_log_of_the_published_form() -> None:
    """What the 2.1.0 schema and GitHub's upload ask for; no package here carries the schema itself."""
    log = json.loads(sarif(small_report()))
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({result["ruleId"] for result in run["results"]})
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("warning", "note")
        assert result["message"]["text"]
        assert result["partialFingerprints"]["retest/v1"]
        uri, line = place(result)
        assert line >= 1
        assert not uri.startswith("/")
    prints = [result["partialFingerprints"]["retest/v1"] + str(place(result)) for result in run["results"]]
    assert len(set(prints)) == len(prints)


def test_a_title_makes_no_link_and_no_placeholder_in_a_message() -> None:
    for result in results(sarif(hostile_report())):
        text = result["message"]["text"]
        assert "[click](" not in text
        assert "\\[click\\](javascript" in text
        assert "{{0}}" in text
        assert "\x1b" not in text
        assert place(result)[0] in ("seeds/a%20b%23c.md", "seeds/a.md")


def test_a_new_essay_that_cites_an_overturned_claim_is_annotated_at_its_line_before_any_audit() -> None:
    seed = parse_seed(ESSAY.format(before="A first sentence.\n\n"), "seeds/new.md")
    now = relocated(small_report(), [seed])
    assert [claim.id for claim in now.claims] == ["scale", "width"]
    found = [r for r in results(sarif(now)) if r["ruleId"] == "cites-overturned"]
    assert [place(result) for result in found] == [("seeds/new.md", 9), ("seeds/new.md", 13)]


def test_annotations_keep_their_fingerprints_when_lines_move() -> None:
    def prints(before: str) -> list[str]:
        seed = parse_seed(ESSAY.format(before=before), "seeds/new.md")
        found = results(sarif(relocated(small_report(), [seed])))
        return sorted(r["partialFingerprints"]["retest/v1"] for r in found if r["ruleId"] == "cites-overturned")

    assert prints("") == prints("Much is said here.\n\nAnd more.\n\n")


# --- the command -----------------------------------------------------------------------------------


def exported(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    app(["export", *arguments], standalone_mode=False)
    return capsys.readouterr().out


@pytest.fixture
def verdicts(tmp_path: Path) -> str:
    path = tmp_path / "verdicts.json"
    path.write_text(small_report().to_json(), encoding="utf-8")
    return str(path)


def test_export_writes_to_stdout_or_to_a_file(
    verdicts: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = exported(capsys, "--verdicts", verdicts, "--format", "csv")
    assert text == verdict_table(small_report())
    target = tmp_path / "new" / "v.csv"
    assert exported(capsys, "--verdicts", verdicts, "--format", "csv", "--out", str(target)) == ""
    assert target.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("form", "write"), [("bibtex", bibliography), ("csl", csl_json), ("csv", verdict_table), ("sarif", sarif)]
)
def test_the_same_verdicts_give_the_same_bytes(form: str, write: Any, verdicts: str) -> None:
    assert write(small_report()) == write(Report.model_validate_json(Path(verdicts).read_text(encoding="utf-8")))


def test_an_unknown_format_names_the_known_ones(verdicts: str) -> None:
    with pytest.raises(InputError, match="use bibtex, csl, csv or sarif"):
        app(["export", "--verdicts", verdicts, "--format", "ris"], standalone_mode=False)


def test_export_before_any_run_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run `retest run"):
        app(["export", "--verdicts", str(tmp_path / "none.json")], standalone_mode=False)
