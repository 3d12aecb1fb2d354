"""The model behind its endpoint: what it is given, and what is said when it does not answer as it should."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from app.assistant import Words
from app.model import ModelUnavailable, OpenAILikeModel, PromptTooLong
from app.prompt import Prompt
from app.scripted import NAME, Script, serving
from index.store import Scope

PUBLIC = Scope(frozenset({"public"}))
PROMPT = Prompt("Answer.", "Question: What field?", ())
QUESTION = "What field does the solenoid give?"
Open = Callable[..., Any]


def _model(url: str, *, timeout_seconds: float = 20.0) -> OpenAILikeModel:
    return OpenAILikeModel(url=url, name=NAME, timeout_seconds=timeout_seconds, context_tokens=8192, answer_tokens=768)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (Script([""], status=500), r"answered with an error \(500\): told to fail$"),
        (
            Script([""], status=404, problem="The model `scripted` does not exist."),
            r"not known there as 'scripted': check \[model\] name and url\. It said: The model `scripted`",
        ),
        (Script([""], status=401, problem="Unauthorized"), r"refuses our key: set COLLABQA_MODEL_KEY .* Unauthorized"),
        (Script([""]), r"sent no answer \(stop\)"),
        (Script([""], finish="length"), r"at most 768 tokens \(\[model\] answer_tokens\), before its first word"),
    ],
)
def test_what_the_endpoint_refuses_is_said_with_what_to_do(script: Script, message: str) -> None:
    with serving(script) as url, pytest.raises(ModelUnavailable, match=message):
        list(_model(url).stream(PROMPT))


def test_a_prompt_that_is_too_long_is_said_with_the_setting_to_change() -> None:
    with (
        serving(Script([""], tokens=3)) as url,
        pytest.raises(PromptTooLong, match=r"lower \[model\] context_tokens, now 8192, .* context length is 3 tokens"),
    ):
        list(_model(url).stream(PROMPT))


def test_a_late_model_is_asked_once() -> None:
    script = Script(["late"], seconds_before_first=3.0)
    with serving(script) as url, pytest.raises(ModelUnavailable, match=r"did not answer within 0\.3 s"):
        list(_model(url, timeout_seconds=0.3).stream(PROMPT))
    assert len(script.requests) == 1


def test_an_answer_at_the_limit_of_its_length_says_so(pages_site: Open) -> None:
    script = Script(["The solenoid gives a field of 3.2 T [1]. It is"], finish="length")
    answer = pages_site(script, answer_tokens=12).assistant.answer(QUESTION, scope=PUBLIC)
    limit = "the limit of its length, at most 12 tokens ([model] answer_tokens)"
    assert answer.notes == (f"the model's answer is cut off at {limit}",)
    assert answer.text == "The solenoid gives a field of 3.2 T [1]. It is"


@pytest.mark.parametrize(("answer_tokens", "passages"), [(100, 3), (500, 1)])
def test_the_passages_leave_room_for_the_answer(pages_site: Open, answer_tokens: int, passages: int) -> None:
    # By our estimate the rules take some 350 tokens, the question 10, and each passage 40 to 70.
    made = pages_site(Script(["The field is 3.2 T [1]."]), context_tokens=900, answer_tokens=answer_tokens)
    assert len(made.assistant.answer(QUESTION, scope=PUBLIC).passages) == passages


def test_where_the_prompt_is_longer_than_estimated_fewer_passages_are_given(pages_site: Open) -> None:
    script = Script(["The field is 3.2 T [1][3]."])
    made = pages_site(script, context_tokens=1000, answer_tokens=500)
    assert len(made.assistant.answer(QUESTION, scope=PUBLIC).passages) == 3
    script.tokens = sum(len(message["content"].split()) for message in script.requests[0]["messages"]) - 1
    events = list(made.assistant.events(QUESTION, scope=PUBLIC))
    answer = events[-1].answer
    assert len(script.requests) > 2
    assert len(answer.passages) < 3
    assert answer.text == "The field is 3.2 T [1]."
    assert "".join(each.text for each in events if isinstance(each, Words)) == "The field is 3.2 T [1][3]."


def test_a_prepared_model_loads_no_library_for_its_first_answer() -> None:
    code = f"""
import sys
from app.model import OpenAILikeModel
from app.prompt import Prompt
from app.scripted import Script, serving
with serving(Script(["Hello."])) as url:
    model = OpenAILikeModel(url=url, name={NAME!r}, timeout_seconds=20, context_tokens=8192, answer_tokens=768)
    model.prepare()
    before = set(sys.modules)
    assert "".join(model.stream(Prompt("a", "b", ()))) == "Hello."
    print(*sorted(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == []
