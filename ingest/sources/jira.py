"""The issues of a Jira server (Data Center, Server) with their comments and attachments, over REST (api/2).

Each project is searched page by page. Pages overlap by one issue, so an issue that went away meanwhile and moved the
others up is noticed, and the listing is not called complete.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from ingest.audience import audiences
from ingest.document import NOBODY, DocumentKind
from ingest.errors import BadSourceSettings, Unreadable
from ingest.format import HEAD_BYTES, load, names, recognise
from ingest.formats.jira_issue.issue import FIELDS, Attachment, Issue, comment, issue
from ingest.jsontext import at, number_at, objects_at, words_at
from ingest.remote import Remote, Unreachable, opened
from ingest.source import End, Item, Raw

_PAGE = 50
# Says nothing to whoever reads why a listing broke off, at length.
_FIELDS_ASKED = re.compile(r"&fields=[^\s&:]*")
#: Larger attachments are skipped, in bytes.
_MAX_BYTES = 100_000_000
_KINDS: dict[str, DocumentKind] = {"pptx": "slides", "notebook": "notebook", "html": "page", "email": "mail"}
Json = dict[str, object]
Clauses = tuple[frozenset[str], ...]


def claims(path: Path) -> bool:  # noqa: ARG001
    """Never: a server is no path."""
    return False


@dataclass(frozen=True, slots=True)
class Source:
    """The issues of some projects of a Jira server.

    url is the server's address, with what stands before /browse/ in the addresses of issues. jql is a further condition
    on the issues. project_readers and levels ("NAME = group, user:NAME") say who may read a project, and what has a
    security level; a level that is not named is read by nobody, and so is a project that is not named while others are.
    token_env names the environment variable with a personal access token, or with the password of user.
    """

    url: str
    name: str
    readers: frozenset[str]
    projects: tuple[str, ...]
    jql: str = ""
    project_readers: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    attachments: bool = True
    token_env: str = ""
    user: str = ""
    ca: Path | None = None
    seconds_between: float = 0.2

    def __post_init__(self) -> None:
        if not self.projects:
            raise BadSourceSettings("[[source]] kind = 'jira': projects = []: expected the keys of projects")
        self._audiences()

    def listing(self) -> Iterator[Item | End]:
        """Every issue and attachment of every project."""
        lost: list[str] = []
        for project in dict.fromkeys(self.projects):
            try:
                for each in self._search(project):
                    yield from self._items(each)
            except Unreachable as problem:
                lost.append(f"{project}: {_FIELDS_ASKED.sub('', str(problem))}")
        yield End(not lost, "; ".join(lost))

    def fetch(self, item: Item) -> Raw:
        """An issue with all its comments, or an attachment; raises Unreadable."""
        key, attachment_id = json.loads(item.locator)
        found = self._whole(key)
        read = issue(found)
        if read.key != key:
            raise Unreadable(f"{key} is now {read.key or 'gone'}; the next run reads it there")
        readers, warnings = self._readers(read)
        if not attachment_id:
            told = {**_told(found), "_site": self._site}
            return Raw(_dumped(told), "jira_issue", "ticket", name=f"{key}.json", readers=readers, warnings=warnings)
        one = next((each for each in read.attachments if each.id == attachment_id), None)
        if one is None:
            raise Unreadable(f"{key} no longer has this attachment; the next run notices")
        return self._attached(read, one, readers, warnings)

    @property
    def _site(self) -> str:
        return self.url.rstrip("/")

    def _audiences(self) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
        """Who may read each project and each security level that the settings name."""
        where = "[[source]] kind = 'jira': "
        return (
            audiences(self.project_readers, f"{where}project_readers"),
            audiences(self.levels, f"{where}levels"),
        )

    def _readers(self, read: Issue) -> tuple[Clauses, tuple[str, ...]]:
        """The clauses of an issue beyond the source's, and why nobody may read it."""
        projects, levels = self._audiences()
        clauses, warnings = list[frozenset[str]](), list[str]()
        if projects:
            clauses.append(projects.get(read.project, frozenset()))
            if read.project not in projects:
                warnings.append(f"project_readers does not name the project {read.project!r}: nobody may read it")
        if read.level:
            clauses.append(levels.get(read.level, frozenset()))
            if read.level not in levels:
                warnings.append(f"levels does not name the security level {read.level!r}: nobody may read it")
        return (NOBODY if warnings else tuple(clauses)), tuple(warnings)

    def _search(self, project: str) -> Iterator[Json]:
        """The issues of a project, in the order of their keys; raises Unreachable where they are not all."""
        condition = f" AND ({self.jql})" if self.jql else ""
        jql = f'project = "{project}"{condition} ORDER BY key ASC'
        seen: dict[str, None] = {}
        total = None
        while total is None or len(seen) < total:
            start = max(0, len(seen) - 1)
            answer = self._asked("rest/api/2/search", jql=jql, startAt=start, maxResults=_PAGE, fields=",".join(FIELDS))
            page = objects_at(answer, "issues")
            total = _steady(total, answer)
            if seen and (not page or words_at(page[0], "key") != next(reversed(seen))):
                raise Unreachable(f"the search moved or broke off at {len(seen)} of {total} issues")
            new = [each for each in page if words_at(each, "key") not in seen]
            if not new:
                raise Unreachable(
                    f"the search gives {len(seen)} of {total} issues"
                    if total
                    else "the search finds no issue; a token that is missing or no longer good looks the same"
                )
            seen.update(dict.fromkeys(words_at(each, "key") for each in new))
            yield from new

    def _items(self, found: Json) -> Iterator[Item]:
        """An issue and its attachments; the version holds all that is read of it, and for whom."""
        read = issue(found)
        readers, _ = self._readers(read)
        of_readers = repr([sorted(each) for each in readers])
        uri = f"{self._site}/browse/{quote(read.key)}"
        yield Item(uri, _digest(_dumped(_told(found)), of_readers.encode()), json.dumps([read.key, ""]))
        for each in read.attachments if self.attachments else ():
            # An attachment may be replaced only by one of another number; its own bytes never change.
            version = _digest(repr((each, read.summary, of_readers)).encode())
            skipped = _skipped(each)
            address = each.url or f"{uri}#attachment-{each.id}"
            yield Item(address, version, json.dumps([read.key, each.id]), skipped)

    def _whole(self, key: str) -> Json:
        """An issue with all its comments, those completed where the server cut them."""
        found = self._asked(f"rest/api/2/issue/{quote(key)}", fields=",".join(FIELDS))
        comments = objects_at(found, "fields", "comment", "comments")
        if len(comments) < (number_at(found, "fields", "comment", "total") or 0):
            comments = self._comments(key)
        fields = at(found, "fields")
        assert isinstance(found, dict)
        inner = fields if isinstance(fields, dict) else {}
        return {**found, "fields": {**inner, "comment": {"comments": comments, "total": len(comments)}}}

    def _comments(self, key: str) -> list[Json]:
        """All comments on an issue; raises Unreachable where they are not all."""
        found: dict[str, Json] = {}
        total = None
        while total is None or len(found) < total:
            path = f"rest/api/2/issue/{quote(key)}/comment"
            answer = self._asked(path, startAt=len(found), maxResults=_PAGE, orderBy="created")
            total = _steady(total, answer)
            new = {comment(each).id: each for each in objects_at(answer, "comments")}
            if not set(new) - set(found) and len(found) < total:
                raise Unreachable(f"{key}: the server gives {len(found)} of {total} comments")
            found.update(new)
        return list(found.values())

    def _attached(self, read: Issue, one: Attachment, readers: Clauses, warnings: tuple[str, ...]) -> Raw:
        """The bytes of an attachment, with what the issue says of it."""
        data = _remote(self).page(one.url).data
        if one.size and len(data) != one.size:
            raise Unreadable(f"{one.filename}: {len(data):,} bytes came, the issue says {one.size:,}")
        format_name = recognise(data[:HEAD_BYTES], one.filename)
        if format_name is None:
            raise Unreadable(f"no format reads {one.filename}")
        return Raw(
            data,
            format_name,
            _KINDS.get(format_name, "file"),
            name=one.filename,
            title=f"{read.key}: {read.summary} ({one.filename})",
            authors=(one.author,) if one.author else (),
            modified=one.created,
            parent=f"{self._site}/browse/{quote(read.key)}",
            readers=readers,
            warnings=warnings,
        )

    def _asked(self, path: str, **parameters: str | int) -> Json:
        """An answer of the server, which must be an object; raises Unreachable."""
        found = _remote(self).page(path, parameters).json()
        if not isinstance(found, dict):
            raise Unreachable(f"{path}: the server answers something else than Jira does")
        return found


