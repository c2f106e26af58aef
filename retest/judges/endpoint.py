"""The one place that talks to an OpenAI-compatible endpoint: a question and a schema in, a checked value out."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import pairwise
from typing import Any, ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

import openai
from openai.types.chat import ChatCompletion
from pydantic import BaseModel, ConfigDict, ValidationError

from retest.addresses import checked_url, is_loopback
from retest.errors import InputError, JudgeRefused, JudgeUnreachable
from retest.models import Value
from retest.templates import cut, load

log = logging.getLogger(__name__)

OPENAI = "https://api.openai.com/v1"
PATIENCE, LOCAL_PATIENCE = (60.0, 3), (600.0, 1)
"""Seconds for one try, and tries after the first: of an endpoint elsewhere, and of one on this machine."""
AS_JSON, AGAIN = "as-json-v1", "again-v1"

Form = Literal["json_schema", "json_object with a schema", "json_object", "text"]
"""How an endpoint is made to answer in JSON: it enforces the schema, in OpenAI's form or in llama.cpp's; it
enforces JSON; it is asked for it."""
_FORMS: tuple[Form, ...] = ("json_schema", "json_object with a schema", "json_object", "text")
_LOWER: Mapping[Form, Form] = dict(pairwise(_FORMS))
_WITH_A_SCHEMA: frozenset[Form] = frozenset(("json_schema", "json_object with a schema"))

_ABOUT_THE_FORM = re.compile(
    r"response_format|json_schema|json_object|json schema|structured|grammar|requested parameters|require_parameters",
    re.IGNORECASE,
)
_STATUS_PREFIX = re.compile(r"^Error code: \d+ - ")
"""The package's own, before the server's words."""
_NO_SUCH_MODEL = re.compile(r"model_not_found|\bmodel\b.{0,200}\b(?:not found|does not exist|not exist)", re.IGNORECASE)
_UNPROVEN_STEPS = frozenset({400, 422, 500, 501})
"""Statuses that servers give for a response format they do not know, without naming it (llama-cpp-python: 500)."""
_LONGEST_STRING = 600
"""Characters: more than any text that is asked for."""
_MOST_OPENINGS = 200
_LONGEST_READ = 100_000


class Reply(BaseModel):
    """Base of what a model is asked for: strict in the schema that is sent, lenient in what is read.

    Fields a model adds (an id, a title) are ignored. Bounds are left to the code that reads the value:
    OpenAI's strict mode refuses some of JSON schema's, and one number out of bounds must not cost the
    whole reply. `_bounded` sets some where they keep a small model from writing on and on.
    """

    MOST_ITEMS: ClassVar[int] = 30
    """How long a list of it may be."""

    model_config = ConfigDict(frozen=True, extra="ignore", json_schema_extra=lambda schema: _make_strict(schema))


def _make_strict(schema: dict[str, Any]) -> None:
    schema["additionalProperties"] = False
    schema["required"] = list(schema["properties"])
    schema.pop("description", None)
    for field in schema["properties"].values():
        field.pop("default", None)
        field.pop("title", None)


def _bounded(part: Any, most_items: int) -> Any:
    """A JSON schema in which no text and no list goes on for ever, for servers that hold a model to it."""
    if isinstance(part, list):
        return [_bounded(item, most_items) for item in part]
    if not isinstance(part, dict):
        return part
    told = {name: _bounded(value, most_items) for name, value in part.items()}
    if told.get("type") == "string" and not told.keys() & {"enum", "const"}:
        told["maxLength"] = _LONGEST_STRING
    if told.get("type") == "array":
        told["maxItems"] = most_items
    return told


class Usage(Value):
    """What an endpoint was asked so far, in the endpoint's own count of tokens."""

    calls: int = 0
    """Answers that were received; refused and failed requests are not among them."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt tokens, those that the endpoint had in its cache."""


class Unreadable(Exception):
    """A reply from which no value of the schema can be read; the message says what is wrong with it."""


Answered = TypeVar("Answered", bound=Reply)


