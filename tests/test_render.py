"""What is printed: hostile words stay words, and the same report gives the same bytes.

The reports of the small library of `ponds.py` are written out in full in `golden/`, for people to read. Where a
change of wording is meant, `RETEST_WRITE_GOLDEN=1 python -m pytest tests/test_render.py` writes them anew.
"""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fakes import evidence_of, record_of, report_of
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from ponds import Audit

from retest.errors import RetestError
from retest.history import Change
from retest.render import render
from retest.render.bibtex import bibliography
from retest.render.changes import HEAD, changes_page
from retest.render.text import byline, code, count, heading_anchor, md, paper_link, paper_url, plain
from retest.render.timeline import timeline
from retest.report import Report, SeedRecord

GOLDEN = Path(__file__).parent / "golden"
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = (
    "[a](https://evil.example) ![b](x.png) <img src=x onerror=alert(1)> <!-- c --> `code` **bold** __x__ _y_ *z* ~~s~~ "
    "| cell | @octocat #1 https://evil.example www.evil.example me@evil.example &lt;b&gt; \\[d\\] $x^2$ {{e}} [^1] [ ] ==m=="
)


def tokens(source: str) -> Iterator[Token]:
    for token in MARKDOWN.parse(source):
        yield token
        yield from token.children or ()


def kinds(source: str) -> set[str]:
    return {token.type for token in tokens(source)}


def shown(source: str) -> str:
    """The text that a reader sees."""
    return "".join(token.content for token in tokens(source) if token.type in ("text", "text_special", "code_inline"))


# --- hostile words ---------------------------------------------------------------------------------

words = st.text(
    st.one_of(
        st.sampled_from("[]()<>!`*_~|@#&\\$^{}=-+:>.1 \n\t\"'/;%"),
        st.characters(codec="utf-8"),
    ),
    max_size=40,
)


@given(words)
@example(HOSTILE)
@example("1. a list")
@example("- a list")
@example("# a heading")
@example("> a quotation")
@example("```")
@example("---")
@example("===")
@example("&#64;octocat &amp; &copy;")
@example("trailing\\")
@example("\\| \\\\| |")
@example("<https://evil.example>")
def test_any_words_stay_words_and_read_as_they_were(text: str) -> None:
    assert kinds(md(text)) <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}
    assert shown(md(text)) == plain(text)


@given(words)
@example(HOSTILE)
@example("a | b \\| c \\")
def test_any_words_stay_in_their_cell_link_item_and_heading(text: str) -> None:
    table = f"| a | b |\n|---|---|\n| x{md(text)} | y |"
    cells = [token.children for token in MARKDOWN.parse(table) if token.type == "inline"]
    assert len(cells) == 4
    links = [token for token in tokens(f"[x{md(text)}](https://arxiv.org/abs/2501.00001)") if token.type == "link_open"]
    assert [link.attrGet("href") for link in links] == ["https://arxiv.org/abs/2501.00001"]
    around = {"text", "text_special", "inline", "paragraph_open", "paragraph_close"}
    item = {"bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"}
    assert kinds(f"- {md(text)}") <= around | item
    assert kinds(f"> x{md(text)}") <= around | {"blockquote_open", "blockquote_close"}
    assert kinds(f"# {md(text)}") <= around | {"heading_open", "heading_close"}


def test_nothing_that_a_forge_would_turn_into_a_mention_an_issue_or_a_link_is_left() -> None:
    for source in (md(HOSTILE), md("_https://evil.example"), md("xhttp://evil.example"), md("(WWW.evil.example")):
        assert not re.search(r"@|(?<!&)#|https?:|www\.", source, re.IGNORECASE)


@pytest.mark.parametrize(
    "text", ["a\u202eb\u2066c", "a\u200bb\ufeffc", "a\x1b[31mb\x00c", "a\u3164b\U000e0041c", "a\ufffeb\uffffc"]
)
def test_characters_that_cannot_be_seen_are_dropped(text: str) -> None:
    assert re.sub(r"\[31m", "", plain(text)) == "abc"


