"""Where a claim stands follows from its evidence, and a false alarm costs more than a late one."""

from __future__ import annotations

import pytest
from fakes import paper
from hypothesis import given
from hypothesis import strategies as st

from retest.models import Evidence, Quote
from retest.verdicts import MOST_CONFIDENT, decide

PAPER = paper("2501.00001", "Ponds", "Ponds freeze.", "2025-01-02")


def saying(told: str) -> list[Evidence]:
    """Evidence in short: `s2 r1 o3 O3`, stance and strength, a capital letter where it is only reported."""
    stances = {"s": "supports", "r": "relaxes", "o": "overturns"}
    return [
        Evidence.model_validate(
            {
                "paper": PAPER,
                "stance": stances[word[0].lower()],
                "voice": "reported" if word[0].isupper() else "asserted",
                "strength": int(word[1]),
                "quote": Quote(text="Ponds", start=0, end=5),
                "reason": "",
            }
        )
        for word in told.split()
    ]


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ("s1", "upheld"),
        ("s3 s2 r2", "upheld"),
        ("s2 r1", "upheld"),
        ("s3 r2", "relaxed"),
        ("r1", "relaxed"),
        ("o3", "overturned"),
        ("o1 o1", "overturned"),
        ("o2", "contested"),
        ("o1", "contested"),
        ("o3 s3", "contested"),
        ("o2 o2 s3 s1", "contested"),
        ("o3 s2", "overturned"),
        ("s3 s3 s3 o1", "contested"),
        ("o3 O3 S3 S3", "overturned"),
        ("s1 O3 O3", "upheld"),
    ],
)
def test_state_follows_from_asserted_evidence(told: str, state: str) -> None:
    assert decide(saying(told), looked_at=20).state == state


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ("s1", "untested"),
        ("s3 s3 s3", "untested"),
        ("s3 s3 s3 r1", "relaxed"),  # whatever it sees of narrowing counts
        ("r1", "relaxed"),
        ("s3 s3 o3", "contested"),
        ("o3", "overturned"),
        ("", "untested"),
    ],
)
def test_judge_that_misses_narrowing_upholds_nothing(told: str, state: str) -> None:
    decision = decide(saying(told), looked_at=20, upholds=False)
    assert decision.state == state
    if state == "untested" and told:
        assert (decision.confidence, decision.absence) == (0.0, "could not judge")


def test_one_finding_of_middling_strength_never_overturns() -> None:
    for told in ("o1", "o2", "o1 r3", "o2 r3 r3"):
        assert decide(saying(told), looked_at=20).state == "contested"


@pytest.mark.parametrize(
    ("told", "counts", "absence"),
    [
        ("", {"looked_at": 20}, "nothing newer found"),
        ("", {"looked_at": 0}, "nothing newer found"),
        ("O3 S3", {"looked_at": 20}, "nothing newer found"),
        ("", {"looked_at": 20, "not_judged": 1}, "could not judge"),
        ("", {"looked_at": 20, "abstained": 1}, "could not judge"),
    ],
)
def test_untested_says_why_and_is_no_support(told: str, counts: dict[str, int], absence: str) -> None:
    decision = decide(saying(told), **counts)
    assert (decision.state, decision.absence) == ("untested", absence)
    assert decision.confidence <= 0.3


def test_search_that_found_nothing_to_look_at_gives_no_confidence() -> None:
    assert decide([], looked_at=0).confidence == 0


@pytest.mark.parametrize(
    ("told", "state", "confidence"),
    [
        ("s3 s3", "upheld", 0.67),  # 6/6 of all weight behind it, times 6/9
        ("s3 s3 r2", "upheld", 0.55),  # 6/8 * 8/11
        ("r2 s2", "relaxed", 0.43),  # half of the support stands behind it too: 3/4 * 4/7
        ("o3", "overturned", 0.4),  # 3/3 * 3/6, times 0.8 for a lone paper
        ("o3 o3", "overturned", 0.67),
        ("o3 r2", "overturned", 0.5),  # half of what narrows stands behind it too: 4/5 * 5/8
        ("o3 s1", "overturned", 0.34),  # 3/4 * 4/7
        ("o2 s2", "contested", 0.57),  # an even match is all contest: 4/4 * 4/7
        ("o2 s1 s3", "contested", 0.56),  # 5/6 * 6/9
    ],
)
def test_confidence_is_the_share_behind_the_state_times_the_mass(told: str, state: str, confidence: float) -> None:
    decision = decide(saying(told), looked_at=20)
    assert (decision.state, decision.confidence) == (state, confidence)


def test_decided_state_names_no_absence() -> None:
    assert decide(saying("s1"), looked_at=20, not_judged=5, abstained=5).absence is None


words = st.lists(st.sampled_from(["s1", "s2", "s3", "r1", "r2", "r3", "o1", "o2", "o3", "S3", "O3"]), max_size=8)


@given(words, st.randoms())
def test_verdict_does_not_depend_on_the_order_of_the_evidence(told: list[str], random: object) -> None:
    shuffled = list(told)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decide(saying(" ".join(told)), looked_at=9) == decide(saying(" ".join(shuffled)), looked_at=9)


@given(words)
def test_confidence_stays_below_certainty(told: list[str]) -> None:
    assert 0 <= decide(saying(" ".join(told)), looked_at=9).confidence <= MOST_CONFIDENT


@given(words, st.sampled_from(["s1", "s2", "s3"]))
def test_more_support_never_makes_an_upheld_claim_less_sure(told: list[str], more: str) -> None:
    before = decide(saying(" ".join(told)), looked_at=9)
    after = decide(saying(" ".join([*told, more])), looked_at=9)
    if before.state == "upheld":
        assert after.state == "upheld" and after.confidence >= before.confidence


@given(words, st.sampled_from(["r1", "r2"]))
def test_what_narrows_an_upheld_claim_never_makes_it_surer(told: list[str], more: str) -> None:
    before = decide(saying(" ".join(told)), looked_at=9)
    after = decide(saying(" ".join([*told, more])), looked_at=9)
    if before.state == after.state == "upheld":
        assert after.confidence <= before.confidence


@given(words, words)
def test_reported_findings_never_move_a_verdict(told: list[str], reported: list[str]) -> None:
    told = [word for word in told if word[0].islower()]
    echo = [word.upper() for word in reported if word[0].islower()]
    with_echo = decide(saying(" ".join([*told, *echo])), looked_at=9)
    assert with_echo == decide(saying(" ".join(told)), looked_at=9)
