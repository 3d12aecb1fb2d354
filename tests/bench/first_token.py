"""How long an asker waits for the first word through collabqa, and how long vLLM alone takes. A script, not a test.

    collabqa demo --data DIR
    .venv-vllm/bin/python tests/vllm/serve.py .venv/bin/python tests/bench/first_token.py --data DIR [--count 60]

Each question is asked in three ways, in turns and one at a time: the whole way (search, reading, writing), the same
prompt through app.model alone, and the same prompt by plain HTTP over an open connection. The word that fences the
passages is another one each time, so that no way finds more in vLLM's cache than the rules and the head of the first
passage.
"""

import argparse
import json
import os
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx

from app.assemble import Site, site
from app.assistant import Stage, Words
from app.config import Collaboration, Model, Settings
from app.model import KEY_VARIABLE, OpenAILikeModel
from app.prompt import Prompt
from index.store import Scope
from ingest.errors import CollabqaError

CASES = Path(__file__).parents[2] / "eval" / "sample"
WARMING_UP = 5
CONTEXT_TOKENS, ANSWER_TOKENS = 2048, 40
FENCE = re.compile(r"<([0-9a-f]{8})>")
EVERYTHING = Scope(None)


class Watched(OpenAILikeModel):
    """The model, and the prompt that it was given last."""

    prompt = Prompt("", "", ())

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """The answer in pieces as they come."""
        self.prompt = prompt
        return super().stream(prompt)


def other_fence(prompt: Prompt, number: int) -> Prompt:
    """The same prompt with another word around its passages."""
    found = FENCE.search(prompt.user)
    assert found is not None
    return replace(prompt, user=prompt.user.replace(found[1], f"{number:08x}"))


def whole_way(made: Site, question: str) -> tuple[float, float]:
    """Seconds from a question to the prompt, and to the first word."""
    started, prompted, first = time.perf_counter(), 0.0, 0.0
    for event in made.assistant.events(question, scope=EVERYTHING):
        if isinstance(event, Stage) and event.name == "writing":
            prompted = time.perf_counter() - started
        first = first or (time.perf_counter() - started if isinstance(event, Words) else 0.0)
    return prompted, first


def through_model(model: OpenAILikeModel, prompt: Prompt) -> float:
    """Seconds from a prompt to the first word that app.model gives."""
    started = time.perf_counter()
    pieces = model.stream(prompt)
    next(pieces)
    first = time.perf_counter() - started
    try:
        list(pieces)
    except CollabqaError:
        return first  # at the limit of its length
    return first


def direct(client: httpx.Client, name: str, prompt: Prompt) -> float:
    """Seconds from a prompt to the first word that vLLM sends."""
    messages = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
    body = {"model": name, "messages": messages, "temperature": 0, "max_tokens": ANSWER_TOKENS, "stream": True}
    started, first = time.perf_counter(), 0.0
    with client.stream("POST", "chat/completions", json=body) as answer:
        for line in answer.iter_lines():
            if not first and line.startswith("data: {"):
                choices = json.loads(line[6:])["choices"]
                first = time.perf_counter() - started if choices and choices[0]["delta"].get("content") else 0.0
    return first


def questions(count: int) -> list[str]:
    """Questions of the sample that have an answer."""
    lines = [line for file in sorted(CASES.glob("dev-*.jsonl")) for line in file.read_text().splitlines()]
    cases = [json.loads(line) for line in lines]
    return [case["question"] for case in cases if case["kind"] == "answerable"][: WARMING_UP + count]


def measured(made: Site, model: Watched, client: httpx.Client, count: int) -> Iterator[dict[str, float]]:
    """The times of each question whose answer has a first word, after some that are not counted."""
    for number, question in enumerate(questions(count)):
        try:
            prompted, first = whole_way(made, question)
            one, other = (other_fence(model.prompt, 2 * number + each) for each in range(2))
            ways: list[tuple[str, Callable[[], float]]] = [
                ("through app.model", partial(through_model, model, one)),
                ("vLLM alone", partial(direct, client, model.name, other)),
            ]
            taken = {name: way() for name, way in ways[:: -1 if number % 2 else 1]}
        except CollabqaError:
            continue  # a random model may end before it begins
        if number >= WARMING_UP and first and all(taken.values()):
            added = taken["through app.model"] - taken["vLLM alone"]
            yield {
                "search and reading": prompted,
                "question to first word": first,
                **taken,
                "added by app.model": added,
            }


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="DIR", required=True, help="a data folder that holds the sample")
    parser.add_argument("--count", type=int, default=60, help="how many questions at most")
    given = parser.parse_args()
    url = os.environ["COLLABQA_VLLM_URL"]
    headers = {"Authorization": f"Bearer {os.environ.get(KEY_VARIABLE, 'none')}"}
    with httpx.Client(base_url=url, headers=headers, timeout=120) as client:
        name = client.get("models").raise_for_status().json()["data"][0]["id"]
        settings = Model("openai-like", url, name, 120.0, CONTEXT_TOKENS, ANSWER_TOKENS)
        made = site(Settings(Collaboration("HELIX"), model=settings), given.data)
        model = Watched(
            url=url,
            name=name,
            timeout_seconds=settings.timeout_seconds,
            context_tokens=settings.context_tokens,
            answer_tokens=settings.answer_tokens,
        )
        model.prepare()
        made.assistant._model = model
        found = list(measured(made, model, client, given.count))
        made.close()
    if not found:
        sys.exit("no answer had a first word")
    for way in found[0]:
        times = sorted(each[way] * 1000 for each in found)
        worst = times[int(len(times) * 0.95)]
        sys.stdout.write(f"{way}: median {statistics.median(times):.0f} ms, p95 {worst:.0f} ms ({len(times)})\n")


if __name__ == "__main__":
    main()