def _remote(source: Source) -> Remote:
    """The way to a source's server, kept open for the whole run: a source is listed first and fetched from later."""
    return opened(
        source.url, token_env=source.token_env, user=source.user, ca=source.ca, seconds_between=source.seconds_between
    )


def _steady(before: int | None, answer: Json) -> int:
    """How many there are in all; raises Unreachable where that is not said, or is another number than before."""
    total = number_at(answer, "total")
    if total is None:
        raise Unreachable("the server does not say how many there are in all")
    if before not in (None, total):
        raise Unreachable(f"there were {before}, and are {total} now: something changed while it was read")
    return total


def _told(found: Json) -> Json:
    """What an answer says of an issue, without what changes when it is looked at and words that are not for all."""
    fields = at(found, "fields")
    kept = {name: fields[name] for name in FIELDS if name in fields} if isinstance(fields, dict) else {}
    comments = [
        {**each, "body": ""} if comment(each).restricted else each for each in objects_at(kept, "comment", "comments")
    ]
    return {
        "key": words_at(found, "key"),
        "fields": {**kept, "comment": {"comments": comments, "total": number_at(kept, "comment", "total")}},
    }


def _skipped(one: Attachment) -> str:
    """Why an attachment is not read; empty where it is."""
    if not one.url:
        return "the server does not say where the attachment is"
    if one.size > _MAX_BYTES:
        return f"{one.size:,} bytes, more than {_MAX_BYTES:,}"
    if not one.filename.lower().endswith(_suffixes()):
        return f"no format reads {one.filename}"
    return ""


@cache
def _suffixes() -> tuple[str, ...]:
    return tuple(suffix for name in names() for suffix in load(name).SUFFIXES)


def _dumped(found: Json) -> bytes:
    return json.dumps(found, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
