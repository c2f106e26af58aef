"""Reads flags, environment and settings file once into one frozen `Settings`."""

from __future__ import annotations

import calendar
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

import platformdirs
from pydantic import SecretStr

from retest.errors import InputError
from retest.models import State, Value

SourceName = Literal["auto", "arxiv", "catalogue", "library"]
JudgeName = Literal["auto", "llm", "embedded"]
DEFAULT_MODEL = "gpt-5.6-luna"
DEFAULT_ARXIV_URL = "https://export.arxiv.org/api/query"
DEFAULT_OAI_URL = "https://oaipmh.arxiv.org/oai"

_ENVIRONMENT = {
    "model": "RETEST_MODEL",
    "arxiv_url": "RETEST_ARXIV_URL",
    "oai_url": "RETEST_OAI_URL",
    "arxiv_delay": "RETEST_ARXIV_DELAY",
    "home": "RETEST_HOME",
    "api_key": "OPENAI_API_KEY",
    "base_url": "OPENAI_BASE_URL",
}
_FILE_KEYS = {"since", "out", "source", "judge", "model", "candidates", "concurrency", "fail_on", "arxiv_delay"}
"""What a settings file may say. Never an address or a key: a cloned repository must not be able to send a key elsewhere."""
FIRST_YEAR, LAST_YEAR = 1991, 2199
"""arXiv's first year, and one before which arithmetic with days cannot leave the calendar."""
_SPAN = re.compile(r"(?P<count>\d{1,4})\s*(?P<unit>d|w|mo|y)", re.IGNORECASE)


class Settings(Value):
    """Everything a command may depend on, already checked."""

    since: str = "6mo"
    as_of: date | None = None
    """None: today, or the catalogue's date when that is the source."""
    out: Path = Path("outputs")
    source: SourceName = "auto"
    judge: JudgeName = "auto"
    model: str = DEFAULT_MODEL
    candidates: int = 20
    concurrency: int = 8
    fresh: bool = False
    fail_on: tuple[str, ...] = ()
    arxiv_url: str = DEFAULT_ARXIV_URL
    oai_url: str = DEFAULT_OAI_URL
    arxiv_delay: float = 3.0
    home: Path = Path()
    api_key: SecretStr | None = None
    base_url: str | None = None

    @property
    def judge_kind(self) -> Literal["llm", "embedded"]:
        """`auto` is the LLM where a key or a base URL is configured."""
        if self.judge == "auto":
            return "llm" if self.api_key or self.base_url else "embedded"
        return self.judge


