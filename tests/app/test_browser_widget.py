"""The widget in a real browser, on a page of another origin."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from app.scripted import NAME, Script, serving

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def _pages(folder: Path) -> Iterator[int]:
    """A web server of another origin that serves a folder; gives its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _collabqa(data: Path, settings: Path, port: int) -> Iterator[str]:
    """The real server as a process; gives its address when it is up."""
    collabqa = str(Path(sys.executable).with_name("collabqa"))
    command = [collabqa, "serve", "--port", str(port), "--data", str(data), "--config", str(settings)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            _await(address + "/api/health", process)
            yield address
        finally:
            process.terminate()
            process.communicate(timeout=30)


def _await(url: str, process: Any) -> None:
    for _ in range(600):
        assert process.poll() is None, process.stderr.read()
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"{url} never answered")


#: Two sentences on one place, of which one is wrong, and a formula.
REPLY = (
    "- The lowest single-electron threshold is 28 GeV [1].\n\nIt was 31 GeV in 2022 [1].\n\n"
    r"So $\sqrt{s} = \frac{1}{2}\,m_{\gamma\gamma}$ and $\unknown$."
)


@pytest.fixture(scope="module")
def widget_page(pages_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Two addresses of one page that embeds the widget: of an allowed origin, and of a foreign one."""
    folder = tmp_path_factory.mktemp("widget")
    data = folder / "data"
    shutil.copytree(pages_folder, data, ignore=shutil.ignore_patterns("owner"))
    port = _free_port()
    (folder / "index.html").write_text(
        f'<!doctype html><title>Wiki</title><h1>Trigger</h1><script src="http://127.0.0.1:{port}/widget.js"></script>'
        '<collabqa-chat label="Ask HELIX"></collabqa-chat>'
    )
    with _pages(folder) as page_port, serving(Script([REPLY])) as model:
        allowed, foreign = f"http://localhost:{page_port}", f"http://127.0.0.1:{page_port}"
        settings = folder / "collabqa.toml"
        settings.write_text(
            f"[access]\nwidget_origins = ['{allowed}']\n"
            f"[model]\nkind = 'openai-like'\nurl = '{model}'\nname = '{NAME}'\n"
        )
        with _collabqa(data, settings, port):
            yield allowed, foreign


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless chromium."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*arguments, "--disable-sync", "--no-first-run"]
        )
        yield made
        made.close()


def test_the_widget_answers_on_a_page_of_another_origin(browser: Any, widget_page: tuple[str, str]) -> None:
    page = browser.new_page()
    page.goto(widget_page[0])
    page.get_by_label("Ask HELIX").fill("What is the lowest single-electron threshold?")
    page.get_by_role("button", name="Ask").click()
    chips = page.locator("collabqa-chat .chip")
    chips.nth(1).wait_for(timeout=20_000)
    # Each with the verdict on its own sentence.
    assert chips.all_inner_texts() == ["1 ✓", "1 ≠"]
    assert "28 GeV" in page.locator("collabqa-chat li.turn ul").inner_text()
    chips.first.click()
    card = page.locator("collabqa-chat aside")
    assert card.locator("strong").inner_text() == "Trigger menu 2024"
    assert card.locator("blockquote").count() == 1
    assert "The lowest unprescaled single-electron threshold is 28 GeV" in card.inner_text()
    link = card.get_by_role("link", name="Open the document").get_attribute("href")
    assert link.startswith("https://wiki.example/TriggerMenu")
    page.close()


def test_the_widget_draws_formulas_and_leaves_what_it_does_not_know(browser: Any, widget_page: tuple[str, str]) -> None:
    page = browser.new_page()
    page.goto(widget_page[0])
    page.get_by_label("Ask HELIX").fill("What is the lowest single-electron threshold?")
    page.get_by_role("button", name="Ask").click()
    formulas = page.locator("collabqa-chat math")
    formulas.nth(2).wait_for(timeout=20_000)
    drawn = formulas.evaluate_all('found => found.map((math) => math.innerHTML.replace(/ [a-z]+="[^"]*"/g, \'\'))')
    assert drawn == [
        "<mrow><msqrt><mrow><mi>s</mi></mrow></msqrt><mo>=</mo></mrow>",
        "<mrow><mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac><mspace></mspace>"
        "<msub><mi>m</mi><mrow><mi>γ</mi><mi>γ</mi></mrow></msub></mrow>",
        "<mrow><mtext>\\unknown</mtext></mrow>",
    ]
    page.close()


def test_the_widget_is_refused_on_a_page_of_a_foreign_origin(browser: Any, widget_page: tuple[str, str]) -> None:
    page = browser.new_page()
    page.goto(widget_page[1])
    # A script may be loaded from anywhere; what it asks for is refused.
    page.get_by_label("Ask HELIX").fill("What is the lowest single-electron threshold?")
    page.get_by_role("button", name="Ask").click()
    problem = page.locator("collabqa-chat .problem")
    problem.wait_for(timeout=20_000)
    assert "not allowed to ask" in problem.inner_text()
    assert "28 GeV" not in page.content()
    page.close()
