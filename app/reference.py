"""The API's description as a page to read: no script, and nothing from elsewhere."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; } h2 code { font-size: 1rem; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; }
tr + tr { border-top: 1px solid #8884; } code { font-size: .9em; }
"""


def reference(description: Mapping[str, Any]) -> str:
    """An OpenAPI description as HTML: its operations, and the shapes that they take and give."""
    info = description["info"]
    title = escape(info["title"])
    head = f"<h1>{title}</h1><p>{escape(info.get('summary', ''))} <a href=openapi.json>openapi.json</a></p>"
    operations = (
        _operation(method, path, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    )
    shapes = (_shape(name, schema) for name, schema in description["components"]["schemas"].items())
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}: the API</title>"
        f"<style>{_STYLE}</style>{head}{''.join(operations)}<h1>Shapes</h1>{''.join(shapes)}</html>"
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    parameters = [
        (each["name"] + ("" if each.get("required") else " (optional)"), _type(each["schema"]))
        for each in operation.get("parameters", ())
    ]
    taken = operation.get("requestBody", {}).get("content", {})
    bodies = [("body", _type(content["schema"])) for content in taken.values()]
    answers = [(status, _answer(answer)) for status, answer in operation["responses"].items()]
    return (
        f"<h2><code>{method.upper()} /api{escape(path)}</code></h2><p>{escape(operation.get('description', ''))}</p>"
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
