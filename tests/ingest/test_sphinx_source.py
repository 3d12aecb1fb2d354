import ast
import json
from pathlib import Path
from typing import Any

import pytest

from ingest.source import End, Item, claiming
from ingest.sources.sphinx import Source
from ingest.sources.sphinx.configuration import described

PUBLIC = frozenset({"public"})


def write(root: Path, **files: str) -> Path:
    """Files by their paths, / written as __ and . as _dot_."""
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def listed(root: Path, **settings: Any) -> tuple[dict[str, Item], End]:
    *items, end = Source(root, "docs", PUBLIC, url="https://x", **settings).listing()
    assert isinstance(end, End)
    return {each.uri.removeprefix("https://x/"): each for each in items if isinstance(each, Item)}, end


def parents(root: Path) -> dict[str, str]:
    found, _ = listed(root)
    places = {uri: json.loads(each.locator)[1] for uri, each in found.items() if not each.skipped}
    return {uri: parent.removeprefix("https://x/") for uri, parent in places.items()}


CONF = "project = 'helixsw'\n"


def test_pages_stand_under_the_page_whose_table_of_contents_names_them(tmp_path: Path) -> None:
    toctree = ".. toctree::\n   :maxdepth: 1\n\n   B <b>\n   a\n   /sub/c\n   missing\n\nWords.\n"
    write(tmp_path, conf_dot_py=CONF, index_dot_rst=toctree, a_dot_md="# A", b_dot_rst="B\n=\n", sub__c_dot_md="# C")
    assert list(parents(tmp_path).items()) == [
        ("index.html", ""),
        ("b.html", "index.html"),
        ("a.html", "index.html"),
        ("sub/c.html", "index.html"),
    ]


def test_tables_of_contents_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    write(
        tmp_path,
        conf_dot_py=CONF,
        index_dot_md="```{toctree}\na\n```",
        a_dot_md="# A\n\n```{toctree}\nindex\na\n```",
    )
    assert parents(tmp_path) == {"index.html": "", "a.html": "index.html"}


@pytest.mark.parametrize("directory", ["true", "false"])
def test_pages_are_published_as_folders_or_as_files(tmp_path: Path, directory: str) -> None:
    config = f"use_directory_urls: {directory}\nnav: [index.md, a/b.md]\n"
    write(tmp_path, mkdocs_dot_yml=config, docs__index_dot_md="# I", docs__a__b_dot_md="# B")
    expected = {"true": ["", "a/b/"], "false": ["index.html", "a/b.html"]}[directory]
    assert list(parents(tmp_path)) == expected


def test_the_configuration_is_never_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    code = f"release = '1.2'\nopen({str(ran)!r}, 'w')\nversion = str(1 / 0)\n"
    write(tmp_path, conf_dot_py=code, index_dot_md="# I")
    assert ast.parse(code)
    assert described(tmp_path, []).version == "1.2"
    assert not ran.exists()


def test_the_version_changes_with_what_a_page_includes(tmp_path: Path) -> None:
    write(tmp_path, conf_dot_py=CONF, index_dot_rst=".. include:: part.inc\n")
    versions = []
    for text in ("one", "two"):
        (tmp_path / "part.inc").write_text(text)
        versions.append(listed(tmp_path)[0]["index.html"].version)
    assert versions[0] != versions[1]


@pytest.mark.parametrize("name", ["../secret.txt", "/../secret.txt", "link.txt", "x" * 5000])
def test_nothing_is_included_from_outside_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("secret words")
    root = tmp_path / "docs"
    write(root, conf_dot_py=CONF, index_dot_rst=f".. literalinclude:: {name}\n")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    found, _ = listed(root)
    raw = Source(root, "docs", PUBLIC).fetch(found["index.html"])
    assert b"secret words" not in raw.data
    assert raw.warnings == (f"{name} is not included: it is not in the folder",)


def test_a_page_that_links_out_of_the_folder_is_none(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("# Secret")
    root = write(tmp_path / "docs", conf_dot_py=CONF, index_dot_md="# I")
    (root / "link.md").symlink_to(tmp_path / "secret.md")
    assert [uri for uri, item in listed(root)[0].items() if not item.skipped] == ["index.html"]


def test_inclusions_that_grow_without_end_are_cut(tmp_path: Path) -> None:
    files = {f"p{level}_dot_inc": f".. include:: p{level + 1}.inc\n\n" * 20 for level in range(9)}
    write(tmp_path, conf_dot_py=CONF, index_dot_rst=".. include:: p0.inc\n", p9_dot_inc="word " * 200, **files)
    source = Source(tmp_path, "docs", PUBLIC)
    data = source.fetch(Item("x", "1", json.dumps(["index.rst", "", ""]))).data
    assert len(data) <= 5_000_000


def test_a_folder_without_a_page_is_not_complete(tmp_path: Path) -> None:
    write(tmp_path, conf_dot_py=CONF)
    assert listed(tmp_path)[1] == End(False, "there is no page of documentation")


def test_documentation_is_claimed_and_a_repository_around_it_is_not(tmp_path: Path) -> None:
    write(tmp_path, mkdocs_dot_yml="nav: []\n", docs__index_dot_md="# I")
    assert claiming(tmp_path) == "sphinx"
    write(tmp_path, src__code_dot_py="1")
    assert claiming(tmp_path) != "sphinx"
