"""Which pages may use the server from a browser: our own, and those that the settings allow."""

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Paths that pages of other origins need; all others answer only to our own pages.
_SHARED = ("/api/", "/widget.js")
_ALLOWED_HEADERS = "authorization, content-type"


class Origins:
    """Refuses requests that a page of a foreign origin sends, and answers the allowed ones' CORS questions.

    Every answer also says which pages may frame it.
    """

    def __init__(self, app: ASGIApp, allowed: Sequence[str]) -> None:
        self._app = app
        self._allowed = frozenset(each.rstrip("/") for each in allowed)
        self._ancestors = " ".join(["'self'", *sorted(self._allowed)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin", "")
        foreign = bool(origin) and origin.partition("://")[2] != headers.get("host", "")
        allowed = origin in self._allowed and scope["path"].startswith(_SHARED)
        if foreign and not allowed:
            await self._refuse(scope, receive, send)
            return
        if foreign and scope["type"] == "http" and scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=self._grant(origin))(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer["Content-Security-Policy"] = f"frame-ancestors {self._ancestors}"
                answer["X-Content-Type-Options"] = "nosniff"
                answer["Referrer-Policy"] = "same-origin"
                if foreign:
                    for name, value in self._grant(origin).items():
                        answer[name] = value
            await send(message)

        await self._app(scope, receive, sending)

    def _grant(self, origin: str) -> dict[str, str]:
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Max-Age": "600",
            "Vary": "Origin",
        }

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        body = {"error": "this page's origin is not in [access] widget_origins"}
        await JSONResponse(body, 403, headers={"Vary": "Origin"})(scope, receive, send)
