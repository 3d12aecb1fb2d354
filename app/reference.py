"""The API's description as a page to read: no script, and nothing from elsewhere."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; } h2 code { font-size: 1.05rem; } h3 { font-size: 1rem; margin-bottom: .25rem; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; overflow-wrap: anywhere; }
th { width: 11rem; font-weight: 400; } th code { font-weight: 600; }
tr + tr { border-top: 1px solid #8884; } code { font-size: .9em; }
a { color: light-dark(#1f5fbf, #7fb0ff); } nav li { padding: .15rem 0; }
@media (max-width: 640px) { body { margin: 1rem auto; } h2 { margin-top: 2rem; } th { width: 7.5rem; } }
"""


def reference(description: Mapping[str, Any]) -> str:
    """An OpenAPI description as HTML: its operations, and the shapes that they take and give."""
    info = description["info"]
    title = escape(info["title"])
    head = f"<h1>{title}: the API</h1><p>{escape(info.get('summary', ''))} <a href=openapi.json>openapi.json</a></p>"
    found = [
        (method, path, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    contents = "".join(_entry(*each) for each in found)
    operations = "".join(_operation(*each) for each in found)
    shapes = "".join(_shape(name, schema) for name, schema in description["components"]["schemas"].items())
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        f"<meta name=viewport content='width=device-width, initial-scale=1'><title>{title}: the API</title>"
        f"<style>{_STYLE}</style>{head}<nav><ul>{contents}</ul></nav>{operations}"
        f"<h1>What is sent and received</h1>{shapes}</html>"
    )


def _entry(method: str, path: str, operation: Mapping[str, Any]) -> str:
    """A line of the table of contents."""
    said = escape(operation.get("description", ""))
    return f"<li><a href=#{_anchor(method, path)}><code>{method.upper()} /api{escape(path)}</code></a> {said}"


def _anchor(method: str, path: str) -> str:
    return escape(f"{method}{path.replace('/', '-')}")


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    parameters = [
        (each["name"] + ("" if each.get("required") else " (optional)"), _type(each["schema"]))
        for each in operation.get("parameters", ())
    ]
    taken = operation.get("requestBody", {}).get("content", {})
    bodies = [("body", _type(content["schema"])) for content in taken.values()]
    answers = [(status, _answer(answer)) for status, answer in operation["responses"].items()]
    said = escape(operation.get("description", ""))
    return (
        f"<h2 id={_anchor(method, path)}><code>{method.upper()} /api{escape(path)}</code></h2><p>{said}</p>"
        f"{_table(parameters + bodies)}<h3>Answers</h3>{_table(answers)}"
    )


def _answer(answer: Mapping[str, Any]) -> str:
    kinds = [
        f"<code>{escape(kind)}</code> {_type(content.get('schema', {}))}"
        for kind, content in answer.get("content", {}).items()
    ]
    return f"{escape(answer['description'])}<br>{', '.join(kinds)}"


def _shape(name: str, schema: Mapping[str, Any]) -> str:
    needed = schema.get("required", ())
    fields = [
        (field + ("" if field in needed else " (optional)"), _type(each))
        for field, each in schema.get("properties", {}).items()
    ]
    rows = _table(fields) if fields else f"<p>{_type(schema)}</p>"
    return f"<h2 id={escape(name)}>{escape(name)}</h2><p>{escape(schema.get('description', ''))}</p>{rows}"


def _table(rows: list[tuple[str, str]]) -> str:
    """Names, which are escaped here, and what stands for them, which is HTML."""
    return f"<table>{''.join(f'<tr><th><code>{escape(name)}</code><td>{html}' for name, html in rows)}</table>"


def _type(schema: Mapping[str, Any]) -> str:
    """A schema in a few words of HTML."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f"<a href=#{name}>{name}</a>"
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return " or ".join(_type(each) for each in schema[key])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}{_limits(schema)}"
    if "additionalProperties" in schema:
        return f"object of {_type(schema['additionalProperties'])}"
    allowed = [schema["const"]] if "const" in schema else schema.get("enum")
    words = ", ".join(map(escape, map(str, allowed))) if allowed else escape(str(schema.get("type", "anything")))
    return words + _limits(schema)


def _limits(schema: Mapping[str, Any]) -> str:
    return "".join(_limit(schema))


def _limit(schema: Mapping[str, Any]) -> Iterator[str]:
    for least, most, unit in (
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", ""),
        ("minimum", "maximum", ""),
    ):
        if most in schema:
            yield f", {schema.get(least, 0)} to {schema[most]}{unit}"
    if "default" in schema:
        yield f", else {escape(str(schema['default']))}"
