"""Copies of one passage are shown as one."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from index.chunk import chunks
from index.embed import WordLengthEmbedder
from ingest.document import PUBLIC, Document
from retriever.fold import folded, work
from retriever.passage import Passage, documents

SLIDE = "Trigger menu for the run\n\n- single electron at 28 GeV\n- two photons at 25 GeV\n- one jet above 400 GeV"


def passage(text: str, *, uri: str) -> Passage:
    (chunk,) = chunks(Document(uri, "page", "texts", "", text, PUBLIC), WordLengthEmbedder(), fingerprint="one")
    return Passage(chunk, 0.5, {"dense": 1})


def at(passage: Passage, day: int) -> Passage:
    return replace(passage, chunk=replace(passage.chunk, modified=datetime(2026, 3, day, tzinfo=UTC)))


def test_two_forms_of_a_talk_are_one_passage_and_the_newest_leads() -> None:
    pdf = at(passage(SLIDE, uri="file:///talks/menu_v1.pdf"), 1)
    pptx = at(passage(SLIDE.replace("28", "30"), uri="file:///talks/menu_v2.pptx"), 2)
    other = passage("The solenoid gives a field of 3.2 tesla in the barrel.", uri="mem:other")
    first, second = folded([pdf, other, pptx], 5)
    assert (first.chunk, first.copies, first.score) == (pptx.chunk, (pdf.chunk,), pdf.score)
    assert (second.chunk, second.copies) == (other.chunk, ())
    assert documents([first, second]) == ["file:///talks/menu_v2.pptx", "file:///talks/menu_v1.pdf", "mem:other"]


def test_the_form_with_the_speakers_notes_leads_and_is_never_folded_away() -> None:
    plain = passage(SLIDE, uri="file:///talks/menu.pdf")
    noted = passage(
        f"{SLIDE}\n\nNotes: agreed with the board in May after two long meetings", uri="file:///talks/menu.pptx"
    )
    assert [each.chunk for each in folded([plain, noted], 5)] == [noted.chunk]
    newer = at(plain, 7)
    assert [each.chunk for each in folded([newer, at(noted, 1)], 5)] == [newer.chunk, at(noted, 1).chunk]


def test_pages_that_differ_in_a_number_are_no_copies() -> None:
    one, two = passage(SLIDE, uri="https://wiki/Menu"), passage(SLIDE.replace("28", "30"), uri="https://wiki/OldMenu")
    assert [each.copies for each in folded([one, two], 5)] == [(), ()]
    assert len(folded([one, passage(SLIDE, uri="https://wiki/Copy")], 5)) == 1


def test_passages_of_one_document_and_short_ones_stand_for_themselves() -> None:
    assert len(folded([passage(SLIDE, uri="mem:one"), passage(SLIDE, uri="mem:one")], 5)) == 2
    assert len(folded([passage("See above.", uri="mem:one"), passage("See above.", uri="mem:two")], 5)) == 2


def test_copies_take_no_places_and_what_lies_behind_the_last_place_is_not_looked_at() -> None:
    words = ("solenoid", "toroid", "pixel", "muon")
    texts = [f"The {word} is read out through fibres of its own since last winter." for word in words]
    one, two, three, four = (passage(text, uri=f"mem:{place}") for place, text in enumerate(texts))
    copy = passage(texts[0], uri="mem:copy")
    found = folded([one, copy, two, three, four], 3)
    assert [each.chunk.uri for each in found] == ["mem:0", "mem:1", "mem:2"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("file:///a/talk.pdf", "file:///a/talk.pptx", True),
        ("file:///a/talk_v1.pdf", "file:///a/Talk-v2.pdf", True),
        ("file:///a/talk%20final.pdf", "file:///a/talk.pdf", True),
        ("file:///a/talk.pdf", "file:///b/talk.pdf", False),
        ("file:///a/day1.pdf", "file:///a/day2.pdf", False),
        (
            "https://host/event/7/contributions/3/attachments/8/9/menu.pdf",
            "https://host/event/7/contributions/3/attachments/8/10/menu.pptx",
            True,
        ),
        (
            "https://host/event/7/contributions/3/attachments/8/9/menu.pdf",
            "https://host/event/7/contributions/4/attachments/8/9/menu.pdf",
            False,
        ),
    ],
)
def test_a_work_is_known_by_its_address(one: str, other: str, same: bool) -> None:
    assert (work(one) == work(other)) is same
