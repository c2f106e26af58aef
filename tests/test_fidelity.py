"""A claim is held against its own paper: what differs is shown with both sentences, what cannot be seen is said."""

from __future__ import annotations

import pytest
from fakes import claim, paper

from retest.fidelity import differences, fidelity
from retest.models import Anchor, Anchored, Claim, Paper, Unanchored

PONDS = paper(
    "2305.00001",
    "Shallow Ponds Freeze First",
    "We watch 412 ponds over nine winters in Finland. We find that deeper ponds tend to lose their fish later. "
    "Shallow ponds freeze with 71% probability before midwinter, and shade reduces algae growth in summer. "
    "Our thermometers, trained on GPT-4 readings, agree with divers.",
    "2023-05-18",
    text_kind="abstract",
)
BASELINE = paper(
    "2305.00002",
    "Do Ducks Read Signs?",
    "We put up signs without words, and signs with wrong words. Ducks led by them swim as well as those led by full signs. "
    "Furthermore, we set a random baseline on few-shot crossing tasks, where it reaches 42.6% and trained ducks 43%. "
    "Untrained ducks reach 30%.",
    "2023-05-18",
    text_kind="abstract",
)


def told(text: str) -> Claim:
    return claim("What do ponds do?", text)


def kinds(text: str, anchor: Paper = PONDS) -> list[tuple[str, bool]]:
    return [(difference.kind, difference.is_certain) for difference in differences(told(text), [anchor])]


def status(text: str, anchor: Paper = PONDS) -> str:
    return fidelity(told(text), Anchored(anchors=(Anchor(paper=anchor, score=1.0, found_by="search"),))).status


def test_hedge_lost_on_the_way_is_misstated_with_both_sentences() -> None:
    (lost,) = differences(told("Deeper ponds lose their fish later."), [PONDS])
    assert lost.kind == "hedge"
    assert "“Deeper ponds lose their fish later.”" in lost.message
    assert "“We find that deeper ponds tend to lose their fish later.”" in lost.message


def test_hedge_kept_in_other_words_is_no_difference() -> None:
    assert kinds("Deeper ponds often lose their fish later.") == []
    assert kinds("Deeper ponds may lose their fish later.") == []


def test_hedge_about_another_matter_is_no_difference() -> None:
    assert kinds("Ponds freeze.") == []


def test_another_number_for_the_same_thing_is_misstated() -> None:
    assert kinds("Shallow ponds freeze with 81% probability before midwinter.") == [("number", True)]


def test_number_of_another_thing_in_a_sentence_alike_is_no_difference() -> None:
    pruned = "Pruning keeps 95% accuracy while running 3x faster and halving memory."
    claimed = "Pruning keeps 95% accuracy with 2x less memory."
    assert kinds(claimed, PONDS.model_copy(update={"text": pruned})) == []
    assert status(claimed, PONDS.model_copy(update={"text": pruned})) == "unchecked"
    assert (
        kinds("Pruning keeps 95% accuracy and gives 2x compression.", PONDS.model_copy(update={"text": pruned})) == []
    )
    less = PONDS.model_copy(update={"text": pruned.replace("running 3x faster", "needing 3x less memory")})
    assert kinds(claimed, less) == [("number", True)]


def test_rounded_number_is_the_same_number() -> None:
    precise = PONDS.model_copy(update={"text": PONDS.text.replace("71%", "70.8%")})
    assert kinds("Shallow ponds freeze with 71% probability before midwinter.", precise) == []


def test_number_that_the_text_lacks_is_unchecked_and_said() -> None:
    found = fidelity(
        told("Eels winter in 19% of wells."), Anchored(anchors=(Anchor(paper=PONDS, score=1, found_by="search"),))
    )
    assert (found.status, found.notes) == ("unchecked", ("19%: not in the abstract of arXiv:2305.00001 as we have it",))


def test_abstract_that_breaks_off_is_said_to() -> None:
    cut = PONDS.model_copy(update={"text": PONDS.text[:60]})
    found = fidelity(
        told("Ponds freeze in 71% of winters."), Anchored(anchors=(Anchor(paper=cut, score=1, found_by="search"),))
    )
    assert found.notes == ("71%: not in the abstract of arXiv:2305.00001 as we have it, which breaks off",)


def test_direction_reversed_is_misstated() -> None:
    assert kinds("Shade increases algae growth in summer.") == [("direction", True)]