class Endpoint:
    """An OpenAI-compatible endpoint with its key and model.

    `base_url=None` is OpenAI's own. Nothing is taken from the environment. How the endpoint can be made
    to answer in JSON, and which parameters it knows, is found out at the first answers, then remembered.
    """

    def __init__(
        self,
        *,
        base_url: str | None,
        api_key: str | None,
        model: str,
        timeout: float | None = None,
        retries: int | None = None,
        concurrency: int = 8,
        max_tokens: int = 8000,
    ) -> None:
        """`timeout` is in seconds for one try, `retries` counts the tries after the first one.

        A model on this machine is given ten minutes: asked again before, it would do the same work twice.
        """
        url = checked_url(base_url or OPENAI)
        usual = LOCAL_PATIENCE if is_loopback(url) else PATIENCE
        if not api_key and url == OPENAI:
            raise InputError(
                "There is no key for api.openai.com: set OPENAI_API_KEY, or OPENAI_BASE_URL for another endpoint."
            )
        self.model = model
        self.host = urlsplit(url).netloc
        self._told: set[str] = set()  # or an outage would say the same for every claim
        self._form: Form = "json_schema"
        self._is_proven = False
        self._parameters: dict[str, Any] = {"temperature": 0, "max_completion_tokens": max_tokens}
        self._usage = Usage()
        self._slots = asyncio.Semaphore(concurrency)
        # A redirect would carry the question, and with some clients the key, to a host nobody chose. A proxy
        # of the environment has no business with loopback.
        transport = openai.DefaultAsyncHttpxClient(follow_redirects=False, trust_env=not is_loopback(url))
        self._client = openai.AsyncOpenAI(
            base_url=url,
            api_key=api_key or "none",
            admin_api_key="",
            webhook_secret="",
            timeout=usual[0] if timeout is None else timeout,
            max_retries=usual[1] if retries is None else retries,
            http_client=transport,
        )
        self._client.organization = self._client.project = None  # the package reads them from the environment

    def __repr__(self) -> str:
        return f"Endpoint(host={self.host!r}, model={self.model!r})"

    @property
    def usage(self) -> Usage:
        """The count so far."""
        return self._usage

    @property
    def prompts(self) -> dict[str, str]:
        """Hashes of the prompt files that the endpoint itself adds words from."""
        return {name: load(name).digest for name in (AGAIN, AS_JSON)}

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.close()

    async def ask(self, system: str, user: str, schema: type[Answered]) -> Answered:
        """The model's answer as a value of `schema`.

        An answer that does not fit is asked for once more, with what was wrong with it. Raises
        `JudgeUnreachable` where no usable answer came, `JudgeRefused` where none will.
        """
        talk = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        async with self._slots:
            said = await self._complete(talk, schema)
            try:
                return read(said, schema)
            except Unreadable as error:
                problem = str(error)
            if self._form in _WITH_A_SCHEMA:  # it took the schema and did not keep to it: some servers do
                self._form = "json_object"
            (again,) = load(AGAIN).fill(problem=problem, schema=_schema_text(schema))
            talk += [{"role": "assistant", "content": said[:4000]}, {"role": "user", "content": again}]
            try:
                return read(await self._complete(talk, schema), schema)
            except Unreadable as error:
                raise JudgeUnreachable(f"the model did not answer in the form asked for, twice: {error}.") from None

    async def _complete(self, talk: list[dict[str, str]], schema: type[Reply]) -> str:
        """The reply's text, in the best form that the endpoint is able to."""
        form = self._form
        while True:
            try:
                completion = await self._send(talk, schema, form)
            except openai.APIStatusError as error:
                if form in _LOWER and self._is_about_the_form(error):
                    form = _LOWER[form]
                    continue
                raise self._explained(error) from None
            except openai.APITimeoutError:
                raise self._unreachable("the endpoint did not answer in time.") from None
            except openai.APIConnectionError:
                raise self._unreachable("the endpoint could not be reached; is OPENAI_BASE_URL right?") from None
            except (openai.APIError, ValueError):
                raise self._unreachable("the endpoint sent something that is not a chat completion.") from None
            text = self._text(completion)
            self._form, self._is_proven = max(form, self._form, key=_FORMS.index), True  # a neighbour may know better
            return text

    async def _send(self, talk: list[dict[str, str]], schema: type[Reply], form: Form) -> object:
        """One request, repeated without those parameters that the endpoint says it does not know."""
        messages = talk if form in _WITH_A_SCHEMA else _with_schema(talk, schema)
        create: Any = partial(self._client.chat.completions.create, model=self.model, messages=messages)
        while True:
            sent = dict(self._parameters)
            try:
                return await create(**sent, **_response_format(form, schema))
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                refused = _refused_parameter(error, sent)
                if refused is None:
                    raise
                if self._parameters == sent:  # else a neighbour has learnt it meanwhile
                    self._parameters = _without(refused, sent)

    def _is_about_the_form(self, error: openai.APIStatusError) -> bool:
        words = _words_of(error)
        if error.status_code < 502 and _ABOUT_THE_FORM.search(words):
            return True
        return not self._is_proven and error.status_code in _UNPROVEN_STEPS and not _NO_SUCH_MODEL.search(words)

    def _text(self, completion: object) -> str:
        """The text of a completion that came to its end.

        The package takes what a server sends as it is, so each part is looked at before it is used.
        """
        if not isinstance(completion, ChatCompletion):
            raise self._unreachable("the endpoint sent something that is not a chat completion.")
        self._count(completion)
        if not completion.choices:
            raise JudgeUnreachable("the model sent an empty answer (no choices).")
        choice = completion.choices[0]
        message = getattr(choice, "message", None)
        finish = getattr(choice, "finish_reason", None)
        if finish == "length":
            raise JudgeUnreachable("the model's answer was cut off at its length limit.")
        if finish == "content_filter":
            raise self._unreachable("the endpoint withheld the answer (content filter).")
        if isinstance(refusal := getattr(message, "refusal", None), str) and refusal:
            raise self._unreachable("the model declined to answer.", refusal)
        content = getattr(message, "content", None) or ""
        if message is None or not isinstance(content, str):
            raise self._unreachable("the endpoint sent something that is not a chat completion.")
        return content

    def _count(self, completion: ChatCompletion) -> None:
        used = completion.usage
        details = getattr(used, "prompt_tokens_details", None)
        before = self._usage
        self._usage = Usage(
            calls=before.calls + 1,
            prompt_tokens=before.prompt_tokens + _count_in(used, "prompt_tokens"),
            completion_tokens=before.completion_tokens + _count_in(used, "completion_tokens"),
            cached_tokens=before.cached_tokens + _count_in(details, "cached_tokens"),
        )

    def _explained(self, error: openai.APIStatusError) -> JudgeRefused | JudgeUnreachable:
        """The error that a person can act on. What the server says about a key is left out: it may repeat it."""
        status, words = error.status_code, _words_of(error)
        if status in (401, 403) and re.search(r"moderat|flagged", words, re.IGNORECASE):
            return self._unreachable("the endpoint refused these texts (moderation).")
        if status in (401, 403):
            return JudgeRefused(
                f"{self.host} refuses the key ({status}): set OPENAI_API_KEY to a key that it accepts, "
                "or OPENAI_BASE_URL to the endpoint that the key is for."
            )
        if status == 402 or "insufficient_quota" in words:
            return JudgeRefused(f"{self.host} has no credit left for this key: add some, or set OPENAI_API_KEY anew.")
        if 300 <= status < 400:
            return JudgeRefused(f"{self.host} redirects elsewhere: set OPENAI_BASE_URL to its final address.")
        if status == 404 or (status in (400, 422) and _NO_SUCH_MODEL.search(words)):
            return JudgeRefused(
                f"{self.host} does not serve the model {self.model!r} ({status}): set RETEST_MODEL (or --model) to one "
                "that it serves; if none works, check OPENAI_BASE_URL, which mostly ends in /v1."
            )
        if status == 429:
            return self._unreachable("the endpoint limits the rate (429) and did not let up.")
        return self._unreachable(f"the endpoint answers {status}.", _STATUS_PREFIX.sub("", error.message))

    def _unreachable(self, trouble: str, words: str = "") -> JudgeUnreachable:
        """The trouble as a report may tell it. Where it was, and a server's words for it, go to stderr, once each.

        A report is for others to read, and such words may name machines and folders.
        """
        told = f"{self.host}: {trouble}" + (f" It says: {self._safe(words)}" if words else "")
        if told not in self._told:
            self._told.add(told)
            log.warning("%s", told)
        return JudgeUnreachable(trouble)

    def _safe(self, words: str) -> str:
        """Words of the server, short and without the key."""
        return cut(words.replace(self._client.api_key, "[key]"), 160)