@given(st.text(st.sampled_from("`ab |<*\\\n"), max_size=12))
def test_file_name_in_a_code_span_reads_as_it_is(text: str) -> None:
    spans = [token.content for token in tokens(f"x {code(text)} y") if token.type == "code_inline"]
    assert spans == [plain(text) or "  "]


@pytest.mark.parametrize(
    "arxiv_id", ["2305.11383v2", "../etc", "2305.11383)](http://evil", "", "2305.113834", "javascript:1"]
)
def test_only_an_arxiv_id_becomes_an_address(arxiv_id: str) -> None:
    with pytest.raises(RetestError, match="is not an arXiv id"):
        paper_url(arxiv_id)


def test_link_goes_to_the_paper_whatever_its_title_says() -> None:
    assert paper_url("cs/0112017") == "https://arxiv.org/abs/cs/0112017"
    (link,) = [t for t in tokens(paper_link("2305.11383", HOSTILE)) if t.type == "link_open"]
    assert link.attrGet("href") == "https://arxiv.org/abs/2305.11383"


def test_small_words() -> None:
    assert (count(1, "claim"), count(0, "claim"), count(2, "entry", "entries")) == ("1 claim", "0 claims", "2 entries")
    assert [byline(names) for names in ((), ("A",), ("A", "B"), ("A", "B", "C"))] == [
        "authors not in the record", "A", "A and B", "A et al.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "fragment"),
    [
        ("1. Do small ponds freeze first?", "#1-do-small-ponds-freeze-first"),
        ("2. Does “RL” collapse a_b — or not?", "#2-does-rl-collapse-a_b--or-not"),
        ("3. Wie weit? Über 5%", "#3-wie-weit-über-5"),
    ],
)
def test_heading_is_linked_as_github_files_it(heading: str, fragment: str) -> None:
    assert heading_anchor(heading) == fragment


# --- a hostile report ------------------------------------------------------------------------------


def hostile_report(text: str = HOSTILE) -> Report:
    """Every field that others' words can reach holds them."""
    evidence = (evidence_of("2606.00001", title=text, authors=(text,), quote=text, reason=text),)
    unplaced = (
        {"arxiv_id": "2606.00002", "title": text, "authors": (text, "B"), "published": "2026-06-02", "quote": text,
         "reason": text},
    )  # fmt: skip
    anchor = {"arxiv_id": "2501.00001", "title": text, "authors": (text,), "published": "2025-01-02", "score": 0.9}
    finding = {"kind": "year", "message": text, "file": "a`b|c<i>.md", "line": 3}
    record = record_of(
        title=text, text=text, rationale=text, durable_question=text, perishable_limitation=text, stated_date=text,
        evidence=evidence, contested_at_birth=evidence, unplaced=unplaced, anchor=anchor, further_anchors=(anchor,),
        unanchored_reason=None, findings=(finding,), fidelity={"status": "unchecked", "notes": (text,)},
        searched={"queries": (text,), "found": 1, "judged": 1}, seeds=({"file": "a`b|c<i>.md", "line": 5},),
    )  # fmt: skip
    seed = SeedRecord.model_validate(
        {"file": "a.md", "stem": "a", "question": text, "gloss": text, "claims": ("small-ponds",), "findings": (finding,),
         "new_work": ("2606.00001",), "questions": (text, text)}
    )  # fmt: skip
    judge = {"kind": text, "model": "m`<b>", "prompts": {text: "1"}}
    return report_of(record, seeds=(seed,), judge=judge, source=text, partial=({"claim": text, "reason": text},))


CHANGE = Change(
    claim="small-ponds",
    title=HOSTILE,
    before="durable, upheld",
    after="perishable, relaxed",
    cause="new paper",
    papers=("2606.00001",),
)


