"""The local library: what is put in is found again, and nothing a query says can break it."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from retest.errors import OutputError
from retest.models import Paper, Query
from retest.sources import store as store_module
from retest.sources.store import Store


def paper(arxiv_id: str = "2501.00001", **changes: object) -> Paper:
    return Paper.model_validate(
        {"arxiv_id": arxiv_id, "title": "Ponds freeze", "published": date(2025, 1, 2), "text": "Cold nights."} | changes
    )


def query(*terms: str, after: date | None = None, before: date = date(2026, 12, 31), limit: int = 100) -> Query:
    return Query(terms=terms, after=after, before=before, limit=limit)


def ids(store: Store, asked: Query) -> list[str]:
    return [hit.paper.arxiv_id for hit in store.find(asked)]


@pytest.fixture
def store() -> Store:
    return Store(None)


def test_record_comes_back_with_every_field_as_it_was(store: Store) -> None:
    full = paper(
        authors=("Ada Ilves", "Bø Várga"),
        updated=date(2025, 3, 4),
        categories=("cs.CL", "cs.AI"),
        text_kind="digest",
        version=3,
        comment="12 pages",
        text="“Quoted” text — with a ligature ﬁ and  two spaces.",
    )
    store.add([full])
    assert store.get([full.arxiv_id]) == {full.arxiv_id: full}


def test_add_counts_what_is_new_or_changed_and_nothing_else(store: Store) -> None:
    assert store.add([paper("2501.00001"), paper("2501.00002")]) == 2
    assert store.add([paper("2501.00001"), paper("2501.00002", version=2), paper("2501.00003")]) == 2
    assert store.add([paper("2501.00001", published=date(2025, 1, 3))]) == 1
    assert store.count() == 3


def test_changed_text_is_found_by_its_new_words_and_no_longer_by_the_old(store: Store) -> None:
    store.add([paper(text="A long abstract about glaciers and rivers.")])
    store.add([paper(text="Lakes.")])
    assert ids(store, query("glaciers")) == []
    assert ids(store, query("lakes")) == ["2501.00001"]


def test_get_keeps_the_order_asked_for_and_leaves_out_unknown_ids(store: Store) -> None:
    store.add([paper("2501.00001"), paper("2501.00002")])
    assert list(store.get(["2501.00002", "9999.99999", "2501.00001", "2501.00002"])) == ["2501.00002", "2501.00001"]


def test_any_term_suffices_and_word_forms_count_as_the_word(store: Store) -> None:
    store.add(
        [paper("2501.00001", title="Freezing"), paper("2501.00002", title="Thaw"), paper("2501.00003", title="X")]
    )
    assert ids(store, query("freeze", "thawing")) == ["2501.00001", "2501.00002"]


def test_term_of_several_words_is_a_phrase_however_it_is_hyphenated(store: Store) -> None:
    store.add(
        [paper("2501.00001", text="chain-of-thought"), paper("2501.00002", text="a thought about a chain of shops")]
    )
    assert ids(store, query("chain of thought")) == ["2501.00001"]
    assert ids(store, query("Chain-of-Thought")) == ["2501.00001"]


def test_word_in_the_title_weighs_more_than_in_the_text(store: Store) -> None:
    store.add([paper("2501.00001", title="Cold", text="Ice."), paper("2501.00002", title="Ice", text="Cold.")])
    store.add([paper(f"2502.0000{number}", title="Other", text="Other.") for number in range(9)])
    hits = store.find(query("ice"))
    assert [hit.paper.arxiv_id for hit in hits] == ["2501.00002", "2501.00001"]
    assert hits[0].score > hits[1].score > 0


def test_ties_stand_in_the_order_of_their_ids_and_the_limit_holds(store: Store) -> None:
    store.add([paper(f"2501.0000{number}") for number in (3, 1, 2)])
    assert ids(store, query("ponds")) == ["2501.00001", "2501.00002", "2501.00003"]
    assert ids(store, query("ponds", limit=2)) == ["2501.00001", "2501.00002"]
    assert ids(store, query("ponds", limit=0)) == []


def test_both_days_of_the_window_count(store: Store) -> None:
    store.add([paper(f"2501.0000{day}", published=date(2025, 1, day)) for day in range(1, 6)])
    inside = query("ponds", after=date(2025, 1, 2), before=date(2025, 1, 4))
    assert ids(store, inside) == ["2501.00002", "2501.00003", "2501.00004"]
    assert ids(store, query("ponds", before=date(2025, 1, 1))) == ["2501.00001"]
    assert ids(store, query("ponds", after=date(2025, 1, 4), before=date(2025, 1, 2))) == []


@pytest.mark.parametrize(
    "term",
    ['"', '""', "ponds)", "(ponds", "title:ponds", "NOT ponds", "ponds*", "^ponds", "NEAR(ponds, 2)", "pon\0ds",
     "-ponds", "ponds AND", 'a" OR "ponds', "{title}: ponds", "ponds + freeze", "'; DROP TABLE papers; --", "", "  "],
)  # fmt: skip
def test_syntax_in_a_term_is_harmless(store: Store, term: str) -> None:
    store.add([paper(), paper("2501.00002", title="Ice")])
    store.find(query(term))
    assert ids(store, query(term, "ice"))[-1:] != []
    assert store.count() == 2


def test_query_without_a_word_finds_nothing(store: Store) -> None:
    store.add([paper()])
    assert store.find(query("()", "!?")) == []
    assert store.find(query()) == []


def test_common_word_is_left_out_of_a_large_library_unless_it_stands_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "LARGE_LIBRARY", 10)
    store.add([paper(f"2501.000{number:02}") for number in range(20)])
    store.add([paper("2502.00001", title="Glaciers calve")])
    assert ids(store, query("ponds", "glaciers")) == ["2502.00001"]
    assert len(ids(store, query("ponds", "nights"))) == 21
    assert len(ids(store, query("cold nights", "glaciers"))) == 21, "a phrase always counts"


def test_latest_is_the_newest_day_and_none_in_an_empty_library(store: Store) -> None:
    assert store.latest() is None
    store.add([paper(), paper("2503.00001", published=date(2025, 3, 1))])
    assert store.latest() == date(2025, 3, 1)


def test_never_asked_and_nothing_found_are_two_answers(store: Store) -> None:
    assert store.recall("q") is None
    store.remember("q", [])
    assert store.recall("q") == []
    store.remember("q", ["2501.00002", "2501.00001"])
    assert store.recall("q") == ["2501.00002", "2501.00001"]


def test_library_outlives_its_process(tmp_path: Path) -> None:
    path = tmp_path / "home" / "library.sqlite"
    first = Store(path)
    first.add([paper()])
    first.remember("q", ["2501.00001"])
    code = (
        "import sys; from pathlib import Path; from retest.sources.store import Store; s = Store(Path(sys.argv[1]))\n"
    )
    code += "print(s.count(), s.recall('q'))"
    told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "1 ['2501.00001']"


def test_threads_and_connections_write_side_by_side(tmp_path: Path) -> None:
    stores = [Store(tmp_path / "library.sqlite") for _ in range(2)]
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(10):
                stores[number % 2].add([paper(f"25{number:02}.{step:05}")])
                stores[number % 2].find(query("ponds"))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert stores[0].count() == stores[1].count() == 60


def make_garbage(path: Path) -> None:
    path.write_bytes(b"this is no database at all\n" * 100)


def make_foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")


def make_older(path: Path) -> None:
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 0")


@pytest.mark.parametrize("make", [make_garbage, make_foreign, make_older])
def test_file_that_is_no_library_is_set_aside_and_said_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, make: object
) -> None:
    path = tmp_path / "library.sqlite"
    make(path)  # type: ignore[operator]
    kept = path.read_bytes()
    with caplog.at_level(logging.WARNING):
        store = Store(path)
    store.add([paper()])
    assert store.count() == 1
    assert (tmp_path / "library.sqlite.aside-1").read_bytes() == kept
    assert "library.sqlite.aside-1" in caplog.text


def damage(path: Path) -> None:
    """All pages but the first, which holds the header and the schema, become noise."""
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))


def test_damage_that_shows_only_after_the_header_is_a_sentence_and_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    with closing(Store(path)) as store:
        store.add([paper()])
    damage(path)
    kept = path.read_bytes()
    with closing(Store(path)) as store:
        for use in (store.count, store.latest, store.harvests, lambda: store.find(query("hint"))):
            with pytest.raises(OutputError, match=r"library\.sqlite: the library is damaged .*; move it away"):
                use()
        with pytest.raises(OutputError, match="is damaged"):
            store.add([paper()])
    assert path.read_bytes() == kept


def test_text_that_is_no_utf8_is_damage_and_is_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    with closing(Store(path)) as store:
        store.add([paper()])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE papers SET comment = CAST(x'ff736563726574' AS TEXT)")
    with closing(Store(path)) as store, pytest.raises(OutputError, match="is damaged") as told:
        store.get([paper().arxiv_id])
    assert "secret" not in str(told.value)


def test_library_that_cannot_be_opened_is_an_error_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"library\.sqlite: the library cannot be opened"):
        Store(tmp_path / "file" / "library.sqlite")
