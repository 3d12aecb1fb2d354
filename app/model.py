"""The language model that writes, behind one small protocol."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from app.prompt import Prompt
from ingest.errors import CollabqaError

if TYPE_CHECKING:
    import httpx
    from llama_index.llms.openai_like import OpenAILike

#: Where the endpoint's key comes from; it never stands in the settings.
KEY_VARIABLE = "COLLABQA_MODEL_KEY"


class ModelUnavailable(CollabqaError):
    """The model's endpoint does not answer, or answers with an error."""


class ModelBroke(CollabqaError):
    """The model's answer broke off in the middle."""


class LanguageModel(Protocol):
    """Writes text for a prompt."""

    @property
    def name(self) -> str:
        """What people call it; it stands on every answer."""
        ...

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """The answer in pieces as they come; raises ModelUnavailable before the first, ModelBroke after it."""
        ...


class OpenAILikeModel:
    """Any endpoint that speaks OpenAI's chat protocol, vLLM first, through LlamaIndex's OpenAILike."""

    def __init__(self, *, url: str, name: str, timeout_seconds: float, context_tokens: int, answer_tokens: int) -> None:
        self._url = url.rstrip("/")
        self._name = name
        self._timeout_seconds = timeout_seconds
        self._context_tokens = context_tokens
        self._answer_tokens = answer_tokens

    @property
    def name(self) -> str:
        """The name that the endpoint serves it under."""
        return self._name

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """The answer in pieces as they come; raises ModelUnavailable before the first, ModelBroke after it."""
        import httpx
        import openai
        from llama_index.core.llms import ChatMessage, MessageRole

        messages = [
            ChatMessage(role=MessageRole.SYSTEM, content=prompt.system),
            ChatMessage(role=MessageRole.USER, content=prompt.user),
        ]
        begun = finished = False
        try:
            with httpx.Client(timeout=self._timeout_seconds) as client:
                for response in self._model(client).stream_chat(messages):
                    finished = finished or _finish_reason(response.raw) is not None
                    if response.delta:
                        begun = True
                        yield response.delta
        except (openai.APIError, httpx.HTTPError) as problem:
            raise self._error(problem, begun=begun) from problem
        if not finished:
            raise (
                ModelBroke(f"the model at {self._url} stopped in the middle of its answer")
                if begun
                else (ModelUnavailable(f"the model at {self._url} sent no answer"))
            )

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
            max_retries=1,
            http_client=client,
        )

    def _error(self, problem: Exception, *, begun: bool) -> CollabqaError:
        import openai

        if begun:
            return ModelBroke(f"the model at {self._url} stopped in the middle of its answer ({problem})")
        if isinstance(problem, openai.APITimeoutError):
            return ModelUnavailable(f"the model at {self._url} did not answer within {self._timeout_seconds:g} s")
        if isinstance(problem, openai.APIConnectionError):
            return ModelUnavailable(f"the model at {self._url} cannot be reached: is it running?")
        return ModelUnavailable(f"the model at {self._url} answered with an error: {problem}")


def _finish_reason(raw: object) -> str | None:
    """Why the model stopped, in the last piece of its answer; None in all others."""
    choices = getattr(raw, "choices", None) or []
    reason = getattr(choices[0], "finish_reason", None) if choices else None
    return reason if isinstance(reason, str) else None
