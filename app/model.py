"""The language model that writes, behind one small protocol."""

import os
import re
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from app.prompt import Prompt
from ingest.errors import CollabqaError

if TYPE_CHECKING:
    import ssl

    import httpx
    import openai
    from llama_index.llms.openai_like import OpenAILike

#: Where the endpoint's key comes from; it never stands in the settings.
KEY_VARIABLE = "COLLABQA_MODEL_KEY"
# How vLLM, OpenAI and others say that a prompt is too long.
_TOO_LONG = re.compile(r"context (?:length|size|window)|max_model_len", re.IGNORECASE)


class ModelUnavailable(CollabqaError):
    """The model's endpoint does not answer, or answers with an error."""


class PromptTooLong(ModelUnavailable):
    """The prompt and the room for the answer are more than the model takes."""


class ModelBroke(CollabqaError):
    """The model's answer broke off in the middle, or at the limit of its length."""


class LanguageModel(Protocol):
    """Writes text for a prompt."""

    @property
    def name(self) -> str:
        """What people call it; it stands on every answer."""
        ...

    def prepare(self) -> None:
        """Load what writing needs, so that the first answer need not wait for it."""
        ...

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """The answer in pieces as they come; raises ModelUnavailable before the first, ModelBroke after it.

        A prompt that the model does not take is PromptTooLong, which is a ModelUnavailable.
        """
        ...


class OpenAILikeModel:
    """Any endpoint that speaks OpenAI's chat protocol, vLLM first, through LlamaIndex's OpenAILike."""

    def __init__(self, *, url: str, name: str, timeout_seconds: float, context_tokens: int, answer_tokens: int) -> None:
        self._url = url.rstrip("/")
        self._name = name
        self._timeout_seconds = timeout_seconds
        self._context_tokens = context_tokens
        self._answer_tokens = answer_tokens
        self._loading = Lock()

    @property
    def name(self) -> str:
        """The name that the endpoint serves it under."""
        return self._name

    def prepare(self) -> None:
        """Load what writing needs, so that the first answer need not wait for it: some three seconds."""
        # One thread loads and the others wait: modules that import each other in circles bear no second importer.
        with self._loading:
            # openai and httpx load the last two late, when they are first used.
            for needed in ("llama_index.llms.openai_like", "openai.resources", "httpcore"):
                import_module(needed)
            _ = self._certificates

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """The answer in pieces as they come; raises ModelUnavailable before the first, ModelBroke after it."""
        self.prepare()
        import httpx
        import openai
        from llama_index.core.llms import ChatMessage, MessageRole

        messages = [
            ChatMessage(role=MessageRole.SYSTEM, content=prompt.system),
            ChatMessage(role=MessageRole.USER, content=prompt.user),
        ]
        begun, finish = False, None
        try:
            with httpx.Client(timeout=self._timeout_seconds, verify=self._certificates) as client:
                for response in self._model(client).stream_chat(messages):
                    finish = _finish_reason(response.raw) or finish
                    if response.delta:
                        begun = True
                        yield response.delta
        except (openai.APIError, httpx.HTTPError) as problem:
            raise self._error(problem, begun=begun) from problem
        if finish != "stop" or not begun:
            raise self._unfinished(finish, begun=begun)

    @cached_property
    def _certificates(self) -> "ssl.SSLContext":
        """Whom to trust. Reading that takes longer than to connect, so it is read once and not for every answer."""
        import httpx

        return httpx.create_ssl_context()

    def _model(self, client: "httpx.Client") -> "OpenAILike":
        """The endpoint as LlamaIndex sees it, over a client that is closed when the answer ends."""
        from llama_index.llms.openai_like import OpenAILike

        return OpenAILike(
            model=self._name,
            api_base=self._url,
            api_key=os.environ.get(KEY_VARIABLE) or "none",
            is_chat_model=True,
            context_window=self._context_tokens,
            max_tokens=self._answer_tokens,
            temperature=0.0,
            timeout=self._timeout_seconds,
            # A second try would double the load of a server that is late, and the time until anything is said.
            max_retries=0,
            http_client=client,
        )

    def _unfinished(self, finish: str | None, *, begun: bool) -> CollabqaError:
        """What to say of an answer that ended in another way than by the model's own will."""
        if finish == "length":
            limit = f"the limit of its length, at most {self._answer_tokens} tokens ([model] answer_tokens)"
            if begun:
                return ModelBroke(f"the model's answer is cut off at {limit}")
            return ModelUnavailable(f"the model came to {limit}, before its first word: does it think for too long?")
        if begun:
            return ModelBroke(f"the model at {self._url} stopped in the middle of its answer ({finish or 'no reason'})")
        return ModelUnavailable(f"the model at {self._url} sent no answer ({finish or 'no reason'})")

    def _error(self, problem: Exception, *, begun: bool) -> CollabqaError:
        import openai

        where = f"the model at {self._url}"
        if begun:
            return ModelBroke(f"{where} stopped in the middle of its answer ({problem})")
        if isinstance(problem, openai.APITimeoutError):
            return ModelUnavailable(f"{where} did not answer within {self._timeout_seconds:g} s")
        if isinstance(problem, openai.APIConnectionError):
            return ModelUnavailable(f"{where} cannot be reached: is it running?")
        if isinstance(problem, openai.APIStatusError):
            return self._refusal(problem, where)
        return ModelUnavailable(f"{where} answered with an error: {problem}")

    def _refusal(self, problem: "openai.APIStatusError", where: str) -> ModelUnavailable:
        """What an endpoint said instead of answering, and what to do about it."""
        said = _message(problem)
        if problem.status_code in (400, 413) and _TOO_LONG.search(said):
            lower = f"lower [model] context_tokens, now {self._context_tokens}, to what it takes"
            return PromptTooLong(f"{where} takes fewer tokens than it was given: {lower}. It said: {said}")
        match problem.status_code:
            case 401 | 403:
                what = f"refuses our key: set {KEY_VARIABLE} to one that it takes. It said"
            case 404:
                what = f"is not known there as {self._name!r}: check [model] name and url. It said"
            case status:
                what = f"answered with an error ({status})"
        return ModelUnavailable(f"{where} {what}: {said}")


def _message(problem: "openai.APIStatusError") -> str:
    """The endpoint's own sentence, without the JSON around it; without one, what its status is called."""
    said = problem.body.get("message") if isinstance(problem.body, dict) else None
    return said if isinstance(said, str) else problem.response.reason_phrase


def _finish_reason(raw: object) -> str | None:
    """Why the model stopped, in the last piece of its answer; None in all others."""
    choices = getattr(raw, "choices", None) or []
    reason = getattr(choices[0], "finish_reason", None) if choices else None
    return reason if isinstance(reason, str) else None
