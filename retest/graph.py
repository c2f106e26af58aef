"""The map: which stage follows which, over all claims of a run.

    read -> resolve -> gather (one branch per claim) -> gathered -> test (one per claim) -> tested -> ask -> END

Two fans and not one, because finding is done over everything that was fetched: a claim tested before
another one's records have arrived would give other bytes on another day. State holds ids only; what
they stand for lies on the desk, and clients ride in the context. Bounded by our own semaphore: the
graph's `max_concurrency` holds back its checkpoints too, and a killed run would lose everything.
"""

from __future__ import annotations

import asyncio
import logging
import operator
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, TypedDict

from langgraph.errors import NodeError
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import RetryPolicy, Send

from retest.anchors import named_by_seed
from retest.audit import Gathered, look, questions_for, retest_claim, unreachable
from retest.claims import merge_claims
from retest.desk import Desk
from retest.errors import JudgeRefused, OutputError, RetestError, SourceUnreachable
from retest.history import anchored_before, cited_before, known_claims
from retest.judges import Judge, Scout
from retest.ledger import Ledger
from retest.models import NOT_JUDGED, UNQUOTED, Anchoring, Claim, Outcome, Paper, Seed, Value
from retest.report import Report
from retest.sources import PaperSource

_log = logging.getLogger(__name__)


class Library(Value):
    """What the seeds say, read once."""

    seeds: tuple[Seed, ...]
    claims: tuple[Claim, ...]


class Resolved(Value):
    """What the ids that the seeds name came to."""

    papers: dict[str, Paper]
    named: dict[str, Anchoring]
    """By claim: what is its anchor without a search."""
    cited: dict[str, tuple[str, ...]]
    """By claim: ids that the run before cited for it."""
    failure: str = ""


class Questions(Value):
    """The two research questions for a seed."""

    questions: tuple[str, str]


@dataclass
class Tools:
    """What the nodes work with. Never checkpointed, so keys are safe in it."""

    seeds: Sequence[Seed]
    previous: Report | None
    """The report of the run before, whose ids, anchors and evidence last."""
    source: PaperSource
    judge: Judge
    ledger: Ledger
    desk: Desk
    since: date
    as_of: date
    candidates: int
    scout: Scout | None = None
    fresh: bool = False
    """Ignore what the run before found; its claims keep their ids all the same."""
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(8))
    context: Sequence[Seed] = ()
    """Seeds of the report before that this run was not asked about: who else cites a claim tells whose paper it is."""

    _library: Library | None = None

    def all_seeds(self) -> list[Seed]:
        """Those that are audited among the others, in the order of the report before: a part is read as the whole was."""
        before = {seed.file: place for place, seed in enumerate(self.previous.seeds)} if self.previous else {}
        both = [*self.seeds, *self.context]
        return sorted(both, key=lambda seed: before.get(seed.file, len(before))) if self.context else both

    def library(self) -> Library:
        """What `read` laid down."""
        if self._library is None:
            self._library = _there(self.desk.get("library", "", Library))
        return self._library

    def claim(self, claim_id: str) -> Claim:
        """One of its claims."""
        return next(claim for claim in self.library().claims if claim.id == claim_id)


class Run(TypedDict):
    """The state: ids of claims, by how far they have come."""

    claims: list[str]
    gathered: Annotated[list[str], operator.add]
    tested: Annotated[list[str], operator.add]


class Branch(TypedDict):
    """The state of one claim's branch."""

    claim: str


def tools_of(runtime: Runtime[Tools]) -> Tools:
    """The run's tools; those of the environment under LangGraph's own tools, which hand none in."""
    if runtime.context is None:
        from retest.run import environment_tools

        return environment_tools()
    return runtime.context


def read(state: Run, runtime: Runtime[Tools]) -> dict[str, Any]:
    """Makes claims of the seeds' notes."""
    tools = tools_of(runtime)
    named = {seed.file for seed in tools.seeds}
    claims = [
        claim
        for claim in merge_claims(tools.all_seeds(), known_claims(tools.previous))
        if any(place.file in named for place in claim.places)
    ]
    tools._library = None
    tools.desk.put("library", "", Library(seeds=tuple(tools.seeds), claims=tuple(claims)))
    return {"claims": [claim.id for claim in claims]}


