"""Whether a text says something, however it is written."""

import pytest

from eval.wording import said


@pytest.mark.parametrize(
    ("wording", "text"),
    [
        ("28 GeV", "It is **28 GeV**."),
        ("28 GeV", r"It is $28\,\mathrm{GeV}$."),
        ("4.2 us", "a latency of 4.2 µs"),
        ("97.8 %", "| Medium | 97.8% |"),
        ("HLT_met120_pufit", r"the trigger HLT\_met120\_pufit"),
        ("231", "HLT_mu22_iso,L1MU18,12400,268,231,Main"),
        ("-22", "the set point is −22 °C"),
        ("Disk Manager", "ask the disk\nmanager"),
        ("muon", "muons are counted twice"),
        ("14", "14 credits."),
        ("10,000", "at least 10,000 for each"),
    ],
)
def test_what_is_said_in_other_signs_is_said(wording: str, text: str) -> None:
    assert said([[wording]], text) == 1


@pytest.mark.parametrize(
    ("wording", "text"),
    [
        ("14", "140 credits"),
        ("14", "0.14 GeV"),
        ("14", "14.5 GeV"),
        ("000", "10,000 for each"),
        ("8", "HLX8 and v2.8"),
        ("muon", "a dimuon"),
        ("28 GeV", "28.5 GeV"),
    ],
)
def test_a_part_of_a_longer_number_or_word_is_not_said(wording: str, text: str) -> None:
    assert said([[wording]], text) == 0


def test_each_atom_counts_once_in_any_wording() -> None:
    assert said([["two", "2"], ["missing"]], "two or 2") == 1
