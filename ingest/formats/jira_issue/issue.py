"""An issue as the REST interface of Jira (api/2) gives it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ingest.jsontext import at, number_at, objects_at, words_at

#: What is asked of an issue, and all that is read of it.
FIELDS = (
    "summary description issuetype status resolution resolutiondate labels components versions fixVersions priority "
    "reporter assignee created updated project parent subtasks issuelinks attachment security comment environment"
).split()


@dataclass(frozen=True, slots=True)
class Comment:
    """Something said about an issue. restricted names the group or role that it is for, if not for all who read it."""

    id: str
    author: str
    created: datetime | None
    edited: datetime | None
    body: str
    restricted: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """Another issue, and what it is to this one: "blocks", "is duplicated by".

    Its summary is not taken over: fewer people may be allowed to read it than this one.
    """

    how: str
    key: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that hangs on an issue; url is where its bytes are."""

    id: str
    filename: str
    url: str
    author: str
    created: datetime | None
    size: int


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue with all that is read of it; level is its security level, empty where it has none."""

    key: str
    project: str
    summary: str
    description: str
    environment: str
    level: str
    reporter: str
    modified: datetime | None
    parent: str
    facts: Mapping[str, str]
    relations: tuple[Relation, ...]
    attachments: tuple[Attachment, ...]
    comments: tuple[Comment, ...]
    comments_in_all: int


def issue(found: object) -> Issue:
    """The issue in an answer of the server; what is missing or of another type is empty."""
    fields = at(found, "fields")
    key = words_at(found, "key")
    comments = tuple(comment(each) for each in objects_at(fields, "comment", "comments"))
    return Issue(
        key=key,
        project=words_at(fields, "project", "key") or key.rpartition("-")[0],
        summary=" ".join(words_at(fields, "summary").split()),
        description=words_at(fields, "description"),
        environment=words_at(fields, "environment"),
        level=_level(fields),
        reporter=person(at(fields, "reporter")),
        modified=moment(words_at(fields, "updated")) or moment(words_at(fields, "created")),
        parent=words_at(fields, "parent", "key"),
        facts=_facts(fields),
        relations=tuple(_relations(fields)),
        attachments=tuple(_attachment(each) for each in objects_at(fields, "attachment")),
        comments=comments,
        comments_in_all=max(number_at(fields, "comment", "total") or 0, len(comments)),
    )


def comment(found: object) -> Comment:
    """A comment in an answer of the server."""
    created, edited = moment(words_at(found, "created")), moment(words_at(found, "updated"))
    visibility = at(found, "visibility")
    restricted = " ".join(filter(None, (words_at(visibility, "type"), words_at(visibility, "value"))))
    if not restricted and (visibility or at(found, "jsdPublic") is False):
        restricted = "those who work on it"
    return Comment(
        id=words_at(found, "id"),
        author=person(at(found, "author")),
        created=created,
        edited=edited if edited != created else None,
        body=words_at(found, "body"),
        restricted=restricted,
    )


def person(found: object) -> str:
    """What people call somebody; the name of the account where that is all there is."""
    return " ".join((words_at(found, "displayName") or words_at(found, "name")).split())


def moment(written: str) -> datetime | None:
    """A time as Jira writes it.

    >>> moment("2025-06-16T09:30:00.000+0200").isoformat()
    '2025-06-16T09:30:00+02:00'
    """
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _level(fields: object) -> str:
    """The name of the security level; a level that is set but has no name is called by its number, or "?"."""
    security = at(fields, "security")
    return words_at(security, "name") or words_at(security, "id") or ("?" if security else "")


def _facts(fields: object) -> dict[str, str]:
    """What stands beside an issue, in the order in which it is shown; what an issue does not have is left out."""
    resolution, when = words_at(fields, "resolution", "name"), words_at(fields, "resolutiondate")[:10]
    labels = at(fields, "labels")
    facts = {
        "Resolution": f"{resolution} ({when})" if resolution and when else resolution,
        "Status": words_at(fields, "status", "name"),
        "Type": words_at(fields, "issuetype", "name"),
        "Priority": words_at(fields, "priority", "name"),
        "Components": _names(fields, "components"),
        "Affects": _names(fields, "versions"),
        "Fixed in": _names(fields, "fixVersions"),
        "Labels": ", ".join(each for each in labels if isinstance(each, str)) if isinstance(labels, list) else "",
        "Reporter": person(at(fields, "reporter")),
        "Assignee": person(at(fields, "assignee")),
        "Created": words_at(fields, "created")[:10],
    }
    return {name: " ".join(value.split()) for name, value in facts.items() if value.strip()}


def _names(fields: object, key: str) -> str:
    return ", ".join(filter(None, (words_at(each, "name") for each in objects_at(fields, key))))


def _relations(fields: object) -> list[Relation]:
    """The issues that this one is linked to, is a part of, or has as its parts."""
    found = []
    if at(fields, "parent"):
        found.append(Relation("is part of", words_at(fields, "parent", "key")))
    found.extend(Relation("has the part", words_at(each, "key")) for each in objects_at(fields, "subtasks"))
    for link in objects_at(fields, "issuelinks"):
        for side in ("outward", "inward"):
            other = at(link, f"{side}Issue")
            if other:
                found.append(Relation(words_at(link, "type", side) or "relates to", words_at(other, "key")))
    return [each for each in found if each.key]


def _attachment(found: object) -> Attachment:
    return Attachment(
        id=words_at(found, "id"),
        filename=" ".join(words_at(found, "filename").split()),
        url=words_at(found, "content"),
        author=person(at(found, "author")),
        created=moment(words_at(found, "created")),
        size=number_at(found, "size") or 0,
    )