async def resolve(state: Run, runtime: Runtime[Tools]) -> dict[str, Any]:
    """Looks up every id that the seeds name or an earlier run cited, in one batch."""
    tools = tools_of(runtime)
    claims = tools.library().claims
    runtime.stream_writer({"stage": "gather", "total": len(claims)})
    before = tools.desk.get("resolved", "", Resolved)
    if before and not before.failure:
        return {}  # by a run that was killed before its checkpoint was written
    previous = None if tools.fresh else tools.previous
    cited = cited_before(previous, claims)
    ids = {line.arxiv_id for claim in claims for line in claim.anchor_lines}.union(
        *(claim.arxiv_ids for claim in claims), *cited.values()
    )
    try:
        papers = await asyncio.to_thread(tools.source.lookup, sorted(filter(None, ids))) if ids else {}
        anchored = anchored_before(previous, claims, papers, tools.source.name)
        resolved = Resolved(papers=papers, named=anchored | named_by_seed(claims, papers), cited=cited)
    except SourceUnreachable as error:
        resolved = Resolved(papers={}, named={}, cited={}, failure=str(error))
    tools.desk.put("resolved", "", resolved)
    return {}


async def gather_claim(state: Branch, runtime: Runtime[Tools]) -> dict[str, Any]:
    """Finds a claim's anchor and fetches what is newer."""
    tools, claim_id = tools_of(runtime), state["claim"]
    claim, resolved = tools.claim(claim_id), _there(tools.desk.get("resolved", "", Resolved))
    try:
        if resolved.failure:
            raise SourceUnreachable(resolved.failure)
        if tools.desk.get("gathered", claim_id, Gathered) is None:  # a killed run may have come that far
            async with tools.slots:
                gathered = await look(
                    claim,
                    resolved.named.get(claim_id),
                    tools.source,
                    tools.scout,
                    tools.ledger,
                    tools.since,
                    tools.as_of,
                )
            tools.desk.put("gathered", claim_id, gathered)
    except SourceUnreachable as error:
        tools.desk.put("outcome", claim_id, unreachable(claim, None, str(error), tools.as_of))
    runtime.stream_writer({"stage": "gather", "claim": claim_id})
    return {"gathered": [claim_id]}


def join(state: Run, runtime: Runtime[Tools]) -> dict[str, Any]:
    """Waits for every branch."""
    runtime.stream_writer({"stage": "test", "total": len(state["claims"])})
    return {}


async def test_claim(state: Branch, runtime: Runtime[Tools]) -> dict[str, Any]:
    """Weighs what is newer and decides."""
    tools, claim_id = tools_of(runtime), state["claim"]
    gathered = tools.desk.get("gathered", claim_id, Gathered)
    if gathered:
        claim, resolved = tools.claim(claim_id), _there(tools.desk.get("resolved", "", Resolved))
        cited = [resolved.papers[i] for i in resolved.cited.get(claim_id, ()) if i in resolved.papers]
        async with tools.slots:
            outcome = await retest_claim(
                claim,
                gathered,
                tools.source,
                tools.judge,
                tools.ledger,
                tools.candidates,
                tools.as_of,
                earlier=cited,
                scout=tools.scout,
            )
        tools.desk.put(
            "outcome", claim_id, _failed_if_unjudged(outcome, cited_before(tools.previous, [claim]).get(claim_id, ()))
        )
    runtime.stream_writer({"stage": "test", "claim": claim_id})
    return {"tested": [claim_id]}


