"""The API, route by route: what it gives, to whom, and how it says that something is wrong."""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.testclient import TestClient

from app.api import api
from app.assemble import Site, site
from app.config import Access, Embedding, Settings
from app.identity import Asker, sealed
from app.origin import Origins
from app.schema import MAX_BODY, MAX_QUESTION, MAX_TURNS
from app.scripted import Script
from ingest.source import End, Item, Raw

PUBLIC_URI, SECRET_URI = "https://wiki.example/TriggerMenu", "https://wiki.example/Secret"
KEY = b"k" * 32
ACCESS = Access(
    user_header="X-User", groups_header="X-Groups", proxies=("10.0.0.1",), widget_origins=("https://wiki.example",)
)
FEW = {"X-User": "ada", "X-Groups": "few"}
QUESTION = "What is the lowest unprescaled single-electron threshold?"
SECRET_QUESTION = "What is the unblinded mass?"
Client = Callable[..., TestClient]


@dataclass(frozen=True, slots=True)
class Library:
    """A note as PDF and a long text, both for a few."""

    name: str = "library"
    readers: frozenset[str] = frozenset({"group:few"})

    def listing(self) -> Iterator[Item | End]:
        yield Item("https://docs.example/note.pdf", version="1", locator="pdf")
        yield Item("https://docs.example/long", version="1", locator="text")
        yield End(True)

    def fetch(self, item: Item) -> Raw:
        if item.locator == "text":
            return Raw(b"muon " * 400_000, "text", "page", name="long.txt")
        with pymupdf.open() as pdf:
            pdf.new_page().insert_text((72, 72), "The beam pipe has a radius of 23.5 mm.")
            return Raw(pdf.tobytes(), "pdf", "page", name="note.pdf")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of the API, behind the sign-on, over the library."""
    settings = Settings(access=ACCESS, embedding=Embedding(model="word-hash"))
    made = site(settings, tmp_path_factory.mktemp("library") / "data")
    assert made.index.ingest([Library()]).indexed == 2
    yield TestClient(api(made, KEY), client=("10.0.0.1", 4711))
    made.close()


@pytest.fixture
def client(pages_site: Callable[..., Site]) -> Client:
    """Makes clients of the API over the three pages, mounted as the server mounts it; behind the sign-on by default."""
    opened: list[Site] = []

    def made(script: Script | None = None, *, address: str = "10.0.0.1") -> TestClient:
        if not opened:
            found = pages_site(script)
            opened.append(replace(found, settings=replace(found.settings, access=ACCESS)))
        whole = Starlette(
            routes=[Mount("/api", api(opened[0], KEY))],
            middleware=[Middleware(Origins, allowed=ACCESS.widget_origins)],
        )
        return TestClient(whole, base_url="http://collabqa.example", client=(address, 4711))

    return made


def _bearer(principals: set[str], *, seconds: int = 60) -> dict[str, str]:
    return {"Authorization": f"Bearer {sealed(Asker('', frozenset(principals)), KEY, seconds=seconds)}"}


def _events(body: str) -> Iterator[tuple[str, Any]]:
    for block in body.split("\n\n")[:-1]:
        name, data = block.split("\n")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_a_search_gives_passages_best_first(client: Client) -> None:
    answer = client().post("/api/search", json={"question": QUESTION, "k": 2}).json()
    assert answer["question"] == QUESTION
    assert [each["rank"] for each in answer["passages"]] == [1, 2]
    assert "28 GeV" in answer["passages"][0]["text"]
    assert answer["passages"][0]["uri"] == PUBLIC_URI


def test_an_answer_cites_a_quote_that_its_place_shows(client: Client) -> None:
    asker = client()
    answer = asker.post("/api/ask", json={"question": QUESTION}).json()
    assert (answer["refused"], answer["model"]) == (False, "extractive")
    citation = answer["claims"][0]["citations"][0]
    at = {"uri": citation["uri"], "start": citation["start"], "end": citation["end"]}
    place = asker.get("/api/place", params=at).json()
    assert place["uri"] == PUBLIC_URI
    assert citation["quote"] in "".join(piece["text"] for piece in place["pieces"])


def test_the_events_of_an_answer_come_in_order_and_end_with_the_answer(client: Client) -> None:
    script = Script(["The threshold is 28 GeV [1]. It was 26 GeV in 2023 [1]."])
    answer = client(script).post("/api/ask/stream", json={"question": QUESTION})
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    events = list(_events(answer.text))
    assert all(name == data["event"] for name, data in events)
    assert [data["stage"] for name, data in events if name == "stage"] == [
        "searching",
        "reading",
        "writing",
        "checking",
    ]
    assert "".join(data["text"] for name, data in events if name == "words") == script.replies[0]
    assert len([name for name, _ in events if name == "claim"]) == 2
    assert events[-1][0] == "answer"
    assert events[-1][1]["answer"]["text"] == script.replies[0]


def test_earlier_turns_are_part_of_the_question(client: Client) -> None:
    script = Script(["It was 26 GeV [1]."])
    turns = [{"question": QUESTION, "answer": "28 GeV [1]."}]
    client(script).post("/api/ask", json={"question": "And in 2023?", "turns": turns})
    assert "single-electron threshold" in script.requests[0]["messages"][-1]["content"]


def test_a_model_that_is_down_is_a_sentence_with_status_503_and_the_last_event(client: Client) -> None:
    asker = client(Script([""], status=500))
    answer = asker.post("/api/ask", json={"question": QUESTION})
    assert answer.status_code == 503
    assert "the model at http://127.0.0.1" in answer.json()["error"]
    name, data = list(_events(asker.post("/api/ask/stream", json={"question": QUESTION}).text))[-1]
    assert (name, data["error"]) == ("error", answer.json()["error"])


ROUTES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/api/search", {"json": {"question": SECRET_QUESTION}}),
    ("POST", "/api/ask", {"json": {"question": SECRET_QUESTION}}),
    ("POST", "/api/ask/stream", {"json": {"question": SECRET_QUESTION}}),
    ("GET", "/api/place", {"params": {"uri": SECRET_URI}}),
)


@pytest.mark.parametrize(("method", "path", "content"), ROUTES)
def test_each_route_tells_the_secret_to_those_who_may_read_it(
    client: Client, method: str, path: str, content: dict[str, Any]
) -> None:
    inside, outside = client(), client(address="192.0.2.7")
    for asker, headers, told in (
        (inside, FEW, True),
        (inside, {"X-Groups": "others"}, False),
        (inside, {}, False),
        (outside, FEW, False),
        (outside, _bearer({"public", "group:few"}), True),
        (outside, _bearer({"public"}), False),
        (inside, _bearer({"public"}) | FEW, False),
    ):
        answer = asker.request(method, path, headers=headers, **content)
        assert ("125.18" in answer.text) is told, (headers, answer.text)


@pytest.mark.parametrize(
    ("method", "path", "content"), [*ROUTES, ("GET", "/api/page", {"params": {"uri": "x", "number": 1}})]
)
def test_each_route_refuses_tokens_that_are_not_good(
    client: Client, method: str, path: str, content: dict[str, Any]
) -> None:
    for headers in ({"Authorization": "Bearer made.up"}, _bearer({"group:few"}, seconds=-1)):
        answer = client().request(method, path, headers=headers | FEW, **content)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "token" in answer.json()["error"]


def test_a_token_carries_the_asker_to_where_no_sign_on_is(client: Client) -> None:
    token = client().post("/api/token", headers=FEW).json()
    assert 0 < token["seconds"] <= 600
    headers = {"Authorization": f"Bearer {token['token']}"}
    found = client(address="192.0.2.7").post("/api/search", json={"question": SECRET_QUESTION}, headers=headers)
    assert "125.18" in found.text


def test_no_token_is_given_for_a_token(client: Client) -> None:
    answer = client().post("/api/token", headers=_bearer({"group:few"}))
    assert answer.status_code == 401
    assert answer.json() == {"error": "a token is given by the sign-on, not for another token"}


def test_a_hidden_document_looks_exactly_like_a_missing_one(client: Client) -> None:
    asker = client()
    for path, more in (("/api/place", {"start": 3, "end": 9}), ("/api/page", {"number": 1})):
        hidden, missing = (
            asker.get(path, params={"uri": uri, **more}) for uri in (SECRET_URI, "https://wiki.example/NoSuch")
        )
        assert hidden.status_code == missing.status_code == 404
        assert hidden.content == missing.content
        assert hidden.headers == missing.headers


def test_a_hidden_document_is_refused_without_being_opened(library: TestClient) -> None:
    def shortest(uri: str, headers: dict[str, str], status: int) -> float:
        taken = []
        for _ in range(15):
            started = time.perf_counter()
            answer = library.get("/place", params={"uri": uri}, headers=headers)
            taken.append(time.perf_counter() - started)
            assert answer.status_code == status
        return min(taken)

    # Opening two megabytes takes several times as long as asking for nothing; refusing them must not.
    opened = shortest("https://docs.example/long", FEW, 200)
    hidden, missing = (shortest(f"https://docs.example/{name}", {}, 404) for name in ("long", "none"))
    assert opened > 3 * missing
    assert hidden < 2 * missing


def test_a_page_is_drawn_for_those_who_may_read_it(library: TestClient) -> None:
    page: dict[str, Any] = {"uri": "https://docs.example/note.pdf", "number": 1, "start": 0, "end": 20}
    drawn = library.get("/page", params=page, headers=FEW)
    assert drawn.headers["content-type"] == "image/png"
    assert drawn.headers["cache-control"] == "private, max-age=300"
    assert drawn.content.startswith(b"\x89PNG")
    unmarked = library.get("/page", params=page | {"end": 0}, headers=FEW)
    assert unmarked.content != drawn.content
    refused = [
        library.get("/page", params=page | other, headers=headers)
        for other, headers in (({}, {}), ({"number": 2}, FEW), ({"uri": "https://docs.example/none"}, FEW))
    ]
    assert {(each.status_code, each.content) for each in refused} == {(404, refused[0].content)}


LONG = "x" * (MAX_QUESTION + 1)


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("search", {"question": LONG}, "question: String should have at most 4000 characters"),
        ("search", {"question": "  "}, "question: String should have at least 1 character"),
        ("search", {"question": "a", "k": 101}, "k: Input should be less than or equal to 100"),
        ("search", {}, "question: Field required"),
        ("ask", {"question": LONG}, "question: String should have at most 4000 characters"),
        ("ask/stream", {"question": LONG}, "question: String should have at most 4000 characters"),
        (
            "ask",
            {"question": "a", "turns": [{"question": "b"}] * (MAX_TURNS + 1)},
            "turns: List should have at most 50",
        ),
        ("ask", {"question": "a", "turns": [{"question": LONG}]}, "turns.0.question: String should have at most 4000"),
        ("ask", ["a"], "Input should be a valid dictionary"),
    ],
)
def test_what_is_too_long_or_not_as_described_is_refused_in_a_sentence(
    client: Client, path: str, body: object, sentence: str
) -> None:
    answer = client().post(f"/api/{path}", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(sentence)


@pytest.mark.parametrize("body", ["{", '{"question": "\\ud800"}', "\udcff"])
def test_a_body_that_is_no_text_is_refused_in_a_sentence(client: Client, body: str) -> None:
    content, headers = body.encode(errors="surrogateescape"), {"Content-Type": "application/json"}
    answer = client().post("/api/search", content=content, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]


def test_a_body_beyond_the_limit_is_not_read(client: Client) -> None:
    content, headers = b" " * (MAX_BODY + 1), {"Content-Type": "application/json"}
    answer = client().post("/api/ask", content=content, headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize("question", ["?", "\x00", "µ" * MAX_QUESTION, "=" * MAX_QUESTION, "a " * 2000, "💥"])
def test_odd_questions_are_answered(client: Client, question: str) -> None:
    answer = client().post("/api/ask", json={"question": question})
    assert answer.status_code == 200
    assert isinstance(answer.json()["refused"], bool)


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("place", {}),
        ("place", {"uri": "x" * 5000}),
        ("place", {"uri": "x", "start": -1}),
        ("page", {"uri": "x", "number": 0}),
        ("page", {"uri": "x", "number": 10**30}),
    ],
)
def test_parameters_out_of_bounds_are_refused_in_a_sentence(
    client: Client, path: str, parameters: dict[str, Any]
) -> None:
    answer = client().get(f"/api/{path}", params=parameters)
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_a_path_or_a_method_that_is_not_there_is_said_in_json(client: Client) -> None:
    for answer, status in ((client().get("/api/nothing"), 404), (client().get("/api/search"), 405)):
        assert answer.status_code == status
        assert answer.json()["error"]


def test_what_nobody_foresaw_is_a_sentence_without_the_reason(tmp_path: Path) -> None:
    closed = site(Settings(embedding=Embedding(model="word-hash")), tmp_path)
    closed.close()
    asker = TestClient(api(closed, KEY), raise_server_exceptions=False)
    sentence = "something went wrong in the server; its log says what"
    answer = asker.post("/search", json={"question": QUESTION})
    assert (answer.status_code, answer.json()) == (500, {"error": sentence})
    *_, last = _events(asker.post("/ask/stream", json={"question": QUESTION}).text)
    assert last == ("error", {"event": "error", "error": sentence})


def test_pages_of_allowed_origins_may_ask_and_others_may_not(client: Client) -> None:
    asker = client()
    for origin, status in (
        ("https://wiki.example", 200),
        ("http://collabqa.example", 200),
        ("https://evil.example", 403),
        ("null", 403),
    ):
        answer = asker.post("/api/search", json={"question": QUESTION}, headers={"Origin": origin})
        assert answer.status_code == status
        allowed = answer.headers.get("access-control-allow-origin")
        assert allowed == (origin if origin == "https://wiki.example" else None)
        assert status == 200 or "origin" in answer.json()["error"]


def test_a_browser_that_asks_first_is_told_what_it_may_send(client: Client) -> None:
    asking = {"Origin": "https://wiki.example", "Access-Control-Request-Method": "POST"}
    told = client().options("/api/ask/stream", headers=asking)
    assert told.status_code == 204
    assert "authorization" in told.headers["access-control-allow-headers"]
    assert "POST" in told.headers["access-control-allow-methods"]


def test_the_server_says_that_it_is_up(client: Client) -> None:
    assert client().get("/api/health").json() == {"status": "ok", "collaboration": Settings().collaboration.name}


def test_the_description_is_valid_openapi_and_has_every_route(client: Client) -> None:
    description = client().get("/api/openapi.json").json()
    validate(description)
    assert set(description["paths"]) == {"/ask", "/ask/stream", "/search", "/place", "/page", "/token", "/health"}
    for methods in description["paths"].values():
        for operation in methods.values():
            assert operation["description"]
            content = operation["responses"]["422"]["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_what_the_routes_give_is_what_is_described(client: Client, library: TestClient) -> None:
    asker = client(Script(["The threshold is 28 GeV [1]."]))
    description = asker.get("/api/openapi.json").json()

    def checked(kind: str, value: object) -> None:
        schema = {"$ref": f"#/components/schemas/{kind}", "components": description["components"]}
        Draft202012Validator(schema).validate(value)
        assert isinstance(value, dict)
        assert kind == "StreamedEvent" or set(value) == set(description["components"]["schemas"][kind]["properties"])

    checked("Passages", asker.post("/api/search", json={"question": QUESTION}).json())
    checked("AnswerShape", asker.post("/api/ask", json={"question": QUESTION}).json())
    checked("PlaceShape", asker.get("/api/place", params={"uri": PUBLIC_URI, "start": 1, "end": 5}).json())
    checked("Token", asker.post("/api/token").json())
    checked("Problem", asker.get("/api/place").json())
    streamed = description["paths"]["/ask/stream"]["post"]["responses"]["200"]["content"]
    assert streamed == {"text/event-stream": {"schema": {"$ref": "#/components/schemas/StreamedEvent"}}}
    for name, data in _events(asker.post("/api/ask/stream", json={"question": QUESTION}).text):
        checked("StreamedEvent", data)
        event = description["components"]["schemas"][f"{name.capitalize()}Event"]
        assert set(data) == set(event["properties"])
    page = description["paths"]["/page"]["get"]["responses"]["200"]["content"]
    assert list(page) == ["image/png"]


def test_the_page_for_people_shows_every_operation_and_fetches_nothing(client: Client) -> None:
    answer = client().get("/api/docs")
    assert answer.headers["content-type"].startswith("text/html")
    for path in ("/api/ask", "/api/ask/stream", "/api/search", "/api/place", "/api/page", "/api/token", "/api/health"):
        assert f"/api{path.removeprefix('/api')}</code></h2>" in answer.text
    anchors = re.findall(r"<a href=#([\w-]+)>", answer.text)
    assert anchors[:2] == ["post-ask", "post-ask-stream"]
    for name in anchors:
        assert f"<h2 id={name}>" in answer.text
    # Without this a phone draws it as a desktop would, and shrinks it.
    assert "<meta name=viewport content='width=device-width, initial-scale=1'>" in answer.text
    assert "<script" not in answer.text
    assert "http" not in answer.text
