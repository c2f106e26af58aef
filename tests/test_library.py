"""The library: what is put in is found by its words and by its meaning, without a request, the same every time."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chat_server import ChatServer, Sent
from fakes import claim, paper
from oai_server import Record, serving
from typer.testing import CliRunner

from retest import lexicon as lexicon_module
from retest.candidates import find_candidates, likeness
from retest.cli import app
from retest.errors import InputError, SourceUnreachable
from retest.models import Anchor, Anchored, Likeness, Paper, Query, Unanchored
from retest.ranking import Pool, reread
from retest.sources.library import LibrarySource, open_library, paper_of_record, records_of
from retest.sources.store import Store
from retest.sources.vectors import (
    BUILT_IN,
    EndpointEncoder,
    VectorIndex,
    WordEncoder,
    embed_missing,
    whole_numbers,
)
from retest.terms import stems

OURS = {
    "id": "2501.00001",
    "title": "Reasoning  models hide hints",
    "abstract": "Chains of thought\nleave out the hint.",
    "published": "2025-01-02",
    "authors": ["Ada Ilves"],
    "categories": ["cs.CL", "cs.AI"],
}
DUMP = {
    "id": "0704.0001",
    "authors": "C. Bal\\'azs, E. L. Berger and C.-P. Yuan",
    "authors_parsed": [["Balázs", "C.", ""], ["Berger", "E. L.", "Jr"]],
    "title": "Diphoton production\n  at colliders",
    "comments": "37 pages",
    "categories": "hep-ph cs.CL",
    "abstract": "  A calculation.\n",
    "versions": [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ],
    "update_date": "2008-11-26",
}
SHELF = [
    paper("2501.00001", "Reasoning models hide hints", "Chains of thought leave out the hint. Faithfulness is low.", "2025-01-02"),
    paper("2502.00002", "Verbalised rationales become faithful", "Training makes chains of thought mention cues.", "2025-02-03"),
    paper("2503.00003", "Ponds freeze", "Cold nights make ice on small ponds.", "2025-03-04"),
    paper("2504.00004", "Monitoring reasoning traces", "Monitors read chains of thought.", "2025-04-05"),
    paper("2505.00005", "Pretraining data mixtures", "Domain weights change the loss of language models.", "2025-05-06"),
]  # fmt: skip
CLAIM = claim("Do reasoning models say what they use?", "Chains of thought rarely mention the hint that was used.")
END = date(2026, 12, 31)


@pytest.fixture
def store() -> Store:
    filled = Store(None)
    filled.add(SHELF)
    return filled


@pytest.fixture
def source(store: Store) -> LibrarySource:
    embed_missing(store, WordEncoder())
    return LibrarySource(store, WordEncoder())


def like(title: str = CLAIM.title, text: str = CLAIM.text, **anchor: str) -> Likeness:
    return Likeness(title=title, text=text, **anchor)


def ids_like(source: LibrarySource, asked: Likeness, **window: Any) -> list[str]:
    query = Query(terms=(), like=asked, **({"before": END} | window))
    return [hit.paper.arxiv_id for hit in source.find(query)]


# --- files -----------------------------------------------------------------------------------------


def test_our_record_becomes_a_paper() -> None:
    assert paper_of_record(OURS) == Paper(
        arxiv_id="2501.00001",
        title="Reasoning models hide hints",
        text="Chains of thought leave out the hint.",
        published=date(2025, 1, 2),
        authors=("Ada Ilves",),
        categories=("cs.CL", "cs.AI"),
    )


def test_record_of_the_public_dump_becomes_a_paper() -> None:
    assert paper_of_record(DUMP) == Paper(
        arxiv_id="0704.0001",
        title="Diphoton production at colliders",
        text="A calculation.",
        published=date(2007, 4, 2),
        updated=date(2007, 7, 24),
        authors=("C. Balázs", "E. L. Berger Jr"),
        categories=("hep-ph", "cs.CL"),
        version=2,
        comment="37 pages",
    )


def test_authors_in_one_string_are_told_apart() -> None:
    told = {name: value for name, value in DUMP.items() if name != "authors_parsed"} | {
        "authors": "A. Ilves, B. Falk and C. Duru"
    }
    assert paper_of_record(told).authors == ("A. Ilves", "B. Falk", "C. Duru")


@pytest.mark.parametrize(("suffix", "opener"), [("", open), (".xz", lzma.open), (".gz", gzip.open), (".bz2", bz2.open)])
def test_file_is_read_plain_or_compressed(tmp_path: Path, suffix: str, opener: Any) -> None:
    path = tmp_path / f"records.jsonl{suffix}"
    with opener(path, "wt", encoding="utf-8") as file:
        file.write(json.dumps(OURS) + "\n\n" + json.dumps(DUMP) + "\n")
    assert [item.arxiv_id for item in records_of(path) if isinstance(item, Paper)] == ["2501.00001", "0704.0001"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [("{", "not JSON"), ("[]", "unexpected form"), ('{"id": "x"}', "no arXiv id"),
     ('{"id": "2501.00001"}', "no title"), ('{"id": "2501.00001", "title": "T"}', "no day"),
     ('{"id": "2501.00001", "title": "T", "published": "soon"}', "unexpected form")],
)  # fmt: skip
def test_line_without_a_record_is_named_with_its_reason(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(OURS) + "\n" + line + "\n")
    problem = list(records_of(path))[1]
    assert isinstance(problem, str)
    assert problem.startswith(f"{path}: line 2: ")
    assert reason in problem


def test_damaged_or_missing_file_is_an_error_with_its_path(tmp_path: Path) -> None:
    damaged = tmp_path / "records.jsonl.xz"
    damaged.write_bytes(lzma.compress(json.dumps(OURS).encode())[:-9])
    for path in (damaged, tmp_path / "nowhere.jsonl"):
        with pytest.raises(InputError, match="cannot be read"):
            list(records_of(path))


# --- finding ---------------------------------------------------------------------------------------


def test_paper_in_other_words_is_found_and_the_unrelated_one_stands_last(source: LibrarySource) -> None:
    found = ids_like(source, like())
    assert set(found[:3]) == {"2501.00001", "2502.00002", "2504.00004"}
    assert source.requests == 0


def test_both_days_of_the_window_count(source: LibrarySource) -> None:
    window = {"after": date(2025, 2, 3), "before": date(2025, 4, 5)}
    assert sorted(ids_like(source, like(), **window)) == ["2502.00002", "2503.00003", "2504.00004"]
    assert ids_like(source, like(), after=date(2027, 1, 1)) == []


def test_words_are_searched_for_as_in_the_store(source: LibrarySource) -> None:
    query = Query(terms=("ponds",), before=END)
    assert [hit.paper.arxiv_id for hit in source.search(query)] == ["2503.00003"]


def test_lookup_knows_ids_with_versions_and_leaves_out_the_unknown(source: LibrarySource) -> None:
    assert list(source.lookup(["2501.00001v3", "2599.00001", "nonsense"])) == ["2501.00001"]


def test_same_question_has_the_same_answer_whatever_the_order_of_arrival() -> None:
    answers = []
    for shelf in (SHELF, SHELF[::-1]):
        store = Store(None)
        store.add(shelf)
        embed_missing(store, WordEncoder())
        answers.append(ids_like(LibrarySource(store, WordEncoder()), like()))
    assert answers[0] == answers[1]


def test_candidates_of_a_claim_are_newer_and_not_its_anchor(source: LibrarySource) -> None:
    anchoring = Anchored(anchors=(Anchor(paper=SHELF[0], score=1.0, found_by="search"),))
    found = find_candidates(CLAIM, anchoring, source, date(2025, 1, 2), END, without={"2501.00001"})
    assert found[0].arxiv_id in ("2502.00002", "2504.00004")
    assert "2501.00001" not in [each.arxiv_id for each in found]


def test_source_that_compares_no_meanings_has_its_finds_read_again(store: Store) -> None:
    found = find_candidates(CLAIM, Unanchored(reason="none"), LibrarySource(store), None, END, without=())
    assert found == reread(likeness(CLAIM, Unanchored(reason="none")), found)


# --- ranking ---------------------------------------------------------------------------------------


def test_nothing_to_rank_is_no_error() -> None:
    assert reread(like(), []) == []
    assert sorted(reread(like("", ""), SHELF), key=SHELF.index) == SHELF


def test_paper_without_a_word_is_ranked_behind_those_that_say_something() -> None:
    mute = paper("2506.00006", "?", "!", "2025-06-07")
    assert reread(like(), [mute, *SHELF])[-1] in (mute, SHELF[2], SHELF[4])


def test_word_of_the_title_counts_more_and_a_long_text_less() -> None:
    papers = [
        paper("2501.00001", "Ice", "Ponds in the cold.", "2025-01-01"),
        paper("2501.00002", "Ponds", "Ice in the cold.", "2025-01-01"),
        paper("2501.00003", "Ponds", "Ice in the cold." + " Wind over the lake." * 50, "2025-01-01"),
    ]
    signatures = [lexicon_module.signature(each.title, each.text) for each in papers]
    pool = Pool(signatures, np.ones((3, 2)), [each.arxiv_id for each in papers])
    code = lexicon_module.lexicon().code("ice")
    scores = pool.words({code: 1.0})
    assert scores[0] > scores[1] > scores[2] > 0


def test_likest_sentence_of_each_paper_is_found() -> None:
    signatures = [lexicon_module.signature(each.title, each.text) for each in SHELF]
    pool = Pool(signatures, np.ones((len(SHELF), 2)), [each.arxiv_id for each in SHELF])
    known = lexicon_module.lexicon()
    row = lexicon_module.directions(known.vector(lexicon_module.signature("", "Faithfulness is low."))[None, :])
    likest = pool.likest_sentences(row)[:, 0]
    assert likest.argmax() == 0
    assert likest[0] == pytest.approx(1.0, abs=1e-5)


def test_word_that_the_lexicon_lacks_still_matches_itself() -> None:
    known = lexicon_module.lexicon()
    assert "zyxomatic" not in known.codes
    assert known.code("zyxomatic") == known.code("zyxomatic") >= len(known.codes)
    assert not known.vector(lexicon_module.signature("", "zyxomatic")).any()


def test_two_words_side_by_side_count_and_the_same_two_apart_do_not() -> None:
    texts = ["Frozen ponds thaw.", "Ponds have frozen.", "Frozen. Ponds.", "Rivers run."]
    pool = pool_of(texts)
    scores = pool.pairs("", "Of frozen ponds.")
    assert scores[0] > 0
    assert not scores[1:].any()
    assert not pool.pairs("", "Ponds.").any()


def test_pair_that_few_of_the_pool_have_counts_more() -> None:
    pool = pool_of(["Frozen ponds.", "Frozen ponds.", "Frozen ponds.", "Deep rivers."])
    scores = pool.pairs("", "Frozen ponds and deep rivers. Deep rivers.")
    assert scores[3] > scores[0] > 0


def test_first_of_the_best_tells_more_than_the_last() -> None:
    told = pool_of(["Ponds.", "Rivers."]).telling_words()
    known = lexicon_module.lexicon()
    ponds, rivers = (known.code(stems(word)[0]) for word in ("ponds", "rivers"))
    assert told[ponds] / known.weights[ponds] ** 2 > told[rivers] / known.weights[rivers] ** 2


def test_phrase_has_a_vector_of_its_own() -> None:
    known = lexicon_module.lexicon()
    together, apart = (lexicon_module.signature("", text) for text in ("Low rank.", "Low. Rank."))
    assert not np.allclose(known.vector(together), known.vector(apart))
    rows, ends = known.sentence_vectors(np.concatenate([apart, together]))
    assert len(rows) == len(ends) == 5  # an empty title, and the sentences
    assert np.allclose(rows[-1], lexicon_module.directions(known.vector(together)[None, :])[0], atol=1e-6)
    assert np.allclose(rows[1], lexicon_module.directions(known.vector(apart[:2])[None, :])[0], atol=1e-6)


def pool_of(texts: list[str]) -> Pool:
    """Papers of these texts, without titles."""
    signatures = [lexicon_module.signature("", text) for text in texts]
    return Pool(signatures, np.ones((len(texts), 2)), [str(place) for place in range(len(texts))])


# --- vectors ---------------------------------------------------------------------------------------


def test_vectors_are_made_once_and_anew_for_a_changed_text(store: Store) -> None:
    assert embed_missing(store, WordEncoder()) == len(SHELF)
    assert embed_missing(store, WordEncoder()) == 0
    store.add([SHELF[0].model_copy(update={"text": "Other words."})])
    assert embed_missing(store, WordEncoder()) == 1
    store.remove(["2501.00001"])
    assert store.count_vectors() == store.count() == len(SHELF) - 1


def test_products_are_exact_whatever_the_order_of_addition() -> None:
    rows = whole_numbers(np.random.default_rng(0).normal(size=(50, 256)).astype(np.float32))
    exact = rows.astype(np.int64) @ rows.astype(np.int64).T
    assert (rows.astype(np.float32) @ rows.astype(np.float32).T == exact).all()
    assert (np.abs(rows).max(axis=1) == 127).all()


def test_ties_stand_in_the_order_of_their_ids() -> None:
    store = Store(None)
    store.add([SHELF[2].model_copy(update={"arxiv_id": f"2503.0000{number}"}) for number in (3, 1, 2)])
    embed_missing(store, WordEncoder())
    index = VectorIndex(store, WordEncoder())
    assert index.nearest(WordEncoder().encode(["ice on ponds"]), None, END, 2) == [["2503.00001", "2503.00002"]]


class Scripted:
    """An encoder of another name."""

    def __init__(self, model: str) -> None:
        self.model = model

    def encode(self, texts: Any) -> Any:
        return whole_numbers(np.array([[len(text), 1.0] for text in texts], dtype=np.float32))


def test_vectors_of_two_models_are_never_mixed(store: Store) -> None:
    embed_missing(store, Scripted("big"))
    store.add([paper("2506.00006", "New", "New.", "2025-06-07")])
    with pytest.raises(InputError, match=f"made by big, not by {BUILT_IN}: set RETEST_EMBEDDING_MODEL to big"):
        embed_missing(store, WordEncoder())
    with pytest.raises(InputError, match="made by big, not by small"):
        LibrarySource(store, Scripted("small"))


def test_name_of_the_embedding_changes_with_its_file() -> None:
    data = files("retest").joinpath("data/embedding.npz").read_bytes()
    assert (BUILT_IN, hashlib.sha256(data).hexdigest()[:12]) == ("retest-words-4", "b2f388a8d7a8"), (
        "libraries that were made with the earlier file would be compared with the new one"
    )


def test_vectors_of_an_earlier_built_in_embedding_are_made_anew(store: Store) -> None:
    embed_missing(store, Scripted("retest-words-1"))
    with pytest.raises(InputError, match=f"made by retest-words-1, not by {BUILT_IN}: make them anew"):
        LibrarySource(store, WordEncoder())
    assert embed_missing(store, WordEncoder()) == store.count()
    assert store.embedding() == (BUILT_IN, 256)


@contextmanager
def embedding_server(status: int = 200, drop: int = 0) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(body)
            rows = [
                {"object": "embedding", "index": n, "embedding": [len(t), 1.0]} for n, t in enumerate(body["input"])
            ]
            answer = {
                "object": "list",
                "model": "big",
                "data": rows[drop:][::-1],
                "usage": {"prompt_tokens": 1, "total_tokens": 1},
            }
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        server.server_close()


def test_bigger_embedding_is_asked_in_batches_and_put_back_in_order() -> None:
    with embedding_server() as (url, asked):
        rows = EndpointEncoder("big", base_url=url, api_key="canary", retries=0).encode(
            ["x" * n for n in range(1, 101)]
        )
    assert [len(body["input"]) for body in asked] == [64, 36]
    assert {body["model"] for body in asked} == {"big"}
    assert (rows[99] == [127, 1]).all()
    assert (rows[0] == [127, 127]).all()


@pytest.mark.parametrize("options", [{"status": 401}, {"drop": 1}])
def test_embedding_model_that_fails_is_named_and_the_key_is_not(options: dict[str, int]) -> None:
    with embedding_server(**options) as (url, _), pytest.raises(SourceUnreachable) as told:
        EndpointEncoder("big", base_url=url, api_key="canary", retries=0).encode(["a", "b"])
    assert "the embedding model big" in str(told.value)
    assert "canary" not in repr(told.value)


def test_embedding_request_follows_no_redirect() -> None:
    with ChatServer([]) as other:
        moved = Sent(status=307, headers={"Location": f"{other.url}/embeddings"})
        with ChatServer([moved]) as server, pytest.raises(SourceUnreachable, match="the embedding model big"):
            EndpointEncoder("big", base_url=server.url, api_key="canary", retries=0).encode(["a"])
    assert (len(server.asked), other.asked) == (1, [])


def test_nothing_of_the_environment_reaches_the_embedding_model(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET"):
        monkeypatch.setenv(name, "ambient-canary")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://ambient.example.org/v1")
    monkeypatch.setenv("HTTP_PROXY", "http://ambient.example.org:1")
    vector = {"object": "list", "model": "big", "data": [{"object": "embedding", "index": 0, "embedding": [1.0]}]}
    with ChatServer([Sent(body=json.dumps(vector).encode())]) as server:
        EndpointEncoder("big", base_url=server.url, api_key="mine", retries=0).encode(["a"])
    assert "ambient" not in json.dumps(server.headers)
    assert server.headers[0]["authorization"] == "Bearer mine"


# --- commands --------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETEST_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RETEST_EMBEDDING_MODEL", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["library", *arguments])


def test_imported_file_is_searched_and_status_says_what_is_there(home: Path, tmp_path: Path) -> None:
    records = tmp_path / "records.jsonl"
    records.write_text("\n".join(map(json.dumps, [OURS, DUMP])))
    assert run("import", str(records), "--quiet").exit_code == 0
    told = json.loads(run("status", "--json").stdout)
    assert (told["records"], told["vectors"], told["embedding"]) == (2, 2, BUILT_IN)
    assert (told["oldest"], told["newest"]) == ("2007-04-02", "2025-01-02")
    assert ids_like(open_library(home, {}), like()) == ["2501.00001", "0704.0001"]


def test_sync_fills_the_library_and_a_second_one_asks_for_the_rest_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [Record(f"2501.0000{n}", f"2025-01-0{n}", f"2025-01-0{n}") for n in range(1, 6)]
    with serving(records) as server:
        monkeypatch.setenv("RETEST_OAI_URL", server.url)
        monkeypatch.setenv("RETEST_ARXIV_DELAY", "0")
        first = run("sync", "--categories", "cs.CL", "--from", "2025-01-01")
        assert first.exit_code == 0
        assert "5 records new or changed, 0 withdrawn, 3 requests; the library holds 5" in first.stderr
        assert run("sync", "--categories", "cs.CL", "--from", "2025-01-01", "--quiet").stderr == ""
    assert [asked.get("from") for asked in server.asked] == ["2025-01-01", None, None, "2026-08-31"]
    told = json.loads(run("status", "--json").stdout)
    assert (told["records"], told["vectors"]) == (5, 5)
    assert told["harvests"] == [
        {"set": "cs:cs:CL", "since": "2025-01-01", "complete": True, "state": "complete as of 2026-09-01"}
    ]


def test_import_keeps_what_the_options_ask_for(home: Path, tmp_path: Path) -> None:
    records = tmp_path / "records.jsonl"
    records.write_text("\n".join(map(json.dumps, [OURS, DUMP])))
    assert run("import", str(records), "--from", "2020-01-01", "--categories", "cs", "--quiet").exit_code == 0
    assert json.loads(run("status", "--json").stdout)["records"] == 1


def test_import_with_unreadable_lines_is_done_in_part_and_names_them(home: Path, tmp_path: Path) -> None:
    records = tmp_path / "records.jsonl"
    records.write_text(json.dumps(OURS) + "\n{\n")
    result = run("import", str(records), "--quiet")
    assert result.exit_code == 3
    assert "line 2: not JSON" in result.stderr
    assert json.loads(run("status", "--json").stdout)["records"] == 1


def test_import_of_nothing_is_refused_and_makes_no_library(home: Path, tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").write_text("")
    result = run("import", str(tmp_path / "records.jsonl"))
    assert isinstance(result.exception, InputError)
    assert "holds no record" in str(result.exception)
    assert not (home / "library.sqlite3").exists()


def test_papers_that_landed_since_are_made_ready_when_the_library_is_opened(home: Path, tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").write_text(json.dumps(OURS))
    run("import", str(tmp_path / "records.jsonl"), "--quiet")
    Store(home / "library.sqlite3").add([SHELF[1]])
    assert sorted(ids_like(open_library(home, {}), like())) == ["2501.00001", "2502.00002"]


def test_missing_library_is_an_error_that_says_how_to_make_one(home: Path) -> None:
    with pytest.raises(InputError, match=r"retest library sync --categories cs\.CL,cs\.AI,cs\.LG --from 2025-01-01"):
        open_library(home, {})
    assert isinstance(run("status").exception, InputError)


def test_rebuilt_index_is_the_new_models(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "records.jsonl").write_text(json.dumps(OURS))
    run("import", str(tmp_path / "records.jsonl"), "--quiet")
    with embedding_server() as (url, _):
        monkeypatch.setenv("RETEST_EMBEDDING_MODEL", "big")
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        assert run("index", "--rebuild", "--quiet").exit_code == 0
    told = json.loads(run("status", "--json").stdout)
    assert (told["embedding"], told["vectors"]) == ("big", 1)


@pytest.mark.parametrize(
    "url", ["http://llm.example.org/v1", "https://user:pw@llm.example.org/v1", "ftp://llm.example.org"]
)
def test_embedding_key_goes_to_no_address_that_the_judges_key_would_not_go_to(url: str) -> None:
    with pytest.raises(InputError, match="OPENAI_BASE_URL"):
        EndpointEncoder("big", base_url=url, api_key="canary")