@pytest.mark.parametrize(
    "text",
    ["Shade lowers algae growth in summer.", "Shade does not increase algae growth in summer.", "Heat increases ice."],
)
def test_same_direction_in_other_words_is_no_difference(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize(
    "abstract",
    [
        "We find that ablating shade increases algae growth in summer.",
        "Removing shade increases algae growth in summer.",
        "Lack of shade increases algae growth in summer.",
        "When shade is removed, ponds increase algae growth in summer.",
        "Ponds without shade increase algae growth in summer.",
        "Reducing shade increases algae growth in summer.",
    ],
)
def test_what_happens_without_a_thing_does_not_contradict_what_the_thing_does(abstract: str) -> None:
    shade = "Shade reduces algae growth in summer."
    assert status(shade, PONDS.model_copy(update={"text": abstract})) == "unchecked"
    assert kinds(abstract.replace("increase", "reduce"), PONDS.model_copy(update={"text": shade})) == []
    increases = PONDS.model_copy(update={"text": shade.replace("reduces", "increases")})
    assert kinds(abstract.replace("increase", "reduce"), increases) == []


def test_other_models_than_the_papers_are_misstated() -> None:
    assert kinds("Thermometers trained on Llama readings agree with divers.") == [("population", True)]
    assert kinds("Thermometers trained on GPT-4 readings agree with divers.") == []


@pytest.mark.parametrize(
    ("text", "abstract"),
    [
        ("Readers opt for fluent answers.", "Llama 2 writes answers that readers trust."),
        ("Bloom's taxonomy orders the questions.", "We let GPT-4 order the questions."),
        ("Falcon eyes are sharp. Claude Shannon knew.", "We let GPT-4 look at eyes."),
        ("GPT models invent citations.", "We test ChatGPT and LLaMA-2 on citations."),
        ("GPT-4 invents citations.", "We test ChatGPT and Claude on citations."),
        ("GPT-4 invents citations.", "We test InstructGPT and Claude on citations."),
        ("Llama models invent citations.", "We test CodeLlama and GPT-4 on citations."),
        ("The citations of Llama are invented.", "We test Vicuna and GPT-4 on citations."),
        ("The citations of OPT are invented.", "We adopt GPT-4 and opt-175b for citations."),
    ],
)
def test_word_that_is_no_models_name_and_model_of_the_same_family_are_no_difference(text: str, abstract: str) -> None:
    assert kinds(text, PONDS.model_copy(update={"text": abstract})) == []


@pytest.mark.parametrize(
    "text", ["Llama models invent citations.", "In tests Falcon invents citations.", "OPT invents."]
)
def test_family_written_as_a_name_is_still_held_against_the_papers(text: str) -> None:
    other = PONDS.model_copy(update={"text": "We test ChatGPT and Claude 3 on citations."})
    assert kinds(text, other) == [("population", True)]


def test_numbers_compared_without_their_setting_are_misstated() -> None:
    """arXiv:2305.11383: a library's notes set its 43% and 42.6% side by side as if they were about altered instructions."""
    text = "Signs without words serve as well as full signs, with 43% vs random baseline 42.6%."
    (lost,) = differences(told(text), [BASELINE])
    assert (lost.kind, lost.is_certain) == ("setting", True)
    assert "few-shot crossing tasks" in lost.message
    assert status(text, BASELINE) == "misstated"


def test_numbers_compared_with_their_setting_are_no_difference() -> None:
    text = "On few-shot crossing tasks trained ducks reach 43% vs random baseline 42.6%."
    assert kinds(text, BASELINE) == []


def test_numbers_compared_that_the_text_lacks_leave_it_open_but_tell_of_the_setting() -> None:
    cut = BASELINE.model_copy(update={"text": BASELINE.text.split(", where")[0] + ", and"})
    text = "Signs without words serve as well as full signs, with 43% vs random baseline 42.6%."
    (lost,) = differences(told(text), [cut])
    assert (lost.kind, lost.is_certain) == ("comparison", False)
    assert "which breaks off, has neither number" in lost.message
    assert status(text, cut) == "unchecked"


def test_numbers_that_the_paper_gives_apart_are_misstated_when_compared() -> None:
    assert kinds("Trained ducks reach 43% vs untrained ducks 30%.", BASELINE) == [("comparison", True)]


def test_faithful_needs_every_sentence_number_and_name_in_the_text() -> None:
    assert status("Shallow ponds freeze with 71% probability before midwinter.") == "faithful"
    assert status("Shallow ponds freeze with 71% probability before midwinter. Herons know.") == "unchecked"


@pytest.mark.parametrize(
    ("text", "abstract"),
    [
        (
            "Large models outperform small models on arithmetic.",
            "Here small models outperform large models on arithmetic.",
        ),
        ("Large models outperform small models.", "Large models are outperformed by small models."),
        ("Llama reaches 80% accuracy and Qwen reaches 60%.", "Qwen reaches 80% accuracy and Llama reaches 60%."),
        ("Llama reaches 80% and Qwen reaches 60%.", "Llama reaches 60.2% and Qwen reaches 79.9%."),
        ("Deep ponds freeze before shallow ponds.", "Shallow ponds freeze before deep ponds."),
        ("Deep ponds freeze before shallow ponds.", "Deep ponds freeze after shallow ponds."),
        (
            "Human raters prefer model answers to expert answers.",
            "Human raters prefer expert answers to model answers.",
        ),
    ],
)
def test_claim_that_turns_its_papers_words_round_is_never_faithful(text: str, abstract: str) -> None:
    assert status(text, PONDS.model_copy(update={"text": abstract})) == "unchecked"
    assert status(text, PONDS.model_copy(update={"text": f"We find it again. {text}"})) == "faithful"


def test_denial_of_the_papers_own_words_is_never_faithful() -> None:
    assert status("Shallow ponds do not freeze with 71% probability before midwinter.") == "unchecked"


def test_hedge_of_one_sentence_is_not_asked_of_another() -> None:
    """arXiv:2310.12962 hedges on two scales and says flatly what their combination does."""
    flat = PONDS.model_copy(
        update={"text": f"{PONDS.text} Deeper ponds lose their fish later in every winter, by nine days."}
    )
    assert kinds("Deeper ponds lose their fish later, by nine days in every winter.", flat) == []


def test_number_that_tex_spells_otherwise_is_there() -> None:
    tex = PONDS.model_copy(update={"text": PONDS.text.replace("412 ponds", "1{,}412 ponds").replace("71%", "$71$%")})
    assert kinds("We watch 1,412 ponds. Shallow ponds freeze with 71% probability before midwinter.", tex) == []


def test_claim_without_a_paper_is_unchecked() -> None:
    assert fidelity(told("Ponds freeze."), Unanchored(reason="none")).notes == ("it has no anchor to be held against",)
