"""Settings are read once: flag, environment, file, default; and what cannot be is refused in one sentence."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retest.errors import InputError
from retest.settings import load_settings, parse_day, window_start

DAY = date(2026, 8, 31)


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    (tmp_path / "retest.toml").write_text('model = "filed"\nsince = "1y"\ncandidates = 7\n')
    settings = load_settings({"model": "flagged", "since": None}, {"RETEST_MODEL": "environed"}, tmp_path)
    assert (settings.model, settings.since, settings.candidates, settings.concurrency) == ("flagged", "1y", 7, 8)
    assert load_settings({}, {"RETEST_MODEL": "environed"}, tmp_path).model == "environed"
    assert load_settings({}, {"RETEST_MODEL": ""}, tmp_path).model == "filed"


def test_retest_toml_beats_the_table_in_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.retest]\nsince = "2y"\nfail-on = ["overturned"]\n')
    assert load_settings({}, {}, tmp_path).fail_on == ("overturned",)
    (tmp_path / "retest.toml").write_text('since = "1y"\n')
    assert load_settings({}, {}, tmp_path).since == "1y"


def test_pyproject_of_another_project_is_nobodys_settings(tmp_path: Path) -> None:
    for text in ("", "[tool.ruff]\nline-length = 9\n", "tool = 5\n", "not toml at all"):
        (tmp_path / "pyproject.toml").write_text(text)
        assert load_settings({}, {}, tmp_path).since == "6mo"


def test_day_that_toml_reads_as_a_date_is_a_day(tmp_path: Path) -> None:
    (tmp_path / "retest.toml").write_text("since = 2026-02-01\n")
    assert load_settings({}, {}, tmp_path).since == "2026-02-01"


@pytest.mark.parametrize("key", ["api_key", "base-url", "arxiv_url", "home", "sinse"])
def test_cloned_repository_cannot_name_a_key_or_an_address(tmp_path: Path, key: str) -> None:
    (tmp_path / "retest.toml").write_text(f'{key} = "https://elsewhere.example"\n')
    with pytest.raises(
        InputError, match=r"retest\.toml: .* is not a setting that a file may give; it may give .*since"
    ):
        load_settings({}, {}, tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("since = [", "retest.toml: not valid TOML"),
        ('since = "soon"', "--since soon: not a span or a day"),
        ("since = 5", "--since 5: not a span or a day"),
        ('candidates = "many"', "--candidates many: not a number from 1 to 1000"),
        ("candidates = true", "--candidates True: not a number from 1 to 1000"),
        ("out = 5", "--out 5: not a text"),
        ("model = 5", "--model 5: not a text"),
        ('source = "bing"', "--source bing: not known; use auto, arxiv, catalogue or library"),
        ("judge = 1", "--judge 1: not known; use auto, llm or embedded"),
        ("fail_on = 5", "--fail-on 5: not known"),
        ('arxiv-delay = "quick"', "RETEST_ARXIV_DELAY=quick: not a number of seconds from 0 to 600"),
        ("arxiv-delay = nan", "RETEST_ARXIV_DELAY=nan"),
    ],
)
def test_file_that_says_something_else_is_refused_in_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "retest.toml").write_text(text + "\n")
    with pytest.raises(InputError) as caught:
        load_settings({}, {}, tmp_path)
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value).replace("(", "").rstrip()


def test_table_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool]\nretest = 5\n")
    with pytest.raises(InputError, match=r"tool\.retest is not a table"):
        load_settings({}, {}, tmp_path)


@pytest.mark.parametrize(
    "address", ["ftp://host", "export.arxiv.org", "http://", "http://[", "http://host:99999", "javascript:1"]
)
def test_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    for variable in ("RETEST_ARXIV_URL", "RETEST_OAI_URL", "OPENAI_BASE_URL"):
        with pytest.raises(InputError, match=f"^{variable}=.*: not an http"):
            load_settings({}, {variable: address}, tmp_path)


def test_key_is_never_shown(tmp_path: Path) -> None:
    settings = load_settings({}, {"OPENAI_API_KEY": "sk-secret"}, tmp_path)
    assert "secret" not in f"{settings} {settings!r} {settings.model_dump_json()}"
    assert settings.api_key is not None and settings.api_key.get_secret_value() == "sk-secret"


def test_judge_is_a_model_only_where_one_is_configured(tmp_path: Path) -> None:
    assert load_settings({}, {}, tmp_path).judge_kind == "embedded"
    assert load_settings({}, {"OPENAI_API_KEY": "k"}, tmp_path).judge_kind == "llm"
    assert load_settings({}, {"OPENAI_BASE_URL": "http://127.0.0.1:1"}, tmp_path).judge_kind == "llm"
    assert load_settings({"judge": "embedded"}, {"OPENAI_API_KEY": "k"}, tmp_path).judge_kind == "embedded"


def test_conditions_come_apart_at_commas_once_each(tmp_path: Path) -> None:
    assert load_settings({"fail_on": "overturned, misstated,,overturned"}, {}, tmp_path).fail_on == (
        "overturned",
        "misstated",
    )
    with pytest.raises(InputError, match="--fail-on broken: not known; use any of upheld"):
        load_settings({"fail_on": "overturned,broken"}, {}, tmp_path)


@pytest.mark.parametrize(
    ("since", "first"),
    [
        ("90d", date(2026, 6, 2)),
        ("2w", date(2026, 8, 17)),
        ("6mo", date(2026, 2, 28)),
        ("6MO", date(2026, 2, 28)),
        ("1y", date(2025, 8, 31)),
        (" 1 y ", date(2025, 8, 31)),
        ("0d", DAY),
        ("18mo", date(2025, 2, 28)),
        ("2026-02-01", date(2026, 2, 1)),
    ],
)
def test_window_starts_to_the_day(since: str, first: date) -> None:
    assert window_start(since, DAY) == first


def test_year_before_a_leap_day_is_the_last_of_february() -> None:
    assert window_start("1y", date(2024, 2, 29)) == date(2023, 2, 28)


@pytest.mark.parametrize(
    "since", ["yesterday-ish", "", "6", "mo", "-6mo", "6 months", "1.5y", "2026-13-01", "9999y", "99999d"]
)
def test_window_that_is_none_is_refused_with_the_remedy(since: str) -> None:
    with pytest.raises(InputError, match=r"^--since"):
        window_start(since, DAY)


@given(st.text(max_size=12))
def test_any_words_for_a_window_give_a_day_or_one_sentence(since: str) -> None:
    try:
        assert isinstance(window_start(since, DAY), date)
    except InputError as error:
        assert str(error).startswith("--since")


@pytest.mark.parametrize(
    "day", ["tomorrow", "2026-02-30", "2026", "31.08.2026", "0001-01-01", "9999-12-31", "1990-12-31"]
)
def test_day_of_the_audit_is_one_on_which_arxiv_could_have_papers(day: str) -> None:
    with pytest.raises(InputError, match=r"^--as-of"):
        parse_day("--as-of", day)
