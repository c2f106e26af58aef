"""Promises about reading seeds: every form gives the same notes, and what cannot be read says where and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retest.errors import InputError
from retest.models import Note, Seed
from retest.seeds import (
    SIZE_LIMIT,
    arxiv_ids_in,
    display_names,
    find_seeds,
    fold,
    parse_seed,
    read_seed,
    short_title,
    unique_stems,
    without_ids,
)

SEEDS = sorted((Path(__file__).parent.parent / "seeds").glob("*.txt"))
COUNTS = [6, 8, 6, 8, 8]
CITATIONS = [7, 8, 6, 8, 8]  # seed 000 cites MAGPIE in two sentences

SITE = """INQUIRING LINE

Does format matter?

This explores format.

Models learn format Does tuning teach format?. Does tuning teach format or tasks? finds that tasks are not learned.

Sources 2 notes

Does tuning teach format?

LIMA shows that it does.

Does tuning teach format or tasks?

It teaches tasks to 42.6% of models.

Next inquiring lines
"""


def compact(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if line.strip() and line != "INQUIRING LINE") + "\n"


def curly(text: str) -> str:
    opened = re.sub(r"(^|[\s(—])\"", r"\1“", text, flags=re.MULTILINE).replace('"', "”")
    return re.sub(r"(^|[\s(—])'", r"\1‘", opened, flags=re.MULTILINE).replace("'", "’")


def markdown(text: str) -> str:
    titles = {note.title for note in parse_seed(text, "x.txt").notes}
    lines = text.split("\n")
    question = next(at for at, line in enumerate(lines) if line.endswith("?"))
    for at, line in enumerate(lines):
        if at == question:
            lines[at] = f"# **{line}**"
        elif line in titles:
            lines[at] = f"### _{line}_"
        elif re.fullmatch(r"Sources \d+ notes|Next inquiring lines|Research prompt.*", line):
            lines[at] = f"## {line}"
        else:
            for title in titles:
                line = line.replace(title, f"[*{title}*](https://example.org/note_(1))")
            lines[at] = line
    return "\n".join(lines)


def wrapped(text: str) -> str:
    """As an editor wraps it at 90 characters; list items and headings are shorter or keep their own line."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith(("- ", "(")):
            lines.append(line)
            continue
        while len(line) > 90:
            cut = line[:90].rfind(" ")
            lines.append(line[:cut])
            line = line[cut + 1 :]
        lines.append(line)
    return "\n".join(lines)


VARIANTS = {
    "compact": compact,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "BOM": lambda text: "\ufeff" + text,
    "curly quotes": curly,
    "Markdown": markdown,
    "wrapped": wrapped,
    "compact Markdown": lambda text: compact(markdown(text)),
    "compact CRLF with BOM and curly quotes": lambda text: "\ufeff" + curly(compact(text)).replace("\n", "\r\n"),
}


def bare(text: str) -> str:
    return fold(text)


def told(seed: Seed) -> object:
    """Everything a seed says, without lines, emphasis and the shape of quotes."""
    prompt = seed.prompt
    return (
        bare(seed.question),
        bare(seed.gloss),
        [bare(sentence.text) for sentence in seed.essay],
        [(bare(n.title), bare(n.text), n.stated, n.names, [bare(s.text) for s in n.leaning]) for n in seed.notes],
        prompt
        and (
            bare(prompt.role),
            [(bare(b.text), b.names, b.stated) for b in prompt.bullets],
            [(a.arxiv_id, a.year, bare(a.title)) for a in prompt.anchor_lines],
            [bare(task) for task in prompt.tasks],
        ),
        seed.next_lines,
    )


def refusal(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse_seed(text, "seeds/005.md")
    return str(caught.value)


# --- the five seeds --------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "count"), list(zip(SEEDS, COUNTS, strict=True)), ids=lambda value: str(value)[-24:])
def test_each_of_the_five_seeds_has_all_its_notes_and_each_is_leaned_on(path: Path, count: int) -> None:
    seed = read_seed(path, path.name)
    lines = path.read_text(encoding="utf-8").split("\n")
    assert len(seed.notes) == count
    assert all(note.leaning for note in seed.notes)
    assert seed.question.endswith("?")
    assert seed.gloss.startswith("This explores")
    assert [lines[note.place.line - 1] for note in seed.notes] == [note.title for note in seed.notes]


def test_the_five_seeds_cite_as_often_as_a_reader_counts() -> None:
    seeds = [read_seed(path, path.name) for path in SEEDS]
    assert [sum(len(note.leaning) for note in seed.notes) for seed in seeds] == CITATIONS


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_every_essay_sentence_stands_in_its_line_and_together_they_are_the_essay(path: Path) -> None:
    seed = read_seed(path, path.name)
    lines = path.read_text(encoding="utf-8").split("\n")
    assert all(sentence.text in lines[sentence.place.line - 1] for sentence in seed.essay)
    essay = [line for line in lines[7 : lines.index(f"Sources {len(seed.notes)} notes")] if line]
    assert " ".join(essay) == " ".join(sentence.text for sentence in seed.essay)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", ["seed.txt", "seed.md"])
@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_every_capture_and_encoding_of_a_seed_is_read_the_same(path: Path, name: str, variant: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert told(parse_seed(VARIANTS[variant](text), name)) == told(parse_seed(text, "seed.txt"))


def test_lines_of_the_compact_capture_are_its_own() -> None:
    text = compact(SEEDS[1].read_text(encoding="utf-8"))
    lines = text.split("\n")
    for note in parse_seed(text, "x.txt").notes:
        assert lines[note.place.line - 1] == note.title
        assert all(sentence.text in lines[sentence.place.line - 1] for sentence in note.leaning)


def test_the_prompt_of_seed_001_is_read_in_its_parts() -> None:
    prompt = read_seed(SEEDS[1], "001.txt").prompt
    assert prompt is not None
    assert prompt.place.line == 53
    assert prompt.role.startswith("You are an alignment researcher") and prompt.role.endswith("superseded.")
    assert [(b.names, b.stated and (b.stated.text, b.stated.first, b.stated.last)) for b in prompt.bullets] == [
        (("LIMA",), ("~2024", 2024, 2024)),
        ((), ("~2024", 2024, 2024)),
        (("MAGPIE",), ("~2024", 2024, 2024)),
        ((), ("~2025", 2025, 2025)),
        ((), ("~2024–2025", 2024, 2025)),
    ]
    assert "(43% vs. 42.6% baseline)" in prompt.bullets[1].text
    assert "(alarm, warning, denunciation)" in prompt.bullets[4].text
    assert [bullet.place.line for bullet in prompt.bullets] == [61, 62, 63, 64, 65]
    assert [(a.arxiv_id, a.year, a.title, a.place.line) for a in prompt.anchor_lines] == [
        ("2305.11383", 2023, "Do Models Really Learn to Follow Instructions?", 68),
        ("2406.08464", 2024, "Magpie: Alignment Data Synthesis from Scratch", 69),
        ("2510.27062", 2025, "Consistency Training Helps Stop Sycophancy and Jailbreaks", 70),
        ("2510.22462", 2025, 'Learning "Partner-Aware" Collaborators in Multi-Party Collaboration', 71),
    ]
    assert [task[:20] for task in prompt.tasks] == [
        "**RE-TEST EACH CONST",
        "**Surface the strong",
        "**Propose 2 research",
    ]
    assert not any("flag anything" in task for task in prompt.tasks)


def test_only_seed_001_carries_a_prompt() -> None:
    assert [read_seed(path, path.name).prompt is not None for path in SEEDS] == [False, True, False, False, False]


# --- sentences and citations -----------------------------------------------------------------------


def note(seed: Seed, number: int) -> Note:
    return seed.notes[number]


def essay(text: str, *titles: str) -> Seed:
    notes = "\n".join(f"{title}\nA summary." for title in titles)
    return parse_seed(f"Question?\nGloss of it.\n{text}\nSources\n{notes}\n", "x.txt")


def sentences(text: str, *titles: str) -> list[str]:
    return [sentence.text for sentence in essay(text, *(titles or ("Unused title?",))).essay]


def test_of_two_titles_that_begin_alike_the_longer_one_is_cited() -> None:
    seed = parse_seed(SITE, "x.txt")
    assert [[s.text for s in n.leaning] for n in seed.notes] == [
        ["Models learn format Does tuning teach format?."],
        ["Does tuning teach format or tasks? finds that tasks are not learned."],
    ]


def test_sentence_that_begins_with_a_title_is_one_sentence() -> None:
    text = "It is odd. Does it work? finds that models of 4 kinds do. So it is."
    assert sentences(text, "Does it work?") == [
        "It is odd.",
        "Does it work? finds that models of 4 kinds do.",
        "So it is.",
    ]


def test_title_before_a_colon_a_bracket_or_a_quote_does_not_end_its_sentence() -> None:
    text = "Models make data Can they do it?: when asked, they do. The best is Can they do it? (MAGPIE): they do."
    assert len(sentences(text, "Can they do it?")) == 2


def test_title_at_the_end_of_a_sentence_without_a_full_stop_belongs_to_it() -> None:
    text = "Format is learned Can they do it? The rest follows."
    assert sentences(text, "Can they do it?") == ["Format is learned Can they do it?", "The rest follows."]


def test_adjacent_and_repeated_titles_count_once_per_sentence() -> None:
    seed = essay("Both hold Is it so? Is it not?. Is it so? and again Is it so? says yes.", "Is it so?", "Is it not?")
    assert [len(n.leaning) for n in seed.notes] == [2, 1]


def test_title_is_found_across_quotes_dashes_white_space_and_emphasis() -> None:
    seed = essay("As **Don’t models  learn — at all?** says, no.", "Don't models learn - at all?")
    assert len(note(seed, 0).leaning) == 1


def test_title_glued_to_its_neighbours_is_found() -> None:
    assert (
        len(essay("new competenceCan careful curation win?Then more.", "Can careful curation win?").notes[0].leaning)
        == 1
    )


def test_short_title_inside_a_word_is_not_cited() -> None:
    assert essay("Climate is no LIMAX.", "LIMA").notes[0].leaning == ()


@pytest.mark.parametrize(
    "text",
    [
        "It rose (43% vs. 42.6%) in all.",
        "Some, e.g. Llama, fail.",
        "Kung et al. Show it as Fig. 3 and Sec. 4 do.",
        "On N-1 variants by J. Smith it fails at 3.5 points.",
        'They ask "is it so?" and then stop.',
        "Note no. 5 holds.",
        "It was (is it?) so.",
    ],
)
def test_abbreviations_decimals_and_questions_inside_do_not_end_a_sentence(text: str) -> None:
    assert sentences(f"{text} Then more.") == [text, "Then more."]


def test_quotes_and_brackets_close_with_their_sentence() -> None:
    text = "He said \"stop.\" (So it was.) Really?! 'Yes' it was… Done."
    assert sentences(text) == ['He said "stop."', "(So it was.)", "Really?!", "'Yes' it was…", "Done."]


# --- the plain form --------------------------------------------------------------------------------

PLAIN = """# Does format matter?

What we know.

- Models learn format, 43% vs. 42.6% (LIMA, ~2024)
* Scale does not help (Kaplan et al., Hoffmann; 2020–2022).
1. See (arXiv:2305.11206v2, ~2023)
- Nobody dated this,
  over two lines

## Anchor papers
- arXiv:2305.11383v2 (2023) - Do Models Really Learn?
- Magpie — https://arxiv.org/abs/2406.08464 (2024)
- arXiv:nonsense (2024) – Nothing

## See also
- another page
"""


def test_list_of_dated_claims_is_a_seed() -> None:
    seed = parse_seed(PLAIN, "mine/Note One.md")
    assert (seed.question, seed.gloss, seed.essay, seed.stem) == (
        "Does format matter?",
        "What we know.",
        (),
        "note-one",
    )
    assert [(n.text, n.names, n.stated and n.stated.text, n.place.line) for n in seed.notes] == [
        ("Models learn format, 43% vs. 42.6%", ("LIMA",), "~2024", 5),
        ("Scale does not help.", ("Kaplan", "Hoffmann"), "2020–2022", 6),
        ("See (arXiv:2305.11206v2)", (), "~2023", 7),
        ("Nobody dated this, over two lines", (), None, 8),
    ]


def test_anchor_lines_of_the_plain_form_are_kept_in_any_order_and_dash() -> None:
    prompt = parse_seed(PLAIN, "x.md").prompt
    assert prompt is not None
    assert [(a.arxiv_id, a.year, a.title) for a in prompt.anchor_lines] == [
        ("2305.11383", 2023, "Do Models Really Learn?"),
        ("2406.08464", 2024, "Magpie"),
        ("nonsense", 2024, "Nothing"),
    ]


def test_dated_list_under_sources_is_read_as_notes() -> None:
    seed = parse_seed("Q?\n\nGloss.\n\n## Sources (2 notes)\n\n- one claim (A, 2023)\n- another claim\n", "x.md")
    assert [n.title for n in seed.notes] == ["one claim", "another claim"]


def test_title_of_a_long_claim_is_its_first_words() -> None:
    title = short_title("word " * 30)
    assert len(title) <= 80 and title.endswith("word…")
    assert short_title("A **short** claim.") == "A short claim"


@given(first=st.integers(1990, 2030), span=st.integers(0, 5), name=st.sampled_from(["", "LIMA, "]))
def test_stated_period_is_read_back(first: int, span: int, name: str) -> None:
    written = f"~{first}–{first + span}" if span else f"~{first}"
    stated = parse_seed(f"# Q\n- a claim (43% vs. 42.6%) ({name}{written})\n", "x.md").notes[0].stated
    assert stated and (stated.first, stated.last, stated.text) == (first, first + span, written)


# --- details of form -------------------------------------------------------------------------------


def test_next_lines_are_read_with_the_kicker_glued_on() -> None:
    seed = parse_seed(SITE.rstrip() + "INQUIRING LINE\n\nWhat next?\n- And *then*?\n", "x.txt")
    assert seed.next_lines == ("What next?", "And then?")


def test_front_matter_of_markdown_is_passed_over_and_lines_still_count() -> None:
    seed = parse_seed("---\ntitle: Format\ntags:\n  - a\n---\n" + SITE, "x.md")
    assert seed.question == "Does format matter?"
    assert seed.notes[0].place.line == 16


def test_summary_in_two_paragraphs_under_marked_titles_is_one_note() -> None:
    seed = parse_seed("Q?\n\nG.\n\n## Sources\n\n### LIMA\n\nFirst.\n\nSecond?\n\n### Magpie\n\nThird.\n", "x.md")
    assert [(n.title, n.text) for n in seed.notes] == [("LIMA", "First. Second?"), ("Magpie", "Third.")]


def test_titles_that_ask_nothing_are_told_from_summaries_by_turns() -> None:
    seed = parse_seed("Q?\nG.\nSources 2 notes\nLIMA\nFirst.\nMagpie\nIs it third?\n", "x.txt")
    assert [n.title for n in seed.notes] == ["LIMA", "Magpie"]


def test_essay_without_gloss_keeps_its_citations() -> None:
    seed = parse_seed("Q?\nWe know this Is it so?.\nSources 1 note\nIs it so?\nYes.\n", "x.txt")
    assert (seed.gloss, len(seed.essay), len(seed.notes[0].leaning)) == ("", 1, 1)


def test_control_characters_never_reach_a_value() -> None:
    seed = parse_seed(SITE.replace("LIMA", "\x1b[31mLI\u202eMA"), "x.txt")
    assert "\x1b" not in seed.notes[0].text and "\u202e" not in seed.notes[0].text


def test_arxiv_ids_are_found_in_every_spelling_and_numbers_are_not() -> None:
    text = "arXiv:2305.11383, 2305.11206v2, https://arxiv.org/abs/2406.08464v1, cs.CL/0112017 and cs/0112017, 0704.0001"
    assert arxiv_ids_in(text) == ("2305.11383", "2305.11206", "2406.08464", "cs/0112017", "0704.0001")
    assert arxiv_ids_in("42.6% of 1234.56789 and 2399.12345, 12.34, 2020.1234") == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Vectors steer (arXiv:2305.11206).", "Vectors steer."),
        ("Vectors steer [2305.11206v2, arXiv:2507.21509], they say.", "Vectors steer, they say."),
        ("Vectors (https://arxiv.org/abs/2305.11206) steer (in part).", "Vectors steer (in part)."),
        ("As arXiv:2305.11206 says (see 2305.11206 too), 4 of 10 (42.6%).",) * 2,
    ],
)
def test_bracket_of_ids_is_no_part_of_what_a_note_says(text: str, told: str) -> None:
    assert without_ids(text) == told


# --- what cannot be read ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'line 1: the file holds no seed; begin with a question and list the claims as "- text (NAME, ~2024)"'),
        (
            "# Q?\n\nEssay.\n\nMore.\n",
            'line 5: no "Sources" heading after the essay; add one, or list the claims as "- text (NAME, ~2024)"',
        ),
        (
            "# Q?\n\n- a\n- b\n",
            'line 3: no item of the list states a year; write the claims as "- text (NAME, ~2024)", '
            'or notes under a "Sources" heading',
        ),
        ("- a (B, ~2024)\n", "line 1: no question above the list; begin with a heading that asks it"),
        ("Sources 1 note\nA?\nb.\n", "line 1: no question before this line; begin the document with its question"),
        (
            "Q?\nG.\nSources 8 notes\n\nNext inquiring lines\n",
            'line 3: no note under "Sources"; write each as a title line with its summary below, '
            'or as "- text (NAME, ~2024)"',
        ),
        (
            "Q?\nG.\nSources 3 notes\nA?\nb.\n",
            'line 3: "Sources 3 notes" announces 3 but 1 stand below it; '
            "give each note a title line with its summary below, or correct the number",
        ),
        (
            "Q?\nG.\nSources 2 notes\nA?\nb.\nC?\nNext inquiring lines\n",
            'line 6: the note "C?" has no summary; write it on the line below',
        ),
        (
            "Q?\nG.\nSources 2 notes\nA summary.\nC?\nd.\n",
            'line 4: no title above "A summary."; give each note a title line above its summary',
        ),
        (
            SITE + SITE,
            "line 28: a second document begins above this line; give one inquiring line per file",
        ),
    ],
)
def test_unreadable_seed_says_line_want_and_remedy(text: str, message: str) -> None:
    assert refusal(text) == f"seeds/005.md: {message}"