def _failed_if_unjudged(outcome: Outcome, cited: Collection[str]) -> Outcome:
    """The outcome, or, where no verdict can be told from it, a failure: the claim keeps its earlier verdict, and is named.

    So where no paper got a usable answer, and where one did not on which the earlier verdict rests (`cited`).
    """
    in_vain = [item for item in outcome.unplaced if item.reason.startswith(NOT_JUDGED)]
    missed = [item for item in in_vain if item.paper.arxiv_id in cited and not item.reason.startswith(UNQUOTED)]
    if in_vain and not outcome.search.judged:
        told = f"no paper could be judged: {in_vain[0].reason.removeprefix(NOT_JUDGED)}"
    elif missed:
        name = f"arXiv:{missed[0].paper.arxiv_id}"
        told = f"{name}, on which it rests, could not be judged: {missed[0].reason.removeprefix(NOT_JUDGED)}"
    else:
        return outcome
    return outcome.model_copy(update={"failure": told})


def failed(state: Branch, error: NodeError, runtime: Runtime[Tools]) -> dict[str, Any]:
    """One failed claim never sinks the run; a refused key does, for every other claim would fail alike."""
    if isinstance(error.error, JudgeRefused):
        # A new error: LangGraph takes the one that it handed in for handled, and would go on without it.
        raise JudgeRefused(str(error.error)) from error.error
    tools, claim_id = tools_of(runtime), state["claim"]
    reason = str(error.error)
    if not isinstance(error.error, RetestError):
        _log.error("claim %s failed", claim_id, exc_info=error.error)
        reason = f"an error in retest stopped it: {type(error.error).__name__}"  # its words may hold a path
    elif isinstance(error.error, OutputError):
        _log.error("claim %s failed: %s", claim_id, reason)
        reason = "a file in RETEST_HOME could not be used"
    tools.desk.put("outcome", claim_id, unreachable(tools.claim(claim_id), None, reason, tools.as_of))
    return {"gathered": [claim_id]} if error.node == "gather" else {"tested": [claim_id]}


async def ask(state: Run, runtime: Runtime[Tools]) -> dict[str, Any]:
    """Has the judge ask two research questions for each seed."""
    tools = tools_of(runtime)
    library, outcomes = tools.library(), outcomes_of(tools)
    for seed in library.seeds:
        carried = [o for o in outcomes if any(place.file == seed.file for place in o.claim.places)]
        questions = await questions_for(seed, [o for o in carried if not o.failure], tools.judge, tools.ledger)
        tools.desk.put("questions", seed.file, Questions(questions=questions))
    return {}


def outcomes_of(tools: Tools) -> list[Outcome]:
    """The outcome of every claim, in the order of the claims."""
    return [_there(tools.desk.get("outcome", claim.id, Outcome)) for claim in tools.library().claims]


def fan(node: str) -> Any:
    """Sends each claim to `node` in a branch of its own."""

    def send(state: Run) -> list[Send]:
        return [Send(node, {"claim": claim_id}) for claim_id in state["claims"]]

    return send


def build_graph() -> StateGraph[Run, Tools, Run, Run]:
    """The graph, not yet compiled."""
    again = RetryPolicy(max_attempts=2, retry_on=lambda error: isinstance(error, OSError))
    graph = StateGraph(Run, context_schema=Tools)
    graph.add_node("read", read)
    graph.add_node("resolve", resolve)
    graph.add_node("gather", gather_claim, retry_policy=again, error_handler=failed)
    graph.add_node("gathered", join)
    graph.add_node("test", test_claim, retry_policy=again, error_handler=failed)
    graph.add_node("tested", lambda state: {})
    graph.add_node("ask", ask)
    graph.add_edge(START, "read")
    graph.add_edge("read", "resolve")
    graph.add_conditional_edges("resolve", fan("gather"), ["gather"])
    graph.add_edge("gather", "gathered")
    graph.add_conditional_edges("gathered", fan("test"), ["test"])
    graph.add_edge("test", "tested")
    graph.add_edge("tested", "ask")
    graph.add_edge("ask", END)
    return graph


def studio() -> CompiledStateGraph[Run, Tools, Run, Run]:
    """The compiled graph for LangGraph's own tools, which bring their own checkpointer (`langgraph.json`)."""
    return build_graph().compile(name="retest")


def _there(value: Any) -> Any:
    if value is None:
        raise RetestError("an interrupted run has lost what it had found out; start it again with --fresh")
    return value
