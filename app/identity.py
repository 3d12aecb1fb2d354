"""Who asks: from a sign-on proxy's headers, from a token of ours, or everyone."""

import base64
import binascii
import hashlib
import hmac
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.config import Access
from ingest.errors import CollabqaError
from ingest.source import principals

#: How long a token of the widget holds, in seconds: a page that stays open fetches a new one.
TOKEN_SECONDS = 600


class BadToken(CollabqaError):
    """A token that is not ours, or no longer."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who asks: a name for people ("" for nobody in particular) and the principals that documents know."""

    name: str
    principals: frozenset[str]


def asker(headers: Mapping[str, str], client: str, access: Access, secret: bytes, *, now: float | None = None) -> Asker:
    """Who sent a request. headers have lower-case names; client is the address that the connection comes from.

    A bearer token says it, else the sign-on proxy's headers, which are believed only from the proxies' addresses, else
    it is everyone. Raises BadToken.
    """
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return opened(token.strip(), secret, now=now)
    groups = set(access.everyone)
    user = ""
    if client in access.proxies:
        user = headers.get(access.user_header.lower(), "").strip() if access.user_header else ""
        listed = headers.get(access.groups_header.lower(), "") if access.groups_header else ""
        groups |= principals(name.strip() for name in listed.replace(";", ",").split(",") if name.strip())
    return Asker(user, frozenset({"public", *groups, *([f"user:{user}"] if user else [])}))


def sealed(who: Asker, secret: bytes, *, seconds: int = TOKEN_SECONDS, now: float | None = None) -> str:
    """A token that says who somebody is for some seconds (HMAC-SHA256 over JSON, both in URL-safe base64)."""
    expires = int((time.time() if now is None else now) + seconds)
    body = json.dumps({"name": who.name, "principals": sorted(who.principals), "expires": expires}).encode()
    return f"{_encoded(body)}.{_encoded(_signature(body, secret))}"


def opened(token: str, secret: bytes, *, now: float | None = None) -> Asker:
    """Whom a token stands for; raises BadToken when it was not sealed with this secret, or has expired."""
    try:
        body, signature = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
    except (ValueError, binascii.Error):
        raise BadToken("this is no token of ours") from None
    if not hmac.compare_digest(signature, _signature(body, secret)):
        raise BadToken("this is no token of ours")
    said = json.loads(body)
    if said["expires"] < (time.time() if now is None else now):
        raise BadToken("the token has expired: fetch a new one")
    return Asker(said["name"], frozenset(said["principals"]))


def secret(folder: Path) -> bytes:
    """The secret that seals tokens, made once and kept in the data folder for its owner alone."""
    path = folder / "token.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        made = os.urandom(32)
        file.write(made)
    return made


def _signature(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, body, hashlib.sha256)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