@pytest.mark.parametrize("lost", range(8))
def test_a_lost_note_of_a_real_seed_is_never_overlooked(lost: int) -> None:
    text = SEEDS[1].read_text(encoding="utf-8")
    doomed = parse_seed(text, "x.txt").notes[lost]
    for gone in (f"{doomed.title}\n\n{doomed.text}\n\n", f"\n{doomed.text}\n", f"\n{doomed.title}\n\n"):
        at = text.rindex(gone)
        assert "seeds/005.md: line" in refusal(text[:at] + text[at + len(gone) :])


PIECES = [
    "INQUIRING LINE",
    "",
    "Q?",
    "# H",
    "Sources 2 notes",
    "Sources",
    "A b?",
    "text A b?. More",
    "- a (X, ~2024)",
    "Research prompt for your LLMexpand ↓",
    "You are x. The question: y?",
    "Anchor papers:",
    "(1) do",
    "---",
    "- arXiv:2305.11383 (2023) — T",
    "Next inquiring lines",
    "**b**",
    "Your task:",
    "\ufeff",
    "\r",
    "_ * [",
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(PIECES),
            st.text(max_size=30),
        ),
        max_size=14,
    )
)
@example(["\x85", "Sources", "\u2028", "…?"])
def test_any_text_is_read_or_refused_with_its_line(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        seed = parse_seed(text, "x.md")
    except InputError as error:
        assert re.match(r"x\.md: line \d+: ", str(error))
        return
    written = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert seed.notes and seed.question
    assert all(1 <= n.place.line <= len(written) and n.title and n.text for n in seed.notes)


@pytest.mark.parametrize("unit", ["*_", "[x](", '...."', "# ", "(2024 ", " \t", "a?\n", "INQUIRING LINE\n", "- a\nb\n"])
def test_hostile_repetition_costs_no_more_than_its_length(unit: str) -> None:
    try:
        parse_seed(SITE + unit * 10_000, "x.txt")
        parse_seed(unit * 10_000 + SITE, "x.txt")
    except InputError:
        pass


# --- files -----------------------------------------------------------------------------------------


def test_folder_gives_its_seeds_sorted_without_hidden_ones_and_without_readme(tmp_path: Path) -> None:
    for name in ("b.md", "a.TXT", "sub/c.txt", ".git/d.md", ".e.md", "README.md", "f.pdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [p.relative_to(tmp_path).as_posix() for p in find_seeds([tmp_path])] == ["a.TXT", "b.md", "sub/c.txt"]
    assert find_seeds([tmp_path / "README.md"]) == [tmp_path / "README.md"]


def test_seed_named_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x")
    (tmp_path / "b.md").write_text("x")
    assert find_seeds([tmp_path / "b.md", tmp_path]) == [tmp_path / "b.md", tmp_path / "a.md"]


def test_missing_empty_and_foreign_paths_are_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_text("x")
    for path, message in (
        (tmp_path / "gone.md", "no such file or folder; give seeds (.txt or .md) or a folder of them"),
        (tmp_path, "no .txt or .md seed in"),
        (tmp_path / "a.pdf", 'its name ends in ".pdf"; give a .txt or .md file'),
    ):
        with pytest.raises(InputError) as caught:
            find_seeds([path])
        assert message in str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"Q?\n\x00\x01", "x.txt: line 2: a binary file (NUL at byte 3); give a seed as text in UTF-8"),
        (b"Q?\nna\xefve\n", "x.txt: line 2: byte 5 is not UTF-8; save the file as UTF-8"),
        ("Q?".encode("utf-16"), "x.txt: line 1: the file is UTF-16; save it as UTF-8"),
    ],
)
def test_file_that_is_not_utf8_text_is_refused_at_its_byte(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "x.txt").write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_seed(tmp_path / "x.txt", "x.txt")
    assert str(caught.value) == message


