"""Issues, merge requests, wikis and documentation of projects on a GitLab server, over its REST interface (v4)."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from ingest.audience import audiences
from ingest.document import NOBODY
from ingest.errors import BadSourceSettings, Unreadable
from ingest.format import load
from ingest.formats.gitlab_issue import is_internal, moment
from ingest.jsontext import at, number_at, objects_at, words_at
from ingest.remote import NoSuchPage, Page, Remote, Unreachable, opened
from ingest.source import End, Item, Raw, principals

_PAGE = 100
_WHAT = ("issues", "merge_requests", "wiki", "docs")
_NEXT = re.compile(r"<([^<>]+)>\s*;[^,<>]*\brel=\"?next\"?")
# What is read of an issue or merge request; the rest changes when somebody looks at it, or on its own.
_READ = (
    "iid title description state labels milestone author assignees reviewers source_branch target_branch issue_type "
    "created_at updated_at closed_at closed_by merged_at merged_by merge_user due_date confidential references "
    "user_notes_count web_url"
).split()
# What GitLab calls the right to see each of them.
_ACCESS = {
    "issues": "issues_access_level",
    "merge_requests": "merge_requests_access_level",
    "wiki": "wiki_access_level",
    "docs": "repository_access_level",
}
Json = dict[str, object]
Clauses = tuple[frozenset[str], ...]


def claims(path: Path) -> bool:  # noqa: ARG001
    """Never: a server is no path."""
    return False


@dataclass(frozen=True, slots=True)
class _Where:
    """Where an item is fetched from, and who may read it: what of which project, and its number, slug or hash.

    path is that of a file, or of the project that a wiki belongs to.
    """

    what: str
    project: str
    key: str
    path: str = ""
    readers: tuple[tuple[str, ...], ...] = ()
    warnings: tuple[str, ...] = ()
    confidential: bool = False

    def note(self) -> str:
        """As the locator of an item."""
        return json.dumps([getattr(self, name) for name in self.__slots__])

    @property
    def clauses(self) -> Clauses:
        """The readers as clauses."""
        return tuple(map(frozenset, self.readers))


@dataclass(frozen=True, slots=True)
class Source:
    """What projects of a GitLab server have written down.

    url is the server's address. projects are paths ("helix/trigger"), groups paths of groups, read with the groups in
    them. read says what: issues, merge_requests, wiki, docs; docs the folders and files of a repository that are
    documentation. internal says who may read internal projects, private and confidential ("PATH = group, user:NAME", a
    project or a group above it) who may read private ones and confidential issues; without that, nobody may.
    """

    url: str
    name: str
    readers: frozenset[str]
    projects: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    read: tuple[str, ...] = _WHAT
    docs: tuple[str, ...] = ("README.md", "README.rst", "docs", "doc")
    internal: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    confidential: tuple[str, ...] = ()
    token_env: str = ""
    ca: Path | None = None
    seconds_between: float = 0.2

    def __post_init__(self) -> None:
        if not self.projects and not self.groups:
            raise BadSourceSettings("[[source]] kind = 'gitlab': expected projects = [...] or groups = [...]")
        unknown = sorted(set(self.read) - set(_WHAT))
        if unknown:
            raise BadSourceSettings(f"[[source]] kind = 'gitlab': read = {unknown}: there are {', '.join(_WHAT)}")
        self._audience("private", self.private, "")
        self._audience("confidential", self.confidential, "")

    def listing(self) -> Iterator[Item | End]:
        """Everything that the settings ask for, project by project; what breaks off does not stop the rest."""
        lost: list[str] = []
        seen: set[str] = set()
        for project in self._projects(lost):
            path = words_at(project, "path_with_namespace")
            if path in seen:
                continue
            seen.add(path)
            for what in (each for each in _WHAT if each in self.read and _is_on(project, each)):
                try:
                    yield from self._items(project, what)
                except Unreachable as problem:
                    lost.append(f"{path}, {what}: {problem}")
        yield End(not lost, "; ".join(lost))

    def fetch(self, item: Item) -> Raw:
        """One issue or merge request with its notes, one page of a wiki, or one file; raises Unreadable."""
        where = _Where(*json.loads(item.locator))
        if where.what == "wiki":
            return self._wiki_page(where)
        if where.what == "docs":
            return self._file(where)
        return self._discussion(where)

    def _projects(self, lost: list[str]) -> Iterator[Json]:
        """The projects of the settings, then those of the groups; what cannot be had is added to lost."""
        for path in self.projects:
            try:
                found = _remote(self).page(f"api/v4/projects/{quote(path, safe='')}").json()
                if not words_at(found, "path_with_namespace"):
                    raise Unreachable("the server answers something else than GitLab does")
                yield found
            except Unreachable as problem:
                lost.append(f"{path}: {problem}")
        for path in self.groups:
            try:
                found = 0
                for each in self._all(
                    f"api/v4/groups/{quote(path, safe='')}/projects",
                    key="id",
                    include_subgroups="true",
                    with_shared="false",
                    order_by="id",
                    sort="asc",
                ):
                    found += 1
                    yield each
                if not found:
                    raise Unreachable("the group has no project; a token that may not see them looks the same")
            except Unreachable as problem:
                lost.append(f"{path}: {problem}")

    def _items(self, project: Json, what: str) -> Iterator[Item]:
        if what == "wiki":
            yield from self._wiki_items(project)
        elif what == "docs":
            yield from self._file_items(project)
        else:
            yield from self._discussion_items(project, what)

    def _discussion_items(self, project: Json, what: str) -> Iterator[Item]:
        """The issues or merge requests of a project, those first that were first."""
        number = words_at(project, "id")
        found = 0
        for each in self._all(
            f"api/v4/projects/{number}/{what}", key="id", scope="all", state="all", order_by="created_at", sort="asc"
        ):
            found += 1
            where = self._where(project, what, words_at(each, "iid"), confidential=at(each, "confidential") is True)
            yield Item(words_at(each, "web_url"), _digest(_dumped(_told(each)), where.note()), where.note())
        # An interface that hides what one may not see answers with nothing.
        if what == "issues" and not found and (number_at(project, "open_issues_count") or 0):
            raise Unreachable(f"no issue is listed, and {number_at(project, 'open_issues_count')} are open")

    def _wiki_items(self, project: Json) -> Iterator[Item]:
        """The pages of a wiki, which GitLab gives all at once."""
        web = words_at(project, "web_url")
        for each in self._all(f"api/v4/projects/{words_at(project, 'id')}/wikis", key="slug", with_content=1):
            slug = words_at(each, "slug")
            where = self._where(project, "wiki", slug, path=words_at(project, "path_with_namespace"))
            version = _digest(words_at(each, "title").encode(), words_at(each, "content").encode(), where.note())
            yield Item(f"{web}/-/wikis/{quote(slug)}", version, where.note())

    def _file_items(self, project: Json) -> Iterator[Item]:
        """The files of the documentation at the default branch; what is neither Markdown nor reStructuredText is not
        read."""
        branch, web = words_at(project, "default_branch"), words_at(project, "web_url")
        if not branch or at(project, "empty_repo") is True:
            return
        tree = f"api/v4/projects/{words_at(project, 'id')}/repository/tree"
        top = {words_at(each, "path"): each for each in self._all(tree, key="path", ref=branch, pagination="keyset")}
        files = {path: each for path, each in top.items() if path in self.docs}
        for folder in dict.fromkeys(each.strip("/") for each in self.docs):
            if words_at(top.get(folder.partition("/")[0]), "type") == "tree":
                files |= self._folder(tree, folder, branch)
        for path, each in sorted(files.items()):
            if words_at(each, "type") != "blob":
                continue
            where = self._where(project, "docs", words_at(each, "id"), path=path)
            skipped = "" if _format_of(path) else "neither Markdown nor reStructuredText"
            yield Item(f"{web}/-/blob/{quote(branch)}/{quote(path)}", _digest(where.note()), where.note(), skipped)

    def _folder(self, tree: str, folder: str, branch: str) -> dict[str, Json]:
        """All that is in a folder of a repository; one inside another need not exist."""
        parameters = {"ref": branch, "path": folder, "recursive": "true", "pagination": "keyset"}
        try:
            return {words_at(each, "path"): each for each in self._all(tree, key="path", **parameters)}
        except NoSuchPage:
            if "/" in folder:
                return {}
            raise

    def _where(self, project: Json, what: str, key: str, *, path: str = "", confidential: bool = False) -> _Where:
        clauses, warnings = self._readers(project, what, confidential=confidential)
        listed = tuple(tuple(sorted(each)) for each in clauses)
        return _Where(what, words_at(project, "id"), key, path, listed, warnings, confidential)

    def _readers(self, project: Json, what: str, *, confidential: bool) -> tuple[Clauses, tuple[str, ...]]:
        """The clauses of something in a project beyond the source's, and why nobody may read it."""
        path = words_at(project, "path_with_namespace")
        visibility = words_at(project, "visibility")
        if words_at(project, _ACCESS[what]) == "private":
            visibility = "private"
        clauses, warnings = list[frozenset[str]](), list[str]()
        if visibility == "internal":
            clauses.append(principals(self.internal))
            warnings += [] if self.internal else [f"{path} is internal, and internal is not set: nobody may read it"]
        elif visibility != "public":
            members = self._audience("private", self.private, path)
            clauses.append(members or frozenset())
            warnings += [] if members else [f"private does not name {path}: nobody may read what is for its members"]
        if confidential:
            trusted = self._audience("confidential", self.confidential, path)
            clauses.append(trusted or frozenset())
            warnings += [] if trusted else [f"confidential does not name {path}: nobody may read it"]
        return (NOBODY if warnings else tuple(clauses)), tuple(warnings)

    def _audience(self, key: str, entries: tuple[str, ...], path: str) -> frozenset[str] | None:
        """Who the settings name for a project, or for the nearest group above it."""
        named = audiences(entries, f"[[source]] kind = 'gitlab': {key}")
        parts = path.split("/")
        above = ("/".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((named[each] for each in above if each in named), None)

    def _discussion(self, where: _Where) -> Raw:
        """An issue or merge request with its notes, unless fewer people may read it than when it was listed."""
        path = f"api/v4/projects/{where.project}/{where.what}/{where.key}"
        about = _remote(self).page(path).json()
        if at(about, "confidential") is True and not where.confidential:
            raise Unreadable("it has become confidential since it was listed; the next run reads it anew")
        notes = self._all(f"{path}/notes", key="id", order_by="created_at", sort="asc")
        kept = [{**each, "body": ""} if is_internal(each) else each for each in notes if at(each, "system") is not True]
        return Raw(
            _dumped({"about": _told(about), "notes": kept}),
            "gitlab_issue",
            "ticket",
            name=f"{where.what} {where.key}.json",
            readers=where.clauses,
            warnings=where.warnings,
        )

    def _wiki_page(self, where: _Where) -> Raw:
        found = _remote(self).page(f"api/v4/projects/{where.project}/wikis/{quote(where.key, safe='')}").json()
        format_name = {"markdown": "markdown", "": "markdown"}.get(words_at(found, "format"), "text")
        return Raw(
            words_at(found, "content").encode("utf-8", "replace"),
            format_name,
            "topic",
            name=f"{where.key.rpartition('/')[2]}.{'md' if format_name == 'markdown' else 'txt'}",
            title=f"{words_at(found, 'title') or where.key} ({where.path})",
            readers=where.clauses,
            warnings=where.warnings,
        )

    def _file(self, where: _Where) -> Raw:
        """A file by its hash, which is of exactly these bytes, with who changed it last and when."""
        project = f"api/v4/projects/{where.project}"
        data = _remote(self).page(f"{project}/repository/blobs/{where.key}/raw").data
        commits = _remote(self).page(f"{project}/repository/commits", {"path": where.path, "per_page": 1}).json()
        last = next(iter(objects_at({"commits": commits}, "commits")), None)
        format_name = _format_of(where.path)
        if not format_name:
            raise Unreadable(f"{where.path}: neither Markdown nor reStructuredText")
        return Raw(
            data,
            format_name,
            "page",
            name=where.path.rpartition("/")[2],
            authors=tuple(filter(None, [words_at(last, "author_name")])),
            modified=moment(words_at(last, "committed_date")),
            readers=where.clauses,
            warnings=where.warnings,
        )

    def _all(self, path: str, /, *, key: str, **parameters: str | int) -> Iterator[Json]:
        """All that a list of the server holds, each once, from all pages; raises Unreachable where some is missing."""
        seen: set[str] = set()
        total: str | None = None
        page: Page | None = None
        url, query = path, {**parameters, "per_page": _PAGE}
        while page is None or url:
            page = _remote(self).page(url, query)
            found = page.json()
            if not isinstance(found, list):
                raise Unreachable(f"{path}: the server answers something else than GitLab does")
            total = _steady(total, page)
            for each in objects_at({"list": found}, "list"):
                if words_at(each, key) not in seen:
                    seen.add(words_at(each, key))
                    yield each
            url, query = _after(page, path, query, len(found))
            if url and not found:
                raise Unreachable(f"{path}: an empty page, and the server says that more follow")
        if total is not None and len(seen) != int(total):
            raise Unreachable(f"{path}: the server gives {len(seen)} of {total}")


def _remote(source: Source) -> Remote:
    """The way to a source's server, kept open for the whole run: a source is listed first and fetched from later."""
    return opened(
        source.url,
        token_env=source.token_env,
        token_header="PRIVATE-TOKEN",  # noqa: S106 - the name of a header
        ca=source.ca,
        seconds_between=source.seconds_between,
    )


def _steady(before: str | None, page: Page) -> str | None:
    """How many there are in all; GitLab does not say it above 10,000. Raises Unreachable where the number changes."""
    total = page.headers.get("x-total", "")
    if not total.isdecimal():
        return before
    if before not in (None, total):
        raise Unreachable(f"{page.url}: there were {before}, and are {total} now: something changed while it was read")
    return total


def _after(page: Page, path: str, query: dict[str, str | int], length: int) -> tuple[str, dict[str, str | int]]:
    """The address of the next page and its parameters; no address after the last.

    Raises Unreachable for a full page of which the server does not say whether it is the last.
    """
    number = page.headers.get("x-next-page")
    if number:
        return path, {**query, "page": number}
    link = _NEXT.search(page.headers.get("link", ""))
    if link:
        return link[1], {}
    if number is None and "link" not in page.headers and length >= _PAGE and "wikis" not in path:
        raise Unreachable(f"{page.url}: a full page, and the server does not say whether more follow")
    return "", {}


def _is_on(project: Json, what: str) -> bool:
    """Whether a project has issues, merge requests, a wiki, a repository at all."""
    return words_at(project, _ACCESS[what]) != "disabled" and at(project, f"{what}_enabled") is not False


def _told(found: object) -> Json:
    """What an answer says of an issue or merge request, as far as it is read."""
    return {name: at(found, name) for name in _READ if at(found, name) is not None}


@cache
def _suffixes() -> dict[str, str]:
    return {suffix: name for name in ("markdown", "rst") for suffix in load(name).SUFFIXES}


def _format_of(path: str) -> str:
    """The format of a file of documentation by its suffix; empty for others."""
    return next((name for suffix, name in _suffixes().items() if path.lower().endswith(suffix)), "")


def _dumped(found: Json) -> bytes:
    return json.dumps(found, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")


def _digest(*parts: bytes | str) -> str:
    written = (each.encode() if isinstance(each, str) else each for each in parts)
    return hashlib.sha256(b"\0".join(written)).hexdigest()
