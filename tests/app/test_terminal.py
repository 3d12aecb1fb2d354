"""What the terminal shows under an answer."""

from typing import Any

import pytest

from app.terminal import print_answer, print_passages


def _cited(marker: str, verdict: str, quote: str, **other: Any) -> dict[str, Any]:
    place = {"title": "Menu", "heading": "Rates", "link": "https://wiki.example/Menu", "status": "unknown"}
    return {"marker": marker, "verdict": verdict, "quote": quote, **place, **other}


def _answer(*claims: list[dict[str, Any]], **other: Any) -> dict[str, Any]:
    made = [{"sentence": "", "citations": citations} for citations in claims]
    return {"text": "Said.", "claims": made, "notes": [], "refused": False, "model": "m", "seconds": 1.04, **other}


def test_each_marker_stands_once_with_its_worst_verdict_and_how_often_it_fell(
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = _cited("2", "partly", "Old.", title="Old menu", heading="", status="superseded")
    print_answer(_answer([_cited("1", "supported", "A.")], [_cited("1", "numbers differ", "B."), old], []))
    assert capsys.readouterr().out.splitlines() == [
        "Said.",
        "",
        "[1] ≠ numbers differ in 1 of 2 sentences  Menu > Rates",
        "    https://wiki.example/Menu",
        "    “B.”",
        "[2] ~ partly  Old menu (superseded)",
        "    https://wiki.example/Menu",
        "    “Old.”",
        "Written by m ·\u00a01 of 3 sentences without a source ·\u00a01.0\u00a0s",
    ]


def test_a_refusal_does_not_claim_to_be_the_documents_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(_answer(model="extractive", refused=True))
    assert capsys.readouterr().out.splitlines()[-1] == "Searched in 1.0\u00a0s"


def test_a_ranking_says_which_document_is_superseded(capsys: pytest.CaptureFixture[str]) -> None:
    place = {"title": "Menu", "heading": "", "link": "https://wiki.example/Menu", "status": "superseded"}
    passage = {"rank": 1, "score": 0.5, "ranks": {"lexical": 2}, "text": "It is 28 GeV.", **place}
    print_passages({"passages": [passage], "notes": []})
    assert capsys.readouterr().out.splitlines()[0] == "  1. Menu (superseded)  0.500 (lexical 2)"