def test_no_tag_image_or_foreign_link_comes_out_of_a_hostile_report() -> None:
    files = render(hostile_report(), [CHANGE], "")
    for name in ("a.md", "README.md", "CHANGES.md"):
        for token in tokens(re.sub(r"\A---\n.*?\n---\n", "", files[name], flags=re.DOTALL)):
            assert token.type not in ("html_inline", "s_open", "code_block", "hr"), (name, token)
            if token.type == "html_block":
                assert re.fullmatch(r"(<details><summary>[\w :,]*</summary>|</details>)\n?", token.content), token
            if token.type == "link_open":
                assert re.match(r"https://arxiv\.org/abs/\d|#|a\.md|[\w.]+$", str(token.attrGet("href"))), token
            if token.type == "image":
                assert token.attrGet("src") == "timeline.svg"
        assert not re.search(r"@|https?:(?!//arxiv\.org/abs/\d)|www\.", files[name].split("---\n", 2)[-1]), name


def test_front_matter_of_a_hostile_question_is_three_lines_whatever_it_holds() -> None:
    lines = render(hostile_report('a"\n---\nb: c\n# d'), [], "")["a.md"].splitlines()
    assert lines[:5] == [
        "---",
        'title: "a\\" --- b: c # d"',
        "as_of: 2026-06-30",
        "tags: [retest, retest/relaxed]",
        "---",
    ]


@given(words)
@example("]]> <script/> & \" ' \ufffe \x0b")
def test_timeline_is_well_formed_and_shows_the_title(text: str) -> None:
    drawing = ElementTree.fromstring(timeline(hostile_report(text)))
    assert {element.tag.rpartition("}")[2] for element in drawing.iter()} <= {
        "svg", "style", "g", "title", "text", "line", "circle", "path",
    }  # fmt: skip
    titles = [element.text or "" for element in drawing.iter() if element.tag.endswith("title")]
    assert any(title.startswith(plain(text)) for title in titles)


def test_timeline_of_one_claim_made_today_can_be_drawn() -> None:
    today = record_of(effective_date="2026-06-30", evidence=[evidence_of("2606.00001", published="2026-06-30")])
    ElementTree.fromstring(timeline(report_of(today)))
    ElementTree.fromstring(timeline(report_of(record_of(effective_date="2026-01-01"), as_of=date(2026, 1, 1))))


# --- BibTeX ----------------------------------------------------------------------------------------


def entries(bib: str) -> dict[str, dict[str, str]]:
    """The entries as BibTeX reads them: it counts braces, and a backslash before one changes nothing."""
    found: dict[str, dict[str, str]] = {}
    at = 0
    while at < len(bib):
        head = re.compile(r"\s*@misc\{([^,\s]+),\n|\s*\Z").match(bib, at)
        assert head, bib[at : at + 80]
        if not head[1]:
            break
        fields, at = found.setdefault(head[1], {}), head.end()
        while field := re.compile(r"  (\w+) = \{").match(bib, at):
            start = at = field.end()
            depth = 1
            while depth:
                depth += {"{": 1, "}": -1}.get(bib[at], 0)
                at += 1
            assert bib[at : at + 2] == ",\n", bib[start : at + 20]
            fields[field[1]] = bib[start : at - 1]
            at += 2
        assert bib[at] == "}"
        at += 1
    return found


def cited(title: str, authors: tuple[str, ...] = ("A. Author",)) -> Report:
    return report_of(record_of(evidence=[evidence_of("2606.00001", title=title, authors=authors)]))


@given(words, words)
@example("a { b", "} c")
@example("$}, url = {evil}, x = {$", "\\")
@example("$\\input{/etc/passwd}$", "$$")
def test_no_title_or_author_breaks_out_of_its_field(title: str, author: str) -> None:
    (entry,) = entries(bibliography(cited(title, (author,)))).values()
    assert set(entry) <= {"title", "author", "year", "eprint", "archivePrefix", "url"}
    assert (entry["eprint"], entry["url"]) == ("2606.00001", "https://arxiv.org/abs/2606.00001")


