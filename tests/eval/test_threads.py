"""Threads of mail are judged by an archive's own pages."""

from pathlib import Path

import pytest

from eval.tasks.threads import Agreement, judge

TEXT = """From ada at helix.example  Mon Mar  3 10:00:00 2025
From: ada at helix.example (Ada Nwosu)
Date: Mon, 3 Mar 2025 10:00:00 +0100
Subject: [helix] Which release?
Message-ID: <1@helix.example>

Which release do we take?

From jonas at helix.example  Mon Mar  3 11:00:00 2025
From: jonas at helix.example (Jonas Keller)
Date: Mon, 3 Mar 2025 11:00:00 +0100
Subject: [helix] Which release?
In-Reply-To: <1@helix.example>
References: <1@helix.example>
Message-ID: <2@helix.example>

Release 24.2.3, as agreed.

From ada at helix.example  Tue Mar  4 10:00:00 2025
From: ada at helix.example (Ada Nwosu)
Date: Tue, 4 Mar 2025 10:00:00 +0100
Subject: [helix] Beam time
Message-ID: <3@helix.example>

Who is on shift at the test beam?
"""
ENTRY = '<!--{level} {key}- -->\n<LI><A HREF="{number:06}.html">[helix] {subject}\n</A>\n'
KEYS = [("01.0", "Which release?"), ("01.0-01.1", "Which release?"), ("02.2", "Beam time")]


def archive(folder: Path, keys: list[tuple[str, str]]) -> Path:
    """A month of three messages, and the page with their threads."""
    (folder / "2025-March.txt").write_text(TEXT)
    (folder / "2025-March").mkdir()
    page = "".join(
        ENTRY.format(level=key.count("-"), key=key, number=number, subject=subject)
        for number, (key, subject) in enumerate(keys)
    )
    (folder / "2025-March" / "thread.html").write_text(page)
    return folder


def test_the_pairs_of_the_pages_are_found(tmp_path: Path) -> None:
    made = judge(archive(tmp_path, KEYS))
    assert (made.messages, made.months, made.notes) == (3, 1, ())
    assert made.threads == Agreement(ours=1, wanted=1, both=1)
    assert made.holds


def test_a_pair_that_the_pages_do_not_have_counts_against_us(tmp_path: Path) -> None:
    made = judge(archive(tmp_path, [KEYS[0], ("03.1", "Which release?"), KEYS[2]]))
    assert made.threads == Agreement(ours=1, wanted=0, both=0)
    assert not made.holds


def test_a_month_whose_page_has_other_messages_is_named_and_left_out(tmp_path: Path) -> None:
    made = judge(archive(tmp_path, KEYS[:2]))
    assert made.notes == ("2025-March: 2 on the page, 3 in the text, 2 subjects alike",)
    assert (made.messages, made.threads.f1) == (0, 1.0)


def test_agreement_is_counted_in_pairs() -> None:
    made = Agreement(ours=4, wanted=2, both=1)
    assert (made.precision, made.recall) == (0.25, 0.5)
    assert made.f1 == pytest.approx(1 / 3)
