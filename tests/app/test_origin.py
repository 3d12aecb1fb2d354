"""Pages of foreign origins get nothing; allowed ones get the widget and the API, and may frame us."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.origin import Origins

ALLOWED = "https://twiki.example.org"


def _said(_: Request) -> PlainTextResponse:
    return PlainTextResponse("said")


@pytest.fixture
def client() -> TestClient:
    routes = [Route(path, _said, methods=["GET", "POST"]) for path in ("/api/ask", "/widget.js", "/")]
    app = Starlette(routes=routes, middleware=[Middleware(Origins, allowed=[ALLOWED])])
    return TestClient(app, base_url="https://qa.example.org")


def test_our_own_page_is_answered(client: TestClient) -> None:
    answer = client.post("/api/ask", headers={"Origin": "https://qa.example.org"})
    assert (answer.status_code, answer.text) == (200, "said")


def test_an_allowed_page_is_answered_and_told_so(client: TestClient) -> None:
    answer = client.post("/api/ask", headers={"Origin": ALLOWED})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ALLOWED


def test_an_allowed_page_may_ask_beforehand(client: TestClient) -> None:
    answer = client.options("/api/ask", headers={"Origin": ALLOWED, "Access-Control-Request-Method": "POST"})
    assert answer.status_code == 204
    assert "authorization" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", ALLOWED + ".evil.example", "http://twiki.example.org"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_foreign_page_is_refused(client: TestClient, origin: str, method: str) -> None:
    answer = client.request(method, "/api/ask", headers={"Origin": origin})
    assert answer.status_code == 403
    assert "said" not in answer.text
    assert "access-control-allow-origin" not in answer.headers


def test_an_allowed_page_gets_no_more_than_the_widget_and_the_api(client: TestClient) -> None:
    assert client.get("/widget.js", headers={"Origin": ALLOWED}).status_code == 200
    assert client.get("/", headers={"Origin": ALLOWED}).status_code == 403


def test_every_answer_says_who_may_frame_it(client: TestClient) -> None:
    assert client.get("/").headers["content-security-policy"] == f"frame-ancestors 'self' {ALLOWED}"