@pytest.mark.parametrize(
    "maths", [r"$\input{x}$", r"$\write18{x}$", r"$\def\a{b}\a$", r"$\alphax$", r"$\csname input\endcsname$"]
)
def test_command_in_a_title_is_never_run_when_the_bibliography_is_typeset(maths: str) -> None:
    title = bibliography(cited(f"On {maths}"))
    assert r"\textbackslash{}" in title and not re.search(r"\\(input|write|def|alphax|csname)", title)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Plain Title", "{Plain Title}"),
        ("A & B: 50% of C_1 #2", r"{A \& B: 50\% of C\_1 \#2}"),
        (r"An $O(n^2)$ Bound", r"{An $O(n^2)$ Bound}"),
        (r"$\alpha$-Pruning of $\mathcal{X}$", r"{$\alpha$-Pruning of $\mathcal{X}$}"),
        ("It Costs $5", r"{It Costs \$5}"),
        ("Tilde ~ and ^", r"{Tilde \textasciitilde{} and \textasciicircum{}}"),
        ("Größe", "{Größe}"),
    ],
)
def test_title_is_typeset_as_it_reads(title: str, expected: str) -> None:
    (entry,) = entries(bibliography(cited(title))).values()
    assert entry["title"] == expected


def test_author_whose_name_holds_and_stays_one_author() -> None:
    (entry,) = entries(bibliography(cited("T", ("Salt and Ice Group", "B. Andrew")))).values()
    assert entry["author"] == "{Salt and Ice Group} and B. Andrew"


def test_every_paper_that_a_report_names_is_in_the_bibliography_once_by_id() -> None:
    assert list(entries(bibliography(hostile_report()))) == ["arxiv-2501.00001", "arxiv-2606.00001", "arxiv-2606.00002"]


# --- changes ---------------------------------------------------------------------------------------


def test_changes_go_on_top_and_what_was_written_stays() -> None:
    first = changes_page("", [CHANGE.model_copy(update={"title": "Ponds"})], date(2026, 6, 30))
    second = changes_page(first, [CHANGE.model_copy(update={"title": "Lakes"})], date(2026, 7, 31))
    assert re.findall(r"^## .*|^- \w+", second, re.MULTILINE) == [
        "## 2026-07-31",
        "- Lakes",
        "## 2026-06-30",
        "- Ponds",
    ]
    assert second.startswith(HEAD) and second.endswith(first.removeprefix(HEAD))


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_change_that_was_told_before_a_kill_is_not_told_twice(ends: str) -> None:
    change = Change(
        claim="a", title="Do ponds?", before="durable, upheld", after="perishable, relaxed", cause="new paper"
    )
    once = changes_page("", [change], date(2026, 6, 30)).replace("\n", ends)
    assert changes_page(once, [change], date(2026, 6, 30)) == once
    later = changes_page(once, [change], date(2026, 7, 1))
    assert later.count("# Changes\n") == 1 and later.count("Do ponds") == 2


def test_night_without_changes_leaves_every_byte() -> None:
    assert changes_page("whatever a person wrote\r\n", [], date(2026, 6, 30)) == "whatever a person wrote\r\n"
    assert changes_page("", [], date(2026, 6, 30)) == HEAD


def test_change_of_ours_names_no_paper_as_its_reason() -> None:
    ours = CHANGE.model_copy(update={"title": "Ponds", "cause": "judge or prompt changed"})
    assert "2606.00001" not in changes_page("", [ours], date(2026, 6, 30))
    assert "[arXiv:2606.00001](https://arxiv.org/abs/2606.00001)" in changes_page("", [CHANGE], date(2026, 6, 30))


# --- written out in full ---------------------------------------------------------------------------

WRITTEN = {"ponds.md": "ponds-report.md", "README.md": "ponds-index.md", "CHANGES.md": "ponds-changes.md"}


def test_reports_of_a_small_library_read_as_written_out(audit: Audit, tmp_path: Path) -> None:
    audit()
    for name, golden in WRITTEN.items():
        text = (tmp_path / "out" / name).read_bytes()
        if os.environ.get("RETEST_WRITE_GOLDEN"):
            (GOLDEN / golden).write_bytes(text)
        assert text.decode() == (GOLDEN / golden).read_bytes().decode(), golden
