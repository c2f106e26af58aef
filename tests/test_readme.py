"""The README's first lines of code are the two commands that `.ci/run` runs, and what it names exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def first_fence() -> list[str]:
    found = re.search(r"^```\w*\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert found
    return found[1].splitlines()


def test_first_lines_of_code_are_the_main_job_and_the_tests() -> None:
    main_job, tests = first_fence()
    assert main_job.endswith("retest run seeds/ --since 6mo") and tests.endswith("-m pytest")
    assert all(line.startswith("python3 -m venv .venv && .venv/bin/pip install") for line in (main_job, tests))


def test_every_command_in_the_table_is_a_command() -> None:
    told = subprocess.run([sys.executable, "-m", "retest", "--help"], capture_output=True, text=True, check=True).stdout
    for name in set(re.findall(r"`retest (\w+)", README)):
        assert re.search(rf"\b{name}\b", told), name


def test_every_page_that_the_readme_links_to_is_there() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / target).exists(), target


def test_seed_of_the_readme_is_read_and_its_papers_found_offline() -> None:
    from datetime import date

    from retest.seeds import parse_seed
    from retest.sources.catalogue import CatalogueSource
    from retest.tracing import trace

    seed = parse_seed(re.search(r"```markdown\n(.*?)```", README, re.DOTALL)[1], "readme.md")  # type: ignore[index]
    traced = trace([seed], CatalogueSource(), date(2026, 8, 31))
    assert [paper.arxiv_id for item in traced.claims for paper in item.papers] == ["2305.11206", "2406.08464"]
    assert traced.findings() == []


def test_report_that_the_readme_quotes_reads_so() -> None:
    report = (ROOT / "outputs" / "000_19bdc5ad0b9cd81e.md").read_text(encoding="utf-8").replace("\\.", ".")
    quoted = [line.removeprefix("> ") for line in README.splitlines() if line.startswith("> ")]
    assert len(quoted) > 5
    for line in quoted:
        assert line.removeprefix("#") in report, line


def test_settings_page_tells_every_setting_and_its_default() -> None:
    from retest.settings import _ENVIRONMENT, _FILE_KEYS, Settings

    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for variable in _ENVIRONMENT.values():
        assert f"`{variable}`" in page, variable
    for key in _FILE_KEYS:
        assert f"`--{key.replace('_', '-')}`" in page or f"`{key.replace('_', '-')}`" in page, key
    defaults = Settings()
    for key, value in (("since", "since"), ("source", "source"), ("judge", "judge"), ("out", "out")):
        assert f"| `--{key}` | | `{getattr(defaults, value)}` |" in page, key
    assert f"| `{defaults.model}` |" in page and f"| {defaults.candidates} | papers" in page
    assert f"| {defaults.concurrency} | claims" in page and f"| {defaults.arxiv_delay:g} | seconds" in page
