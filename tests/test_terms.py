"""Telling words, names and numbers: the small change that every stage pays with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retest.terms import (
    coverage,
    likeness,
    names,
    numbers,
    profile,
    sentence_spans,
    stem,
    stems,
    telling,
    weight,
    words,
)


def told(text: str) -> list[tuple[float, str]]:
    return [(number.value, number.unit) for number in numbers(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4M pairs", [(4_000_000, "")]),
        ("26K queries over 70+ models", [(26_000, ""), (70, "")]),
        ("1,000 examples", [(1000, "")]),
        ("3 billion tokens", [(3e9, "")]),
        ("a 3-fold gain, 2x faster, 5 times", [(3, "x"), (2, "x"), (5, "x")]),
        ("77.5% below", [(77.5, "%")]),
        (r"43\% and 12 percentage points", [(43, "%"), (12, "%")]),
        ("88-91% of the gap", [(88, "%"), (91, "%")]),
        ("88–91%", [(88, "%"), (91, "%")]),
        ("GPT-4 and Llama-3 and o1", []),
        ("version 2.5.1", [(2.5, "")]),
    ],
)
def test_number_is_read_with_its_scale_and_unit(text: str, expected: list[tuple[float, str]]) -> None:
    assert told(text) == expected


def test_number_knows_where_it_stands() -> None:
    text = "It wins by 77.5% here."
    (number,) = numbers(text)
    assert text[number.start : number.end] == "77.5%"


def test_names_are_told_by_their_shape_and_come_once() -> None:
    assert names("MAGPIE and IFScale use Llama-3 and o1; MAGPIE again, while Controlled tests do not") == (
        "MAGPIE", "IFScale", "Llama-3", "o1",
    )  # fmt: skip


def test_hyphen_separates_words_and_stop_words_have_no_stem() -> None:
    assert words("The Fine-Tuned model’s") == ["the", "fine", "tuned", "model’s"]
    assert stems("the of and") == []
    assert stems("tuning tuned tunes") == ["tune"] * 3


def test_rare_word_weighs_more_than_a_common_one() -> None:
    assert weight(stem("sycophancy")) > weight(stem("language")) > weight(stem("model")) > 0


def test_telling_words_are_the_heaviest_whole_words_one_per_stem() -> None:
    found = telling("Models show sycophancy; sycophantic model outputs in the sycophancy test", 3)
    assert found[0] in ("sycophancy", "sycophantic")
    assert len({stem(word) for word in found}) == len(found) == 3


def test_coverage_and_likeness_run_from_nothing_to_all() -> None:
    wanted = profile("small ponds freeze")
    assert coverage(wanted, stems("ponds that are small will freeze")) == pytest.approx(1)
    assert coverage(wanted, []) == coverage({}, ["pond"]) == 0
    assert likeness(wanted, wanted) == pytest.approx(1)
    assert likeness(wanted, profile("large rivers")) == likeness({}, {}) == 0


def test_stems_are_the_same_from_many_threads() -> None:
    asked = ["ponds", "freezing", "generalization", "alignments", "sycophantic"] * 200
    stem.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(stem, asked))
    stem.cache_clear()
    assert found == [stem(word) for word in asked]


def test_sentence_ends_at_its_stop_and_not_at_an_abbreviation() -> None:
    text = 'Ponds freeze, e.g. In May. See Smith et al. For more. "They thaw." Then 5.5% stay.'
    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "Ponds freeze, e.g. In May.",
        "See Smith et al. For more.",
        '"They thaw."',
        "Then 5.5% stay.",
    ]


@given(st.text(alphabet="aB. !?\n\"')5", max_size=60))
def test_sentences_are_in_order_apart_and_leave_out_only_white_space(text: str) -> None:
    end = 0
    for start, stop in sentence_spans(text):
        assert text[end:start].strip() == ""
        assert end <= start < stop <= len(text)
        end = stop
    assert text[end:].strip() == ""
