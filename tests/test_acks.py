"""A person's word counts, and is kept where it can be read and merged."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from fakes import report_of

from retest.acks import Ack, read_acks, to_json, with_ack
from retest.errors import InputError

WORD = Ack(decision="keep", note="Still true for our models.", on=date(2026, 9, 1), state="")


def test_ack_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    acks = with_ack({}, report_of(state="relaxed"), "small-ponds", WORD)
    (tmp_path / "acks.json").write_text(to_json(acks))
    assert read_acks(tmp_path) == {"small-ponds": WORD.model_copy(update={"state": "relaxed"})}


def test_unknown_claim_names_the_nearest_ids() -> None:
    with pytest.raises(InputError, match="did you mean small-ponds"):
        with_ack({}, report_of(), "small-pond", WORD)


def test_no_file_means_no_word_was_given(tmp_path: Path) -> None:
    assert read_acks(tmp_path) == {}


def test_broken_file_is_refused_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "acks.json").write_text("<<<<<<< HEAD")
    with pytest.raises(InputError, match="restore it from git"):
        read_acks(tmp_path)
