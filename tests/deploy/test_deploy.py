"""What deploy/ says fits the schemas it is written for, and our own command line and settings."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import load

DEPLOY = Path(__file__).parents[2] / "deploy"


def _compose() -> dict[str, Any]:
    made = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert isinstance(made, dict)
    return made


def _options(command: str) -> set[str]:
    """The options that a command of ours has."""
    collabqa = Path(sys.executable).with_name("collabqa")
    text = subprocess.run([collabqa, command, "--help"], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"--[a-z-]+", text))


def test_the_compose_file_fits_the_compose_schema() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    command = [str(checker), "--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml")]
    assert subprocess.run(command, check=False).returncode == 0


def test_the_example_settings_are_read_whole() -> None:
    settings = load(DEPLOY / "collabqa.example.toml")
    assert [source.name for source in settings.sources] == ["HELIX wiki", "Papers", "Meetings", "Software list"]


def test_compose_and_settings_name_the_same_hosts_model_and_proxy() -> None:
    settings, compose = load(DEPLOY / "collabqa.example.toml"), _compose()
    assert settings.index.url == "http://qdrant:6333"
    assert settings.model.url == "http://vllm:8000/v1"
    assert {"qdrant", "vllm"} <= set(compose["services"])
    assert settings.model.name in compose["services"]["vllm"]["command"]
    assert settings.access.proxies == (compose["services"]["proxy"]["networks"]["inside"]["ipv4_address"],)
    qdrant = compose["services"]["qdrant"]["image"].rpartition(":v")[2].split(".")
    assert [int(part) for part in qdrant] >= [1, 19, 0]


def test_the_proxy_drops_the_headers_that_a_browser_could_forge() -> None:
    settings = load(DEPLOY / "collabqa.example.toml")
    text = (DEPLOY / "Caddyfile").read_text()
    for header in (settings.access.user_header, settings.access.groups_header):
        assert f"request_header -{header}" in text


def test_the_commands_of_the_container_are_ours() -> None:
    command = _compose()["services"]["collabqa"]["command"]
    (line,) = re.findall(r"^CMD (\[.*\])$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert yaml.safe_load(line) == command
    assert {each for each in command if each.startswith("--")} <= _options(command[0])


@pytest.mark.parametrize("unit", ["collabqa.service", "collabqa-ingest.service"])
def test_the_commands_of_the_units_are_ours(unit: str) -> None:
    text = (DEPLOY / "systemd" / unit).read_text()
    (line,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    program, command, *rest = shlex.split(line)
    assert program.endswith("/collabqa")
    assert {each for each in rest if each.startswith("--")} <= _options(command)


def test_the_container_gets_every_folder_that_the_package_is_made_of() -> None:
    copied = set(re.findall(r"^COPY (\w+) \w+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    assert copied == {"ingest", "index", "retriever", "app", "eval"}