def test_file_of_fifty_megabytes_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(10 * SIZE_LIMIT)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("it was opened"))
    with pytest.raises(InputError) as caught:
        read_seed(path, "big.txt")
    assert str(caught.value) == (
        "big.txt: 50.0 MB is too large for a seed (the limit is 5 MB); give one inquiring line per file"
    )


def test_folder_given_as_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x\.md: not a file"):
        read_seed(tmp_path, "x.md")


def test_no_machine_path_gets_into_a_name(tmp_path: Path) -> None:
    home = tmp_path / "home"
    paths = [home / "seeds" / "a.md", Path("seeds/../b.md"), Path("/elsewhere/c.md")]
    assert list(display_names(paths, home)) == ["seeds/a.md", "b.md", "c.md"]


def test_files_of_one_name_outside_the_working_folder_are_told_apart_by_their_folders() -> None:
    home = Path("/home/work")
    paths = [home / "n.md", Path("/x/c/n.md"), Path("/x/d/n.md"), home / "c" / "n.md", Path("/x/e/m.md")]
    assert list(display_names(paths, home)) == ["n.md", "x/c/n.md", "d/n.md", "c/n.md", "m.md"]
    assert list(display_names([Path("/n.md"), home / "n.md"], home)) == ["/n.md", "n.md"]


@pytest.mark.parametrize(
    ("file", "stem"),
    [
        ("seeds/001_7edc.txt", "001_7edc"),
        ("Über Ähnlichkeit!.md", "uber-ahnlichkeit"),
        ("CON.txt", "con-seed"),
        ("readme.md", "readme-seed"),
        ("質問.md", "seed"),
        ("..\\..\\etc.md", "etc"),
    ],
)
def test_stem_is_safe_on_every_file_system(file: str, stem: str) -> None:
    assert parse_seed(SITE, file).stem == stem


def test_stems_of_a_run_are_unique_and_the_first_keeps_its_own() -> None:
    seeds = unique_stems([parse_seed(SITE, file) for file in ("a/x.md", "b/x.md", "c/X.txt")])
    assert seeds[0].stem == "x"
    assert len({seed.stem for seed in seeds}) == 3
    assert unique_stems(seeds) == seeds
