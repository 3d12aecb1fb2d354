"""Calendar invitations (iCalendar, RFC 5545) as text: what, when, where, who asks."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r"([A-Za-z0-9-]+)((?:;[^=;:\"]+=(?:\"[^\"]*\"|[^;:\",]*)(?:,(?:\"[^\"]*\"|[^;:\",]*))*)*):(.*)")
_PARAMETER = re.compile(r";([^=;:\"]+)=(\"[^\"]*\"|[^;:\"]*)")
_ESCAPED = re.compile(r"\\([\\;,nN])")
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:\d+S)?)?$")
_WHAT = {
    "CANCEL": "Cancelled",
    "REPLY": "Answer to an invitation",
    "COUNTER": "Another time proposed",
    "PUBLISH": "Event",
}
# A calendar with more is one, and no invitation.
_MOST_EVENTS = 20


@dataclass(frozen=True, slots=True)
class _Value:
    """What a property says, and its parameters, names in upper case."""

    text: str
    parameters: Mapping[str, str] = field(default_factory=dict)


_Event = dict[str, _Value]


def invitation(calendar: str) -> str:
    """The events of a calendar, one paragraph each; "" where it has none.

    >>> print(invitation("BEGIN:VCALENDAR\\nMETHOD:REQUEST\\nBEGIN:VEVENT\\nSUMMARY:Trigger meeting\\n"
    ...     "DTSTART;TZID=Europe/Zurich:20260603T140000\\nDURATION:PT1H30M\\nLOCATION:40-S2-B01\\n"
    ...     "ORGANIZER;CN=Ingrid Solvang:mailto:is@helix.example\\nEND:VEVENT\\nEND:VCALENDAR"))
    Invitation: Trigger meeting
    When: 2026-06-03 14:00 to 15:30 (Europe/Zurich)
    Where: 40-S2-B01
    Organiser: Ingrid Solvang
    """
    method, events = _events(calendar)
    what = _WHAT.get(method, "Invitation")
    return "\n\n".join("\n".join(_told(each, what)) for each in events[:_MOST_EVENTS])


def people(calendar: str) -> Iterator[tuple[str, str]]:
    """The names and addresses of those who ask and are asked."""
    for name, value in _properties(calendar):
        if name in ("ORGANIZER", "ATTENDEE"):
            yield value.parameters.get("CN", ""), _address(value)


def _address(who: _Value) -> str:
    return re.sub("^mailto:", "", who.text, flags=re.IGNORECASE)


def _told(event: _Event, what: str) -> Iterator[str]:
    cancelled = event.get("STATUS", _Value("")).text.upper() == "CANCELLED"
    yield f"{'Cancelled' if cancelled else what}: {_words(event, 'SUMMARY') or '(no title)'}"
    when = _when(event)
    if when:
        yield f"When: {when}"
    rule = re.search(r"FREQ=(\w+)", _words(event, "RRULE"))
    if rule:
        yield f"Repeats: {rule[1].lower()}"
    if _words(event, "LOCATION"):
        yield f"Where: {_words(event, 'LOCATION')}"
    organiser = event.get("ORGANIZER")
    if organiser:
        yield f"Organiser: {organiser.parameters.get('CN') or _address(organiser)}"
    if _words(event, "DESCRIPTION"):
        yield f"\n{_words(event, 'DESCRIPTION')}"


def _words(event: _Event, name: str) -> str:
    """The text of a property, its escapes undone."""
    value = event.get(name, _Value("")).text
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()


def _when(event: _Event) -> str:
    """From when to when; as it stands there where it is no time."""
    start = _moment(event.get("DTSTART", _Value("")).text)
    if start is None:
        return event.get("DTSTART", _Value("")).text
    end = _moment(event.get("DTEND", _Value("")).text) or _after(start, event.get("DURATION", _Value("")).text)
    zone = "UTC" if event["DTSTART"].text.endswith("Z") else event["DTSTART"].parameters.get("TZID", "")
    if isinstance(start, datetime) != isinstance(end, datetime):
        end = None
    if not isinstance(start, datetime):
        last = end - timedelta(days=1) if end else start
        return f"{start}" if last <= start else f"{start} to {last}"
    told = f"{start:%Y-%m-%d %H:%M}"
    if isinstance(end, datetime):
        told += f" to {end:%H:%M}" if end.date() == start.date() else f" to {end:%Y-%m-%d %H:%M}"
    return f"{told} ({zone})" if zone else told


def _moment(text: str) -> datetime | date | None:
    for pattern, length in (("%Y%m%dT%H%M%S", 15), ("%Y%m%dT%H%M", 13)):
        try:
            return datetime.strptime(text.strip().rstrip("Z")[:length], pattern)
        except ValueError:
            continue
    try:
        return datetime.strptime(text.strip(), "%Y%m%d").date()
    except ValueError:
        return None


def _after(start: datetime | date, duration: str) -> datetime | date | None:
    found = _DURATION.match(duration.strip())
    if not found or len(duration.strip()) < 3:
        return None
    weeks, days, hours, minutes = (int(each[:6]) if each else 0 for each in found.groups())
    try:
        return start + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    except OverflowError:
        return None


def _events(calendar: str) -> tuple[str, list[_Event]]:
    """The method of a calendar, and its events; of what they hold inside, such as alarms, nothing."""
    method, events, inside = "", list[_Event](), list[str]()
    for name, value in _properties(calendar):
        if name == "BEGIN":
            inside.append(value.text.strip().upper())
            if inside[-1] == "VEVENT":
                events.append({})
        elif name == "END" and inside:
            inside.pop()
        elif name == "METHOD":
            method = value.text.strip().upper()
        elif events and inside and inside[-1] == "VEVENT":
            events[-1].setdefault(name, value)
    return method, events


def _properties(calendar: str) -> Iterator[tuple[str, _Value]]:
    for line in _FOLD.sub("", calendar).splitlines():
        found = _LINE.match(line)
        if found:
            given = {name.upper(): value.strip('"') for name, value in _PARAMETER.findall(found[2])}
            yield found[1].upper(), _Value(found[3], given)
