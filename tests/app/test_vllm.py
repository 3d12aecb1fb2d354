"""A real vLLM: what the protocol is like in truth. `make test-vllm` starts one with a tiny model of random weights.

Any other will do, and its model may be useful: COLLABQA_VLLM_URL names it (http://host:8000/v1), COLLABQA_MODEL_KEY
holds its key. What its counters tell is compared before and after, so nobody else may ask it meanwhile.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import httpx
import pytest

from app.assemble import Site, site
from app.assistant import Words
from app.config import Model, Settings
from app.model import KEY_VARIABLE, LanguageModel, ModelBroke, ModelUnavailable, OpenAILikeModel, PromptTooLong
from app.prompt import Prompt, answer_prompt
from index.store import Scope
from retriever.passage import Passage

URL = os.environ.get("COLLABQA_VLLM_URL", "").rstrip("/")
pytestmark = [pytest.mark.vllm, pytest.mark.skipif(not URL, reason="no vLLM: make test-vllm")]
PUBLIC = Scope(frozenset({"public"}))
QUESTIONS = [
    "What field does the solenoid give?",
    "What is the lowest single-electron threshold?",
    "What was the electron threshold in 2023?",
    "What is the threshold of the MET trigger?",
    "Is the solenoid ramped during stable beams?",
    "Which menu raised the single-electron threshold?",
]
MARKER = re.compile(r"\[\s*\d+(?:\s*[,;]\s*\d+)*\s*\]")
#: How soon a server has counted what happened, in seconds.
SOON = 30.0
ANSWER_TOKENS = 120
MakeModel = Callable[..., OpenAILikeModel]


@dataclass(frozen=True, slots=True)
class Server:
    """A vLLM that runs, asked without anything of ours in between."""

    client: httpx.Client
    model: str
    context_tokens: int

    def said(self, prompt: Prompt, max_tokens: int = ANSWER_TOKENS) -> tuple[str, str, int]:
        """A whole answer, why it ended, and how many tokens its prompt had."""
        messages = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
        body = {"model": self.model, "messages": messages, "temperature": 0, "max_tokens": max_tokens}
        answered = self.client.post(f"{URL}/chat/completions", json=body).raise_for_status().json()
        (choice,) = answered["choices"]
        return choice["message"]["content"] or "", choice["finish_reason"], answered["usage"]["prompt_tokens"]

    def counted(self, name: str, **labels: str) -> float:
        """A counter, summed over engines."""
        lines = self.client.get(f"{URL.removesuffix('/v1')}/metrics").raise_for_status().text.splitlines()
        ours = [line for line in lines if line.startswith(f"vllm:{name}{{")]
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(float(line.rpartition(" ")[2]) for line in ours if all(each in line for each in wanted))

    def block_tokens(self) -> int:
        """How many tokens are cached as one."""
        told = self.client.get(f"{URL.removesuffix('/v1')}/metrics").raise_for_status().text
        found = re.search(r'vllm:cache_config_info\{[^\n]*\bblock_size="(\d+)"', told)
        assert found is not None
        return int(found[1])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The server that the environment names."""
    headers = {"Authorization": f"Bearer {os.environ.get(KEY_VARIABLE, 'none')}"}
    with httpx.Client(headers=headers, timeout=120) as client:
        (first, *_) = client.get(f"{URL}/models").raise_for_status().json()["data"]
        yield Server(client, first["id"], first["max_model_len"])


@pytest.fixture
def model(server: Server) -> MakeModel:
    """Makes the model as collabqa sees it."""

    def made(*, url: str = URL, name: str = server.model, answer_tokens: int = ANSWER_TOKENS) -> OpenAILikeModel:
        return OpenAILikeModel(
            url=url,
            name=name,
            timeout_seconds=120.0,
            context_tokens=server.context_tokens,
            answer_tokens=answer_tokens,
        )

    return made


@pytest.fixture
def prompts(passage: Callable[..., Passage]) -> list[Prompt]:
    """Prompts that begin alike and go on differently, the same in every run."""
    texts = [
        "The solenoid gives a field of 3.2 T.",
        "The electron threshold is 28 GeV.",
        "The MET trigger has 120 GeV.",
    ]
    return [
        answer_prompt(
            f"{question} Tell it in {number} words.",
            [passage(text) for text in texts],
            collaboration="HELIX",
            prompt_tokens=4000,
            fence="fence",
        )
        for number in range(2, 5)
        for question in QUESTIONS
    ]


@pytest.fixture
def answering(server: Server, pages_folder: Path) -> Iterator[Site]:
    """The assistant over three pages, with the server's model."""
    settings = Model("openai-like", URL, server.model, 120.0, server.context_tokens, ANSWER_TOKENS)
    made = site(Settings(model=settings), pages_folder)
    yield made
    made.close()


@pytest.mark.parametrize("answer_tokens", [3, ANSWER_TOKENS])
def test_an_answer_streams_and_is_whole(
    server: Server, model: MakeModel, prompts: list[Prompt], answer_tokens: int
) -> None:
    ends = set()
    for prompt in prompts:
        whole, end, _ = server.said(prompt, answer_tokens)
        pieces, problem = _streamed(model(answer_tokens=answer_tokens), prompt)
        assert "".join(pieces) == whole
        assert len(pieces) >= min(answer_tokens, len(whole)) / 3
        assert (f"at most {answer_tokens} tokens" in problem) == (end == "length")
        assert bool(problem) == (end != "stop" or not whole)
        ends.add(end)
    assert ("length" if answer_tokens == 3 else "stop") in ends


