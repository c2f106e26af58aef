"""The static site: what its pages say, and what a real browser makes of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import Browser, chromium
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import HOSTILE, evidence, hostile_report, record, report, small_report

from retest.cli import app
from retest.errors import InputError
from retest.render.html import Html, join, tag, text
from retest.render.index import index_page
from retest.render.site import changes_main, site
from retest.render.timeline import timeline

CHANGES = """# Changes

## 2026-08-31

- Does scale hold?: upheld → **overturned** ([arXiv:2607.00001](https://arxiv.org/abs/2607.00001)) [report](a.md#1-x)
"""
VOID = {"meta", "link", "input", "br", "hr", "img"}


class Read(HTMLParser):
    """A page's tags, attributes and words; `crossed` counts end tags that end something else."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.ids: list[str] = []
        self.crossed: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.crossed += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


# --- the pages as text -----------------------------------------------------------------------------


@given(st.text(), st.text())
@settings(max_examples=300)
def test_words_stay_words_and_attributes_stay_inside_their_quotes(words: str, attribute: str) -> None:
    read = Read(tag("p", words, title=attribute))
    assert read.tags == ["p"]
    assert [name for _, name, _ in read.attributes] == ["title"]
    assert not read.crossed


def test_markup_is_joined_and_words_are_escaped() -> None:
    assert join("a < b", tag("b", " & "), None) == Html("a &lt; b<b> &amp; </b>")
    assert text(" of ") == " of "


@pytest.mark.parametrize("name", ["index.html", "a.html", "changes.html"])
def test_hostile_words_add_no_tag_no_attribute_and_no_address(name: str) -> None:
    kind, unkind = (Read(site(each, CHANGES)[name]) for each in (small_report(), hostile_report()))
    assert set(unkind.tags) <= set(kind.tags) | {"section", "details", "summary", "ul", "li"}
    assert not unkind.crossed
    assert not [name for _, name, _ in unkind.attributes if name.startswith("on") or name == "style"]
    for _, attribute, value in unkind.attributes:
        if attribute in ("href", "src"):
            assert value.startswith(("https://arxiv.org/abs/", "#", "a.html", "index.html", "changes.html", "site."))


def test_every_inner_link_leads_somewhere() -> None:
    files = site(small_report(), CHANGES)
    ids = {name: set(Read(page).ids) for name, page in files.items() if name.endswith(".html")}
    for name in ids:
        for _, attribute, value in Read(files[name]).attributes:
            if attribute in ("href", "src") and not value.startswith("https:"):
                target, _, fragment = value.partition("#")
                assert (target or name) in files
                assert not fragment or "=" in fragment or fragment in ids[target or name]


def test_ids_are_given_once_and_headings_skip_no_level() -> None:
    for name, page in site(small_report(), CHANGES).items():
        if name.endswith(".html"):
            read = Read(page)
            levels = [int(tag[1]) for tag in read.tags if tag in ("h1", "h2", "h3", "h4")]
            assert levels[0] == 1 and levels.count(1) == 1
            assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
            assert len(set(read.ids)) == len(read.ids)


def test_changes_link_to_pages_and_raw_html_stays_text() -> None:
    page = changes_main(
        CHANGES + "\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![y](https://e.example/y.png)\n"
    )
    read = Read(page)
    assert ("a", "href", "a.html") in read.attributes
    assert "script" not in read.tags and "img" not in read.tags
    assert not [value for _, name, value in read.attributes if name == "href" and "javascript" in value]


def test_without_changes_no_page_leads_to_them() -> None:
    files = site(small_report())
    assert "changes.html" not in files
    assert "changes.html" not in files["index.html"]


def test_a_page_never_leaves_its_folder() -> None:
    whole = small_report()
    astray = whole.model_copy(update={"seeds": (whole.seeds[0].model_copy(update={"stem": "../a"}),)})
    with pytest.raises(InputError, match="no name for a page"):
        site(astray)


def test_an_essay_called_index_does_not_hide_the_first_page() -> None:
    whole = small_report()
    odd = whole.model_copy(update={"seeds": (whole.seeds[0].model_copy(update={"stem": "index"}),)})
    assert {"index.html", "index_.html"} <= set(site(odd))


def test_the_same_verdicts_give_the_same_pages(tmp_path: Path) -> None:
    (tmp_path / "verdicts.json").write_text(small_report().to_json(), encoding="utf-8")
    (tmp_path / "CHANGES.md").write_text(CHANGES, encoding="utf-8")
    arguments = ["site", "--quiet", "--verdicts", str(tmp_path / "verdicts.json"), "--out", str(tmp_path / "site")]
    app(arguments, standalone_mode=False)
    written = {path.name: path.read_bytes() for path in (tmp_path / "site").iterdir()}
    assert {name: page.encode() for name, page in site(small_report(), CHANGES).items()} == written
    times = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "site").iterdir()}
    app(arguments, standalone_mode=False)
    assert times == {path.name: path.stat().st_mtime_ns for path in (tmp_path / "site").iterdir()}