def read(text: str, schema: type[Answered]) -> Answered:
    """The one value of `schema` in a reply, whatever prose or code fence stands around it."""
    found = list(_objects(text.rpartition("</think>")[2][:_LONGEST_READ]))
    if all(item is _BROKEN for item in found):
        raise Unreadable("there is no JSON object in it")
    values: list[Answered] = []
    problem = ""
    for item in found:
        if item is _BROKEN:
            problem = problem or "one does not end"
            continue
        try:
            value = schema.model_validate(item)
        except ValidationError as error:
            problem = problem or _problem(error)
            continue
        if value not in values:
            values.append(value)
    if not values:
        raise Unreadable(problem)
    if len(values) > 1:
        raise Unreadable(f"it holds {len(values)} different answers")
    if problem:  # the one that fits may be an abstract's, echoed, and the model's own the one that does not
        raise Unreadable(f"it holds another object that does not fit: {problem}")
    return values[0]


_BEGUN = re.compile(r'\{\s*"\w+"\s*:')
_BROKEN = object()
"""Stands for what begins as a JSON object and is none."""


def _objects(text: str) -> Iterator[object]:
    """The outermost JSON objects of a text, in order; `_BROKEN` for one that does not end as one."""
    decoder = json.JSONDecoder()
    at = text.find("{")
    for _ in range(_MOST_OPENINGS):
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
            if _BEGUN.match(text, at):
                yield _BROKEN
        else:
            yield value
        at = text.find("{", end)