def _streamed(model: LanguageModel, prompt: Prompt) -> tuple[list[str], str]:
    """The pieces of an answer, and what was said of its end."""
    pieces: list[str] = []
    try:
        pieces.extend(model.stream(prompt))
    except (ModelBroke, ModelUnavailable) as problem:
        return pieces, str(problem)
    return pieces, ""


def test_a_model_of_another_name_is_said_with_those_that_there_are(model: MakeModel, prompts: list[Prompt]) -> None:
    with pytest.raises(ModelUnavailable, match=r"not known there as 'Wrong/7B': check \[model\] name") as refused:
        list(model(name="Wrong/7B").stream(prompts[0]))
    assert "Error code" not in str(refused.value)


def test_a_path_that_is_not_there_is_said(model: MakeModel, prompts: list[Prompt]) -> None:
    with pytest.raises(ModelUnavailable, match=r"check \[model\] name and url\. It said: Not Found"):
        list(model(url=f"{URL}/v9").stream(prompts[0]))


@pytest.mark.skipif(not os.environ.get(KEY_VARIABLE), reason="the server takes any key")
def test_a_wrong_key_is_said(model: MakeModel, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "wrong")
    with pytest.raises(ModelUnavailable, match=f"refuses our key: set {KEY_VARIABLE}"):
        list(model().stream(prompts[0]))


@pytest.mark.parametrize("too_long", ["prompt", "answer"])
def test_a_prompt_that_is_too_long_is_said_with_the_setting_to_change(
    server: Server, model: MakeModel, too_long: str
) -> None:
    tokens = server.context_tokens
    prompt = Prompt("Answer.", "28 GeV " * (tokens if too_long == "prompt" else 1), ())
    with pytest.raises(PromptTooLong, match=rf"lower \[model\] context_tokens, now {tokens}, .*{tokens}"):
        list(model(answer_tokens=tokens + 1 if too_long == "answer" else 1).stream(prompt))


def test_passages_that_are_longer_in_tokens_than_we_think_are_left_out_until_the_rest_fits(
    server: Server, model: MakeModel, passage: Callable[..., Passage], answering: Site
) -> None:
    # To most tokenizers each of these characters is a token or more.
    dense = [passage(f"{'☿♃♄♅' * (server.context_tokens // 16)} {number}") for number in range(12)]
    prompt, pieces = answering.assistant._begun("What is it?", dense, model())
    assert 1 <= len(prompt.passages) < 12
    assert next(pieces)


def test_whoever_leaves_ends_the_writing(server: Server, model: MakeModel, prompts: list[Prompt]) -> None:
    long = next(prompt for prompt in prompts if server.said(prompt, 800)[1] == "length")
    before = server.counted("request_success_total", finished_reason="length")
    pieces = model(answer_tokens=800).stream(long)
    assert len(list(islice(pieces, 2))) == 2
    pieces.close()  # type: ignore[attr-defined]
    # One of the same length that begins later: when it is counted, the first would have been too.
    server.said(long, 800)
    _eventually(lambda: server.counted("request_success_total", finished_reason="length") > before)
    _eventually(lambda: server.counted("num_requests_running") == 0)
    assert server.counted("request_success_total", finished_reason="length") == before + 1


def _eventually(true: Callable[[], bool]) -> None:
    until = time.monotonic() + SOON
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_another_question_finds_the_rules_in_the_cache(server: Server, answering: Site, prompts: list[Prompt]) -> None:
    system = prompts[0].system.replace("HELIX", "our collaboration")
    *_, rules = server.said(Prompt(system, "", ()), 1)
    block = server.block_tokens()
    # What the template puts between rules and passages does not count.
    cached = (rules - 16) // block * block
    assert cached > 0
    first, second = "What field does the solenoid give?", "What is the threshold of the MET trigger?"
    list(answering.assistant.events(first, scope=PUBLIC))
    before = server.counted("prefix_cache_hits_total")
    list(answering.assistant.events(second, scope=PUBLIC))
    assert server.counted("prefix_cache_hits_total") - before >= cached


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_citation_is_made_up_and_no_sentence_escapes_judgement(answering: Site, question: str) -> None:
    *events, done = answering.assistant.events(question, scope=PUBLIC)
    answer = done.answer  # type: ignore[union-attr]
    assert answer.model == answering.settings.model.name
    if answer.refused:
        return
    written = "".join(event.text for event in events if isinstance(event, Words))
    known = {str(number) for number in range(1, len(answer.passages) + 1)}
    made_up = [number for number in _cited(written) if number not in known]
    assert set(_cited(answer.text)) <= known
    assert len(set(made_up)) <= answer.unknown_markers <= len(made_up)
    assert any("not given: dropped" in note for note in answer.notes) == bool(made_up)
    assert _letters("".join(claim.sentence for claim in answer.claims)) == _letters(MARKER.sub("", written))
    for citation in (each for claim in answer.claims for each in claim.citations):
        assert citation.passage == answer.passages[int(citation.marker) - 1]
        document = answering.index.document(citation.passage.chunk.uri, None)
        assert document is not None
        assert document.text[citation.start : citation.end] == citation.quote


def _cited(text: str) -> list[str]:
    """The numbers in a text's markers."""
    return [number for marker in MARKER.findall(text) for number in re.findall(r"\d+", marker)]


def _letters(text: str) -> str:
    return "".join(re.findall(r"\w", text))