def test_page_of_a_seed_that_is_gone_goes_and_a_page_of_ones_own_stays(tmp_path: Path) -> None:
    (tmp_path / "verdicts.json").write_text(small_report().to_json(), encoding="utf-8")
    arguments = ["site", "--quiet", "--verdicts", str(tmp_path / "verdicts.json"), "--out", str(tmp_path / "site")]
    app(arguments, standalone_mode=False)
    page = next(path for path in (tmp_path / "site").glob("*.html") if path.name not in ("index.html", "changes.html"))
    page.with_name("gone.html").write_bytes(page.read_bytes())
    page.with_name("mine.html").write_text("<!doctype html>\n<title>Mine</title>\n", encoding="utf-8")
    app(arguments, standalone_mode=False)
    assert not page.with_name("gone.html").exists() and page.exists() and page.with_name("mine.html").exists()


# --- the index and the timeline --------------------------------------------------------------------


def test_the_index_begins_with_what_fell_and_what_nobody_vouches_for() -> None:
    page = index_page(small_report())
    assert page.startswith(
        '---\ntitle: "What still holds"\nas_of: 2026-08-31\n'
        "tags: [retest, retest/upheld, retest/relaxed, retest/overturned, retest/contested, retest/untested]\n---\n"
    )
    fell = page[page.index("## Fell lately") : page.index("## Leaned on most")]
    assert fell.splitlines()[2:4] == [
        "- [Does scale hold?](a.md#1-does-scale-hold): **overturned** since 2026-08-01; "
        "[arXiv:2607.00001](https://arxiv.org/abs/2607.00001) of 2026-07-01 speaks against it",
        "- [Does trust hold?](a.md#2-does-trust-hold): **contested** since 2026-08-01; "
        "[arXiv:2606.00003](https://arxiv.org/abs/2606.00003) of 2026-06-02 speaks against it",
    ]
    assert "depth" not in fell  # it fell before the window
    bare = page[page.index("## Leaned on most") : page.index("## Timeline")]
    assert bare.splitlines()[2:] == [
        "- [Does width hold?](a.md#4-does-width-hold): 1 essay sentence; untested; nothing newer found, no paper of its own",
        "",
    ]


def test_what_an_old_paper_settled_is_no_news_even_to_a_first_audit() -> None:
    old = evidence("2402.00001", "relaxes", "2024-02-08")
    assert "Fell lately" not in index_page(report(record("x", "relaxed", old, changed_on="2026-08-31")))


def test_a_long_list_is_cut_and_says_how_many_are_left() -> None:
    paper = evidence("2607.00001", "relaxes", "2026-07-01")
    many = report(*(record(f"c{i}", "relaxed", paper, line=10 + i) for i in range(9)))
    assert "- and 2 more claims, in the [table](#claims)" in index_page(many)


def test_marks_of_close_days_do_not_cover_each_other() -> None:
    close = [evidence(f"2607.0000{i}", "supports", f"2026-07-0{i}") for i in range(1, 5)]
    drawn = timeline(report(record("x", "upheld", *close)))
    heights = {part.split(" ")[1].split("L")[0] for part in drawn.split('class="t-mark t-supports" d="M')[1:5]}
    assert len(heights) == 4


# --- in a browser ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.skip("no Chromium is installed; `apt-get install chromium` lets the site be looked at")
    opened = Browser(program)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for name, page in site(small_report(), CHANGES).items():
        (folder / name).write_text(page, encoding="utf-8")
    return folder


SHOWN = "[...document.querySelectorAll('table.claims tbody tr')].filter(r => r.offsetParent).map(r => r.dataset.state)"


def test_typing_narrows_the_claims_and_says_how_many_are_left(browser: Browser, pages: Path) -> None:
    browser.look(1280)
    browser.open(pages / "index.html")
    assert len(browser.value(SHOWN)) == 5
    browser.value("document.querySelector('#query').focus()")
    browser.type("TRUST holds")
    assert browser.value(SHOWN) == []
    browser.value("document.querySelector('#query').select()")
    browser.type("trust 2606.00003")
    assert browser.value(SHOWN) == ["contested"]
    assert browser.value("document.querySelector('#shown').textContent") == "1 of 5 claims"
    assert browser.value("location.hash") == "#q=trust+2606.00003"