def _problem(error: ValidationError) -> str:
    """What does not fit, without the model's own words."""
    rows = error.errors(include_url=False, include_input=False, include_context=False)[:3]
    return cut("; ".join(f"{'.'.join(map(str, row['loc'])) or 'the answer'}: {row['msg']}" for row in rows), 300)


def _schema_text(schema: type[Reply]) -> str:
    return json.dumps(schema.model_json_schema(), ensure_ascii=False, separators=(",", ":"))


def _with_schema(talk: list[dict[str, str]], schema: type[Reply]) -> list[dict[str, str]]:
    (as_json,) = load(AS_JSON).fill(schema=_schema_text(schema))
    first, *rest = talk
    return [{"role": first["role"], "content": f"{first['content']}\n\n{as_json}"}, *rest]


def _response_format(form: Form, schema: type[Reply]) -> dict[str, Any]:
    if form == "text":
        return {}
    if form == "json_object":
        return {"response_format": {"type": "json_object"}}
    if form == "json_object with a schema":
        bounded = _bounded(schema.model_json_schema(), schema.MOST_ITEMS)
        return {"response_format": {"type": "json_object", "schema": bounded}}
    named = {"name": schema.__name__.lower(), "strict": True, "schema": schema.model_json_schema()}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _refused_parameter(error: openai.APIStatusError, sent: Mapping[str, Any]) -> str | None:
    """Which of the optional parameters the endpoint names as the one it does not take."""
    if error.param in sent:
        return error.param
    words = _words_of(error)
    places = {name: match.start() for name in sent if (match := re.search(rf"\b{name}\b", words))}
    return min(places, key=lambda name: places[name]) if places else None


def _without(refused: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Older servers know the length limit by its former name."""
    kept = {name: value for name, value in parameters.items() if name != refused}
    if refused == "max_completion_tokens":
        kept["max_tokens"] = parameters[refused]
    return kept


def _count_in(part: object, name: str) -> int:
    """A count of the server's; 0 where it gives none."""
    count = getattr(part, name, None)
    return count if isinstance(count, int) else 0


def _words_of(error: openai.APIStatusError) -> str:
    return f"{error.code or ''} {error.message} {json.dumps(error.body, default=str)}"
