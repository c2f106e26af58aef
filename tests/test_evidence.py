"""A stance counts with a quote that stands in the paper, and otherwise not at all."""

from __future__ import annotations

from itertools import permutations

from fakes import paper

from retest.evidence import weigh
from retest.models import Abstained, Answer, Judgement, NotJudged

TEXT = "We watch forty ponds. The small ones freeze first, by 3.5 days."
POND = paper("2501.00001", "Ponds", TEXT, "2025-01-02")


def judged(stance: str = "supports", quote: str = "The small ones freeze first", **more: object) -> Judgement:
    return Judgement.model_validate({"stance": stance, "quote": quote, "reason": "It says so."} | more)


def test_located_quote_is_evidence_with_its_span() -> None:
    (item,) = weigh([(POND, judged(strength=2))]).evidence
    assert TEXT[item.quote.start : item.quote.end] == item.quote.text == "The small ones freeze first"
    assert (item.stance, item.voice, item.strength, item.reason) == ("supports", "asserted", 2, "It says so.")


def test_invented_quote_is_not_judged_and_counts_for_nothing() -> None:
    weighed = weigh([(POND, judged("overturns", "Large ponds freeze first", strength=3))])
    assert (weighed.evidence, weighed.not_judged) == ((), 1)
    assert weighed.unplaced[0].reason == (
        "not judged: the quote it gave does not stand in the paper, which reads “small ones freeze first, by 3.5 days.”"
    )
    bare = weigh([(POND.model_copy(update={"text": " "}), judged("overturns", "Large ponds freeze first"))])
    assert bare.unplaced[0].reason == "not judged: its quote cannot be checked: the paper's record has no text"


def test_stance_without_a_quote_counts_for_nothing() -> None:
    assert weigh([(POND, judged("overturns", ""))]).evidence == ()


def test_quote_of_another_paper_is_not_this_papers() -> None:
    other = paper("2501.00002", "Lakes", "Lakes freeze last.", "2025-01-02")
    assert weigh([(other, judged())]).evidence == ()


def test_neutral_paper_leaves_no_trace() -> None:
    weighed = weigh([(POND, judged("neutral", ""))])
    assert (weighed.evidence, weighed.unplaced, weighed.not_judged) == ((), (), 0)


def test_abstaining_is_not_the_same_as_not_being_judged() -> None:
    answers: list[Answer] = [
        Abstained(reason="two settings", quote="forty ponds"),
        NotJudged(reason="the reply broke off"),
    ]
    weighed = weigh((POND, answer) for answer in answers)
    assert weighed.not_judged == 1
    assert [(u.reason, u.quote.text if u.quote else None) for u in weighed.unplaced] == [
        ("two settings", "forty ponds"),
        ("not judged: the reply broke off", None),
    ]


def test_abstention_that_misquotes_is_kept_without_the_quote() -> None:
    (item,) = weigh([(POND, Abstained(reason="odd", quote="nowhere to be read"))]).unplaced
    assert item.quote is None


def test_order_is_asserted_strong_against_new_then_id_whatever_came_first() -> None:
    def at(number: int, day: str) -> object:
        return paper(f"2501.0000{number}", "Ponds", TEXT, day)

    pairs = [
        (at(1, "2025-03-01"), judged("overturns", strength=2)),
        (at(2, "2025-02-01"), judged("relaxes", strength=2)),
        (at(3, "2025-03-01"), judged("supports", strength=2)),
        (at(4, "2025-02-01"), judged("supports", strength=2)),
        (at(5, "2025-02-01"), judged("supports", strength=2)),
        (at(6, "2025-03-01"), judged("overturns", strength=3, voice="reported")),
    ]
    for order in list(permutations(pairs))[::97]:
        assert [e.paper.arxiv_id[-1] for e in weigh(order).evidence] == list("123456")  # type: ignore[arg-type]