def load_settings(flags: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> Settings:
    """Flag, then environment, then `retest.toml` or `[tool.retest]` in `folder`, then default.

    Flags that were not given are None. Raises InputError with the place and the remedy.
    """
    from_file = _settings_file(folder)
    from_environment = {
        name: environment[variable] for name, variable in _ENVIRONMENT.items() if environment.get(variable)
    }
    given = from_file | from_environment | {name: value for name, value in flags.items() if value is not None}
    home = given.get("home") or platformdirs.user_cache_dir("retest", appauthor=False)
    return _checked(given | {"home": Path(home).expanduser()})


def _settings_file(folder: Path) -> dict[str, Any]:
    for name, table in (("retest.toml", ()), ("pyproject.toml", ("tool", "retest"))):
        path = folder / name
        if not path.is_file():
            continue
        try:
            values: Any = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            if table:
                continue  # another tool's file: its owner will hear of it elsewhere
            raise InputError(f"{name}: not valid TOML ({error}); mend it or remove it") from error
        for key in table:
            values = values.get(key, {}) if isinstance(values, dict) else {}
        if values or not table:
            return _known_keys(values, name)
    return {}


def _known_keys(values: Any, name: str) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise InputError(f"{name}: tool.retest is not a table; write [tool.retest] above the settings")
    found = {key.replace("-", "_"): value for key, value in values.items()}
    for key in found:
        if key not in _FILE_KEYS:
            known = ", ".join(sorted(k.replace("_", "-") for k in _FILE_KEYS))
            raise InputError(f"{name}: {key!r} is not a setting that a file may give; it may give {known}")
    return found


def _checked(given: dict[str, Any]) -> Settings:
    given["source"] = _one_of("--source", given.get("source", "auto"), get_args(SourceName))
    given["judge"] = _one_of("--judge", given.get("judge", "auto"), get_args(JudgeName))
    given["candidates"] = _count("--candidates", given.get("candidates", 20))
    given["concurrency"] = _count("--concurrency", given.get("concurrency", 8))
    given["arxiv_delay"] = _seconds("RETEST_ARXIV_DELAY", given.get("arxiv_delay", 3.0))
    given["fail_on"] = _conditions(given.get("fail_on", ()))
    for name in ("arxiv_url", "oai_url", "base_url"):
        if given.get(name):
            _http_address(_ENVIRONMENT[name], str(given[name]))
    given["out"] = Path(_text("--out", given.get("out", "outputs")))
    given["model"] = _text("--model", given.get("model", DEFAULT_MODEL))
    if isinstance(given.get("as_of"), str):
        given["as_of"] = parse_day("--as-of", given["as_of"])
    given["since"] = str(given.get("since", "6mo"))  # a settings file may give it as TOML's own date
    window_start(given["since"], date(2026, 1, 1))
    return Settings.model_validate(given)


def _one_of(name: str, value: object, known: tuple[str, ...]) -> str:
    if value not in known:
        raise InputError(f"{name} {value}: not known; use {', '.join(known[:-1])} or {known[-1]}")
    return str(value)


def _text(name: str, value: object) -> str:
    if not isinstance(value, (str, Path)) or not str(value).strip():
        raise InputError(f"{name} {value}: not a text; write it in quotes")
    return str(value)


def _count(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1000:
        raise InputError(f"{name} {value}: not a number from 1 to 1000")
    return value


def _seconds(name: str, value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 600:
        raise InputError(f"{name}={value}: not a number of seconds from 0 to 600")
    return seconds


def _conditions(value: object) -> tuple[str, ...]:
    """The conditions of `--fail-on`: states, and `misstated`."""
    parts = (
        value.split(",")
        if isinstance(value, str)
        else list(value)
        if isinstance(value, (list, tuple))
        else [str(value)]
    )
    known = (*get_args(State), "misstated")
    for part in (cleaned := [str(part).strip() for part in parts if str(part).strip()]):
        if part not in known:
            raise InputError(f"--fail-on {part}: not known; use any of {', '.join(known)}, with commas between")
    return tuple(dict.fromkeys(cleaned))


def _http_address(name: str, value: str) -> None:
    try:
        parts = urlsplit(value)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an open bracket, a port that is none
        is_address = False
    if not is_address:
        raise InputError(f"{name}={value}: not an http(s) address; write it as https://host/path")


def parse_day(name: str, value: str) -> date:
    """An ISO day, `2026-02-01`."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise InputError(f"{name} {value}: not a day; write it as 2026-02-01") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InputError(f"{name} {value}: arXiv has no papers of that day; give one from {FIRST_YEAR} on")
    return day


def window_start(since: str, as_of: date) -> date:
    """The first day of the recent window that ends on `as_of`: `90d`, `2w`, `6mo`, `1y` back from it, or the day itself."""
    match = _SPAN.fullmatch(since.strip())
    if match:
        count, unit = int(match["count"]), match["unit"].lower()
        try:
            if unit in ("d", "w"):
                return as_of - timedelta(days=count * (7 if unit == "w" else 1))
            return _months_before(as_of, count * (12 if unit == "y" else 1))
        except (OverflowError, ValueError):
            raise InputError(f"--since {since}: longer ago than a calendar reaches") from None
    try:
        return date.fromisoformat(since)
    except ValueError:
        raise InputError(f"--since {since}: not a span or a day; write 90d, 2w, 6mo, 1y or 2026-02-01") from None


def recent_since(since: str, as_of: date) -> date:
    """The first day of the recent window. Raises InputError for one that begins after the day of the audit."""
    start = window_start(since, as_of)
    if start > as_of:
        raise InputError(f"--since {since}: lies after the day of the audit, {as_of}; give an earlier day")
    return start


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def environment() -> dict[str, str]:
    """The process's environment: read here and nowhere else."""
    return dict(os.environ)
