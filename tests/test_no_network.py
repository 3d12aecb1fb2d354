"""The guard that keeps every test on this machine."""

import socket
import subprocess
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest


@pytest.fixture
def attempts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's attempts are written, so that they do not count as the run's."""
    path = tmp_path / "attempts"
    path.touch()
    monkeypatch.setenv("COLLABQA_NETWORK_LOG", str(path))
    return path


def test_a_name_beyond_this_machine_is_refused(attempts: Path) -> None:
    with pytest.raises(RuntimeError, match="tests reach no other machine"):
        socket.getaddrinfo("wiki.example", 443)
    assert "'wiki.example'" in attempts.read_text()


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")])
def test_an_address_beyond_this_machine_is_refused(family: int, host: str, attempts: Path) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as tried, pytest.raises(RuntimeError, match="no other machine"):
        tried.connect((host, 443))
    assert host in attempts.read_text()


def test_a_datagram_to_another_machine_is_refused(attempts: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried, pytest.raises(RuntimeError, match="no other"):
        tried.sendto(b"x", ("192.0.2.1", 53))
    assert "192.0.2.1" in attempts.read_text()


def test_a_python_process_that_a_test_starts_is_refused_too_and_cannot_hide_it(attempts: Path) -> None:
    code = "import urllib.request as u\ntry: u.urlopen('http://wiki.example/')\nexcept Exception as e: print(type(e))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "NetworkRefused" in done.stdout
    assert "'wiki.example'" in attempts.read_text()


def test_this_machine_is_reached() -> None:
    class Here(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Here) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        with urllib.request.urlopen(f"http://localhost:{server.server_address[1]}/", timeout=10) as answer:
            assert answer.status == 204
        thread.join()