def test_a_search_can_be_sent_as_an_address(browser: Browser, pages: Path) -> None:
    browser.look(1280)
    browser.open(pages / "index.html", "#state=untested")
    assert browser.value(SHOWN) == ["untested"]
    browser.value("document.querySelector('.tiles a').click()")
    browser.value("new Promise(requestAnimationFrame).then(() => new Promise(requestAnimationFrame)).then(() => 1)")
    assert browser.value(SHOWN) == ["overturned"]


def test_without_scripts_every_claim_stands_and_no_dead_search_is_shown(browser: Browser, pages: Path) -> None:
    browser.look(1280, scripts=False)
    browser.open(pages / "index.html")
    document = browser.call("DOM.getDocument", depth=-1)["root"]["nodeId"]
    form = browser.call("DOM.querySelector", nodeId=document, selector="form")["nodeId"]
    assert "hidden" in browser.call("DOM.getAttributes", nodeId=form)["attributes"]
    rows = browser.call("DOM.querySelectorAll", nodeId=document, selector="tbody tr:not([hidden])")["nodeIds"]
    assert len(rows) == 5
    browser.look(1280)


def test_the_first_tab_offers_to_skip_to_the_content(browser: Browser, pages: Path) -> None:
    browser.look(1280)
    browser.open(pages / "a.html")
    browser.press("Tab", 9)
    assert browser.value("document.activeElement.textContent") == "Skip to the content"
    assert browser.value("document.activeElement.getBoundingClientRect().left") >= 0
    assert browser.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize("name", ["index.html", "a.html", "changes.html"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (375, "light"), (375, "dark")])
def test_axe_finds_nothing_to_complain_about(browser: Browser, pages: Path, name: str, width: int, scheme: str) -> None:
    """Contrast, names, landmarks, headings and tables, by the rules of WCAG 2.1 AA and good practice."""
    package = pytest.importorskip("axe_core_python", reason="axe checks the pages; install the dev extra")
    axe = (Path(package.__path__[0]) / "axe.min.js").read_text(encoding="utf-8")
    browser.look(width, scheme)
    browser.open(pages / name)
    browser.value(f"{axe}; 1")
    found = browser.value("axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))")
    assert found == []


@pytest.mark.parametrize("name", ["index.html", "a.html", "changes.html"])
@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_scrolls_sideways(browser: Browser, pages: Path, name: str, width: int) -> None:
    browser.look(width)
    browser.open(pages / name)
    assert browser.value("document.documentElement.scrollWidth") <= width


def test_hostile_words_run_nothing_and_ask_for_nothing(browser: Browser, tmp_path: Path) -> None:
    for name, page in site(hostile_report(), CHANGES + "\n".join(HOSTILE)).items():
        (tmp_path / name).write_text(page, encoding="utf-8")
    browser.look(1280)
    browser.complaints.clear()
    for name in ("index.html", "a.html", "changes.html"):
        browser.open(tmp_path / name)
        assert browser.value("getComputedStyle(document.body).maxWidth") == "1152px"  # the style sheet is let in
    assert browser.complaints == []


def test_paper_shows_what_is_folded_and_hides_what_cannot_be_pressed(browser: Browser, pages: Path) -> None:
    browser.look(1280, media="print")
    browser.open(pages / "index.html")
    assert browser.value("getComputedStyle(document.querySelector('form')).display") == "none"
    browser.open(pages / "a.html")
    folded = "getComputedStyle(document.querySelector('details'), '::details-content').contentVisibility"
    assert browser.value(folded) == "visible"
    assert browser.printed().startswith(b"%PDF")
    browser.look(1280)


def test_the_timeline_follows_the_reader_into_the_dark(browser: Browser, tmp_path: Path) -> None:
    picture = tmp_path / "timeline.svg"
    picture.write_text(timeline(small_report()), encoding="utf-8")
    seen = []
    for scheme in ("light", "dark"):
        browser.look(1280, scheme)
        browser.open(picture)
        seen.append(browser.value("getComputedStyle(document.querySelector('g text')).fill"))
    assert seen == ["rgb(31, 35, 40)", "rgb(230, 237, 243)"]
    assert browser.value("document.querySelector('svg').getAttribute('aria-label')").startswith("Timeline of 5 claims")
