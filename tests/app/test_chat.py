"""The chat's page, run as Streamlit runs it, without a browser."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.answer import Answer, Citation, Claim, Verdict
from app.assemble import Site, site
from app.chat import serving
from app.chat.cited import cited, href, referred
from app.chat.conversation import Conversation, Opened
from app.config import Access, Collaboration, Settings
from app.identity import Asker
from app.scripted import Script
from index.store import Scope
from ingest.recognise import sources_for
from retriever.passage import Passage

Visit = Callable[..., AppTest]
_REPLY = (
    "The lowest single-electron threshold is 28 GeV [1]. The MET trigger has a threshold of 120 GeV [2].\n\n"
    "| Signature | Threshold |\n| --- | --- |\n| Electron | 31 GeV [1] |\n"
)
ANYBODY = Asker("", frozenset({"public"}))


@pytest.fixture
def visit(pages_site: Callable[..., Site]) -> Iterator[Visit]:
    """Opens the page on the three pages of conftest, with a scripted model when there is a script."""

    def opened(script: Script | None = None, **settings: Any) -> AppTest:
        made = pages_site(script)
        serving.site = replace(made, settings=replace(made.settings, **settings))
        return AppTest.from_file(str(files("app").joinpath("chat", "page.py")), default_timeout=60).run()

    yield opened
    serving.site = None


def _text(page: AppTest) -> str:
    """All that the page says, without the escapes."""
    return _plain("\n".join([*(each.value for each in page.markdown), *(each.value for each in page.caption)]))


def _plain(markdown: str) -> str:
    return re.sub(r"\\(?=[^\w\s])", "", markdown)


def _asked(page: AppTest, question: str) -> AppTest:
    return page.chat_input[0].set_value(question).run()


def _button(page: AppTest, key: str) -> Any:
    return next(each for each in page.button if each.key and each.key.startswith(key))


def test_an_empty_page_counts_what_its_visitor_may_read(visit: Visit) -> None:
    page = visit(collaboration=Collaboration("HELIX"))
    assert "What would you like to know about HELIX?" in _text(page)
    assert "2 documents that you may read (pages)" in _text(page)


def test_an_answer_has_chips_a_list_of_places_and_says_how_it_was_made(visit: Visit) -> None:
    page = _asked(visit(), "What is the lowest single-electron threshold?")
    assert "menu v7.2.\u00a0[:green-badge[1 ✓]](#cite-0-0-0" in _text(page)
    assert "**Trigger menu 2024**" in _button(page, "source-0-1").label
    assert "The documents' own sentences" in _text(page)


def test_a_place_is_listed_once_with_the_worst_verdict_and_how_often_it_fell(visit: Visit) -> None:
    page = _asked(visit(Script([_REPLY])), "What is the lowest single-electron threshold?")
    listed = [each.label for each in page.button if each.key and each.key.startswith("source-0-")]
    first, second = listed
    assert first.startswith(":red-badge[1 ≠] **Trigger menu 2024**")
    assert first.endswith(":gray[numbers differ in 1 of 2 sentences]")
    assert second == ":green-badge[2 ✓] MET\u2002:gray[the same document]"


def test_what_a_sentence_lacks_is_said_beside_its_place(visit: Visit) -> None:
    page = _asked(visit(Script([_REPLY])), "What is the lowest single-electron threshold?")
    page = _button(page, "source-0-1").click().run()
    assert "A number or a name of this sentence does not stand in the passage. The answer says:" in _text(page)
    assert "\nElectron · 31 GeV\n" in _text(page)


def test_an_example_question_is_asked_with_one_click(visit: Visit) -> None:
    page = visit(collaboration=Collaboration("HELIX", ("What field does the solenoid give?",)))
    page = _button(page, "example-0").click().run()
    assert "3.2 T" in _text(page)


def test_an_opened_citation_shows_its_document_with_the_words_highlighted(visit: Visit) -> None:
    page = _asked(visit(), "What is the lowest single-electron threshold?")
    page = _button(page, "source-0-1").click().run()
    assert "## Trigger menu 2024" in _text(page)
    assert ":yellow-background[The lowest unprescaled single-electron threshold is 28 GeV since menu v7.2.]" in _text(
        page
    )
    assert "**supported**" in _text(page)
    page = _button(page, "close").click().run()
    assert "yellow-background" not in _text(page)


MAILS = "".join(
    f"From ada@helix.example Mon Mar 10 10:0{number}:00 2025\nMessage-ID: <{number}@helix.example>\n{answers}"
    f"From: {sender} <x@helix.example>\nDate: Mon, 10 Mar 2025 10:0{number}:00 +0000\nSubject: {subject}\n\n{text}\n\n"
    for number, sender, subject, answers, text in (
        (1, "Ada", "Quota", "", "The quota is 300 GB."),
        (2, "Bo", "Re: Quota", "In-Reply-To: <1@helix.example>\n", "> The quota is 300 GB.\n\nNo, it is 500 GB."),
    )
)


def test_the_others_of_a_thread_are_told_by_their_own_words(tmp_path: Path) -> None:
    (tmp_path / "list.mbox").write_text(MAILS)
    made = site(Settings(), tmp_path / "data")
    made.index.ingest(sources_for([tmp_path / "list.mbox"], readers=frozenset({"public"})))
    serving.site = made
    try:
        page = AppTest.from_file(str(files("app").joinpath("chat", "page.py")), default_timeout=60).run()
        page.session_state["conversation"].opened = Opened("mid:1@helix.example", 0, 20)
        page = page.run()
        assert [_plain(each.label) for each in page.button if each.key and each.key.startswith("mail-")] == [
            "**Bo, 10 Mar 2025** :gray[No, it is 500 GB.]"
        ]
        assert "**Ada, 10 Mar 2025**" in _text(page)
    finally:
        serving.site = None
        made.close()


def test_a_refusal_says_what_was_searched_and_offers_what_is_near(visit: Visit) -> None:
    page = _asked(visit(), "Who won the chess tournament in Reykjavik?")
    assert "I found nothing that answers this." in _text(page)
    assert "pages: " in _text(page)
    assert "Secret" not in _text(page)


def test_what_is_for_a_few_is_shown_to_nobody_else(visit: Visit) -> None:
    page = _asked(visit(), "What is the unblinded mass?")
    assert "125.18" not in _text(page)
    assert serving.site is not None
    few = Access(everyone=frozenset({"group:few"}))
    serving.site = replace(serving.site, settings=replace(serving.site.settings, access=few))
    assert "125.18" in _text(_asked(page, "What is the unblinded mass?"))


def test_a_conversation_is_gone_when_somebody_else_sits_at_the_browser(visit: Visit) -> None:
    page = _asked(visit(access=Access(everyone=frozenset({"group:few"}))), "What is the unblinded mass?")
    assert serving.site is not None
    serving.site = replace(serving.site, settings=replace(serving.site.settings, access=Access()))
    page = page.run()
    assert "125.18" not in _text(page)
    assert "What would you like to know" in _text(page)


def test_a_document_that_may_no_longer_be_read_is_not_shown(visit: Visit) -> None:
    page = _asked(visit(), "What is the lowest single-electron threshold?")
    page = _button(page, "source-0-1").click().run()
    conversation: Conversation = page.session_state["conversation"]
    assert conversation.opened is not None
    conversation.opened = replace(conversation.opened, uri="https://wiki.example/Secret")
    page = page.run()
    assert "you may no longer read it" in _text(page)


def test_a_model_that_is_down_is_named_and_the_question_is_kept(visit: Visit) -> None:
    script = Script(["It is 28 GeV [1]."], status=500)
    page = _asked(visit(script), "What is the lowest single-electron threshold?")
    assert "The language model does not answer at the moment." in _text(page)
    assert "What is the lowest single-electron threshold?" in _text(page)
    script.status = 200
    page = _button(page, "again-0").click().run()
    assert "It is 28 GeV\u00a0[:" in _text(page)
    assert "Written by scripted" in _text(page)


def test_a_follow_up_is_understood_with_the_question_before_it(visit: Visit) -> None:
    script = Script(["It was 28 GeV [1]."])
    page = _asked(visit(script), "What is the lowest single-electron threshold?")
    _asked(page, "And in 2023?")
    asked = script.requests[-1]["messages"][1]["content"]
    assert "What is the lowest single-electron threshold? And in 2023?" in asked


def test_a_new_conversation_is_empty(visit: Visit) -> None:
    page = _asked(visit(), "What is the lowest single-electron threshold?")
    page = _button(page, "new").click().run()
    assert "What would you like to know" in _text(page)


def test_a_filter_narrows_the_search_and_a_refusal_says_so(visit: Visit) -> None:
    page = visit(access=Access(everyone=frozenset({"group:few"})))
    page.session_state["sources"] = ["few"]
    page = _asked(page, "What is the lowest single-electron threshold?")
    assert "You asked to search only in: few." in _text(page)


def test_a_filter_that_is_gone_with_ones_groups_is_forgotten(visit: Visit) -> None:
    page = visit(access=Access(everyone=frozenset({"group:few"})))
    page.session_state["sources"] = ["few"]
    page = page.run()
    assert serving.site is not None
    serving.site = replace(serving.site, settings=replace(serving.site.settings, access=Access()))
    page = page.run()
    assert not page.exception
    assert page.session_state["sources"] == []


def test_what_a_model_writes_cannot_act(visit: Visit) -> None:
    reply = "It is 28 GeV [1]. ![x](https://evil.example/p.png) [y](https://evil.example) <img src=x> :red[z]"
    page = _asked(visit(Script([reply])), "What is the lowest single-electron threshold?")
    shown = next(each.value for each in page.markdown if each.value.startswith("It is 28 GeV"))
    assert "![" not in shown
    assert "](https" not in shown
    assert "\\<img" in shown
    assert "\\:red\\[z\\]" in shown


def _claim(site: Site, sentence: str, *markers: tuple[str, Verdict]) -> Claim:
    passages = site.hybrid.retrieve("threshold", scope=Scope(frozenset({"public"})), k=1).passages
    return Claim(sentence, tuple(_citation(passages[0], marker, verdict) for marker, verdict in markers))


def _citation(passage: Passage, marker: str, verdict: Verdict) -> Citation:
    return Citation(marker, passage, passage.chunk.text[:5], passage.chunk.start, passage.chunk.start + 5, verdict)


def test_each_chip_carries_the_verdict_of_its_own_sentence(pages_site: Callable[..., Site]) -> None:
    made = pages_site()
    text = "# Menu [1]\n\nIt is 28 GeV [1][2]. And `a[1]` is code. [1] It was 31 GeV [1]."
    claims = [
        _claim(made, "It is 28 GeV.", ("1", "supported"), ("2", "partly")),
        _claim(made, "And `a[1]` is code.", ("1", "not supported")),
        _claim(made, "It was 31 GeV.", ("1", "numbers differ")),
    ]
    shown = cited(text, claims, "some model", exchange=4, home=frozenset())
    assert shown == (
        "# Menu\u00a0:gray-badge[1]\n\n"
        'It is 28 GeV\u00a0[:green-badge[1 ✓]](#cite-4-0-0 "supported")[:orange-badge[2 ~]](#cite-4-0-1 "partly"). '
        'And `a[1]` is code.\u00a0[:red-badge[1 ✗]](#cite-4-1-0 "not supported") '
        'It was 31 GeV\u00a0[:red-badge[1 ≠]](#cite-4-2-0 "numbers differ").'
    )


def test_brackets_in_a_documents_own_sentence_are_no_chips(pages_site: Callable[..., Site]) -> None:
    claims = [_claim(pages_site(), "As in [1], it is 28 GeV.", ("1", "supported"))]
    shown = cited("As in [1], it is 28 GeV. [1]", claims, "extractive", exchange=0, home=frozenset())
    assert shown == 'As in \\[1\\], it is 28 GeV.\u00a0[:green-badge[1 ✓]](#cite-0-0-0 "supported")'


def test_a_chip_says_once_a_sentence_that_its_document_is_superseded(pages_site: Callable[..., Site]) -> None:
    (citation,) = _claim(pages_site(), "It is 28 GeV and 26 GeV.", ("1", "supported")).citations
    old = replace(citation.passage, chunk=replace(citation.passage.chunk, status="superseded"))
    claims = [Claim("It is 28 GeV and 26 GeV.", (replace(citation, passage=old),))]
    shown = cited("It is 28 GeV [1] and 26 GeV [1].", claims, "some model", exchange=0, home=frozenset())
    chip = '](#cite-0-0-0 "supported, but the document is superseded")'
    assert shown == (f"It is 28 GeV\u00a0[:red-badge[1 ✓ superseded]{chip} and 26 GeV\u00a0[:red-badge[1 ✓]{chip}.")


def test_a_marker_that_is_not_judged_yet_leads_nowhere() -> None:
    assert cited("It is 28 GeV [1].", [], "", exchange=0, home=frozenset()) == "It is 28 GeV\u00a0:gray-badge[1]."


def test_a_chip_of_an_answer_in_the_making_leads_nowhere(pages_site: Callable[..., Site]) -> None:
    claims = [_claim(pages_site(), "It is 28 GeV.", ("1", "supported"))]
    shown = cited("It is 28 GeV [1]. It", claims, "", exchange=None, home=frozenset())
    assert shown == "It is 28 GeV\u00a0:green-badge[1 ✓]. It"


def test_an_address_leads_back_to_its_citation_and_nothing_else_does() -> None:
    assert referred(href(3, (1, 2))) == (3, (1, 2))
    assert referred("#cite-3-1") is None
    assert referred("https://evil.example/#cite-3-1-2") is None


def test_an_address_that_stands_for_no_citation_opens_nothing(pages_site: Callable[..., Site]) -> None:
    conversation = Conversation(ANYBODY)
    conversation.ask("What?")
    conversation.open("#cite-0-0-0")
    assert conversation.opened is None
    claim = _claim(pages_site(), "It is 28 GeV.", ("1", "supported"))
    conversation.exchanges[0].answer = Answer("What?", "It is 28 GeV [1].", (claim,), (), False, "m", 0.0)
    for address in ("#cite-0-0-7", "#cite-0-7-0", "#cite-7-0-0", "#top"):
        conversation.open(address)
        assert conversation.opened is None
    conversation.open("#cite-0-0-0")
    assert conversation.opened is not None


def test_a_question_that_waits_is_given_up_when_another_is_asked() -> None:
    conversation = Conversation(ANYBODY)
    conversation.ask("First?")
    conversation.ask("Second?")
    assert [exchange.waiting for exchange in conversation.exchanges] == [False, True]
