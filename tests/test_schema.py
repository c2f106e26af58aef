"""The schema in `docs/` is the one that `verdicts.json` is written by.

After a change of the report's fields, `python tests/test_schema.py` writes it anew.
"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from ponds import Audit

from retest.report import Report

SCHEMA = Path(__file__).parent.parent / "docs" / "verdicts.schema.json"


def text() -> str:
    return json.dumps(Report.model_json_schema(by_alias=True), indent=2, ensure_ascii=False) + "\n"


def test_schema_in_the_repository_is_the_reports_own() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == text()


def test_written_verdicts_are_valid_by_it(audit: Audit, tmp_path: Path) -> None:
    audit()
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    verdicts = json.loads((tmp_path / "out" / "verdicts.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(verdicts)
    assert list(verdicts) == [
        "schema",
        "as_of",
        "since",
        "source",
        "judge",
        "claims",
        "seeds",
        "partial",
        "source_until",
    ]


@pytest.mark.parametrize("spoilt", [{"schema": 5}, {"claims": [{"id": "x"}]}, {"surprise": 1}])
def test_something_else_is_not(audit: Audit, tmp_path: Path, spoilt: dict[str, object]) -> None:
    audit()
    verdicts = json.loads((tmp_path / "out" / "verdicts.json").read_text(encoding="utf-8"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(verdicts | spoilt, json.loads(SCHEMA.read_text(encoding="utf-8")))


if __name__ == "__main__":
    SCHEMA.write_text(text(), encoding="utf-8")
