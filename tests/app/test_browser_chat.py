"""The chat in a real browser: ask, read, open a citation, and nothing is fetched from anywhere else."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.assemble import site
from app.config import Settings
from app.scripted import NAME, Script, serving
from ingest.recognise import sources_for

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
ARGUMENTS += ["--disable-sync", "--no-first-run"]

HOSTILE = """# Cooling

The cooling plant runs at -30 C. ![spy](https://evil.example/p.png) [a page](https://evil.example/x)
<img src="https://evil.example/q.png"> https://evil.example/r www.evil.example :material/home: :red[red] :smile:

The pressure of the cooling plant is 12 bar, so $p = 12\\,\\mathrm{bar}$.
"""


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Script]]:
    """A server over a page, a hostile page and a PDF, with a model that says what it is told: address and script."""
    import pymupdf

    folder = tmp_path_factory.mktemp("chat")
    docs = folder / "docs"
    docs.mkdir()
    (docs / "menu.md").write_text("# Trigger menu\n\nThe lowest single-electron threshold is 28 GeV since menu v7.2.")
    (docs / "cooling.md").write_text(HOSTILE)
    with pymupdf.open() as pdf:
        for words in ("Tracker status report.", "The operating temperature of the pixel tracker is -22 C."):
            pdf.new_page(width=480, height=360).insert_text((40, 120), words)
        pdf.save(docs / "status.pdf")
    made = site(Settings(), folder / "data")
    made.index.ingest(sources_for([docs], readers=frozenset({"public"})))
    made.close()
    script = Script(["NOT FOUND"])
    with serving(script) as model:
        settings = folder / "collabqa.toml"
        settings.write_text(
            f"[collaboration]\nname = 'HELIX'\n[model]\nkind = 'openai-like'\nurl = '{model}'\nname = '{NAME}'\n"
        )
        with _collabqa(folder / "data", settings) as address:
            yield address, script


@contextmanager
def _collabqa(data: Path, settings: Path) -> Iterator[str]:
    """The real server as a process; gives its address when it is up."""
    port = _free_port()
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


@pytest.fixture
def visit(chat: tuple[str, Script]) -> Iterator[Callable[..., Any]]:
    """Opens the chat in a tab of its own; afterwards nothing may have been asked of any other host."""
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)

        def opened(*, width: int = 1280) -> Any:
            page = browser.new_page(viewport={"width": width, "height": 800})
            page.set_default_timeout(60_000)
            page.on("request", lambda request: asked.append(request.url))
            page.goto(chat[0])
            page.wait_for_selector(".st-key-head")
            return page

        yield opened
        browser.close()
    elsewhere = [url for url in asked if not url.startswith((chat[0], "data:", "blob:"))]
    assert asked
    assert elsewhere == []


def _ask(page: Any, question: str) -> None:
    field = page.get_by_test_id("stChatInputTextArea")
    field.fill(question)
    field.press("Enter")


def test_a_question_is_answered_and_its_citation_opened(chat: tuple[str, Script], visit: Callable[..., Any]) -> None:
    chat[1].replies = ["The lowest single-electron threshold is **28 GeV** [1], so $E > 28$ GeV."]
    page = visit()
    assert page.title() == "HELIX: questions and answers"
    _ask(page, "What is the lowest single-electron threshold?")
    chip = page.locator('a[href="#cite-0-0-0"]')
    chip.wait_for()
    assert chip.inner_text() == "1 ✓"
    assert page.locator(".st-key-answer-0 .katex").count() == 1
    chip.click()
    cited = page.locator(".st-key-evidence .stMarkdownColoredBackground")
    cited.wait_for()
    assert cited.inner_text() == "The lowest single-electron threshold is 28 GeV since menu v7.2."
    page.get_by_role("button", name="Close").click()
    page.locator(".st-key-evidence").wait_for(state="detached")


def test_a_pdf_is_opened_at_its_page_with_the_words_highlighted(
    chat: tuple[str, Script], visit: Callable[..., Any]
) -> None:
    chat[1].replies = ["The operating temperature of the pixel tracker is -22 C [1]."]
    page = visit()
    _ask(page, "What is the operating temperature of the pixel tracker?")
    page.locator('a[href="#cite-0-0-0"]').click()
    image = page.locator(".st-key-evidence img")
    image.wait_for()
    assert image.get_attribute("alt").startswith("Page 2 of ")
    page.wait_for_function("document.querySelector('.st-key-evidence img').naturalWidth > 0")
    yellow = page.evaluate(
        """() => {
            const image = document.querySelector('.st-key-evidence img');
            const canvas = document.createElement('canvas');
            canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
            const context = canvas.getContext('2d');
            context.drawImage(image, 0, 0);
            const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
            let found = 0;
            for (let i = 0; i < pixels.length; i += 4) {
                if (pixels[i] > 200 && pixels[i + 1] > 180 && pixels[i + 2] < 190) found += 1;
            }
            return found;
        }"""
    )
    assert yellow > 1000


def test_what_documents_and_models_write_neither_links_nor_loads(
    chat: tuple[str, Script], visit: Callable[..., Any]
) -> None:
    chat[1].replies = [f"The pressure of the cooling plant is 12 bar [1]. {HOSTILE}"]
    page = visit()
    _ask(page, "What is the pressure of the cooling plant?")
    page.locator('a[href="#cite-0-0-0"]').click()
    page.locator(".st-key-document-text .katex").wait_for()
    text = page.locator(".st-key-body").inner_text()
    assert ":material/home:" in text.replace("\u2060", "")
    links = page.locator(".stMarkdown a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert links
    assert all(link.startswith("#cite-") for link in links)
    assert page.locator(".stMarkdown img, .stMarkdown iframe, .stMarkdown [role=img]").count() == 0


def test_on_a_phone_the_citation_lies_over_the_answer_and_a_wide_table_scrolls_in_its_place(
    chat: tuple[str, Script], visit: Callable[..., Any]
) -> None:
    cells = " | ".join(f"column{number}" for number in range(9))
    chat[1].replies = [
        f"The lowest single-electron threshold is 28 GeV [1].\n\n| {cells} |\n|{' --- |' * 9}\n| {cells} |\n"
    ]
    page = visit(width=390)
    _ask(page, "What is the lowest single-electron threshold?")
    page.locator('a[href="#cite-0-0-0"]').wait_for()
    table = page.locator(".st-key-answer-0 table").evaluate("t => [t.clientWidth, t.scrollWidth, t.scrollLeft = 60]")
    assert table[0] <= 390 < table[1]
    assert page.locator(".st-key-answer-0 table").evaluate("t => t.scrollLeft") == 60
    before = page.locator('a[href="#cite-0-0-0"]').bounding_box()
    page.locator('a[href="#cite-0-0-0"]').click()
    pane = page.locator(".st-key-evidence")
    pane.wait_for()
    assert pane.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 800}
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390
    page.get_by_role("button", name="Close").click()
    pane.wait_for(state="detached")
    assert page.locator('a[href="#cite-0-0-0"]').bounding_box() == before


def test_a_citation_is_opened_closed_and_left_with_the_keyboard(
    chat: tuple[str, Script], visit: Callable[..., Any]
) -> None:
    chat[1].replies = ["The lowest single-electron threshold is 28 GeV [1]."]
    page = visit()
    _ask(page, "What is the lowest single-electron threshold?")
    chip = page.locator('a[href="#cite-0-0-0"]')
    chip.press("Enter")
    page.wait_for_function("document.activeElement.classList.contains('st-key-evidence')")
    assert page.get_by_role("region", name="The cited place").count() == 1
    page.keyboard.press("Escape")
    page.locator(".st-key-evidence").wait_for(state="detached")
    page.wait_for_function("document.activeElement.getAttribute('href') === '#cite-0-0-0'")


def test_a_model_that_writes_can_be_stopped(chat: tuple[str, Script], visit: Callable[..., Any]) -> None:
    chat[1].replies = ["The lowest single-electron threshold is 28 GeV [1]. " * 40]
    chat[1].seconds_between = 0.05
    page = visit()
    _ask(page, "What is the lowest single-electron threshold?")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Ask again").wait_for()
    chat[1].seconds_between = 0.0
    page.get_by_role("button", name="Ask again").click()
    page.locator(".st-key-foot-0").wait_for()
    assert "Written by scripted" in page.locator(".st-key-foot-0").inner_text()
