"""A quote is found where it stands or it is not printed; what is printed are the text's own characters."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retest.quotes import Differs, Located, Uncheckable, locate


def found(quote: str, text: str) -> str:
    located = locate(quote, text)
    assert isinstance(located, Located), located
    span = located.quote
    assert text[span.start : span.end] == span.text
    return span.text


@pytest.mark.parametrize(
    ("quote", "text", "printed"),
    [
        ("efficient fine-tuning", "An eﬃcient ﬁne-tuning of models.", "eﬃcient ﬁne-tuning"),
        ("full width", "It has ｆｕｌｌ ｗｉｄｔｈ forms.", "ｆｕｌｌ ｗｉｄｔｈ"),
        ("naive Bayes", "We try naïve Bayes.", "naïve Bayes"),
        ("naive Bayes", "We try nai\u0308ve Bayes.", "nai\u0308ve Bayes"),
        ("the cafe", "In the cafe\u0301 they sat.", "the cafe\u0301"),
        ("ponds freeze", "Small PONDS freeze.", "PONDS freeze"),
        ("pretraining data", "The pre\u00adtraining\u200b data.", "pre\u00adtraining\u200b data"),
        ("88-91% of runs", "In 88–91% of runs.", "88–91% of runs"),
        ('the "best" one\'s', "Take the “best” one’s.", "the “best” one’s"),
        ("overfitting happens", "Then over-\nfitting happens.", "over-\nfitting happens"),
        ("small ponds freeze", "small   ponds\n\tfreeze", "small   ponds\n\tfreeze"),
        ("a 5 m pond", r"a 5~m\ pond", r"a 5~m\ pond"),
        ("1000 ponds", r"Over 1\,000 ponds", None),
        ("1 000 ponds", r"Over 1\,000 ponds", r"1\,000 ponds"),
        ("43% better", r"It is 43\% better.", r"43\% better"),
        ("n = 5", "With $n = 5$ ponds.", "$n = 5$"),
        ("x2 ponds", "All x² ponds.", "x² ponds"),
    ],
)
def test_each_fold_that_the_docstring_names_is_found_and_printed_as_it_stands(
    quote: str, text: str, printed: str | None
) -> None:
    if printed is None:
        assert isinstance(locate(quote, text), Differs)
    else:
        assert found(quote, text) == printed


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("5% of ponds", "95% of ponds"),
        ("accuracy of 9", "accuracy of 95"),
        ("accuracy of 9", "accuracy of 9.5"),
        ("accuracy of 9", "accuracy of 9,500"),
        ("5 ponds", "1.5 ponds"),
        ("ponds freeze", "spilled ponds freezers"),
        ("gains 1", "gains ½ point"),
        ("2 point", "gains ½ point"),
    ],
)
def test_passage_that_begins_or_ends_inside_a_word_or_number_is_not_that_passage(quote: str, text: str) -> None:
    assert isinstance(locate(quote, text), Differs)


def test_second_occurrence_is_taken_where_the_first_is_inside_a_number() -> None:
    located = locate("5% of ponds", "Not 95% of ponds, but 5% of ponds.")
    assert isinstance(located, Located)
    assert located.quote.start == 22


def test_quote_with_its_word_changed_says_where_the_text_starts_to_differ() -> None:
    differs = locate("Small ponds never freeze in May.", "Small ponds often freeze in May.")
    assert differs == Differs(agreed="small ponds", reads="often freeze in may.")


def test_what_it_calls_agreed_stands_in_both() -> None:
    differs = locate("The cats sit on the mat today", "Some cats sit on the mat today")
    assert isinstance(differs, Differs)
    assert differs.agreed in "the cats sit on the mat today" and differs.agreed in "some cats sit on the mat today"
    assert differs.reads.startswith("some cats")


@pytest.mark.parametrize("text", ["", " \n "])
def test_no_text_cannot_be_checked_which_is_not_the_same_as_differing(text: str) -> None:
    assert isinstance(locate("ponds", text), Uncheckable)


@pytest.mark.parametrize("quote", ["", "  ", "…", "$", "\u200b", "—"])
def test_empty_quote_is_found_nowhere(quote: str) -> None:
    assert isinstance(locate(quote, "Ponds — freeze … $5 \u200b"), Uncheckable)


pieces = st.sampled_from(
    ["ﬁ", "½", "é", "e\u0301", "\u0301", "-\n", "~", r"\,", "$", "95", "5", ".", " ", "pond", "“", "\u00ad", "İ", "ß"]
)
texts = st.lists(pieces, max_size=12).map("".join)


@given(texts, texts)
def test_span_is_always_the_printed_text(quote: str, text: str) -> None:
    located = locate(quote, text)
    if isinstance(located, Located):
        assert text[located.quote.start : located.quote.end] == located.quote.text != ""


@given(texts)
def test_every_text_with_a_letter_in_it_is_found_in_itself(text: str) -> None:
    located = locate(text, text)
    assert isinstance(located, Located if any(c.isalnum() for c in text) else Uncheckable)


@pytest.mark.parametrize(
    ("quote", "text", "printed"),
    [
        ("x grows with size", "Here $x$ grows with size.", "$x$ grows with size"),
        ("set n to $5$", "We set $n$ to $5$ here.", "set $n$ to $5$"),
        ("grows with size", "Here $x$ grows with size.", "grows with size"),
    ],
)
def test_formula_at_the_edge_of_a_quote_keeps_its_dollar_signs(quote: str, text: str, printed: str) -> None:
    found = locate(quote, text)
    assert isinstance(found, Located) and found.quote.text == printed
    assert text[found.quote.start : found.quote.end] == printed


@pytest.mark.parametrize("text", ["It has a −5% loss.", "It has a -5% loss."])
def test_minus_sign_is_part_of_its_number(text: str) -> None:
    assert not isinstance(locate("5% loss", text), Located)
    assert isinstance(locate(text[9:], text), Located)
    assert isinstance(locate("5 accuracy", "Its top-5 accuracy."), Located)


def test_telling_where_a_hostile_quote_differs_takes_no_time() -> None:
    started = time.process_time()
    assert isinstance(locate("zz " + "ab " * 20_000, "ab " * 20_000), Differs)
    assert time.process_time() - started < 5  # it took minutes
