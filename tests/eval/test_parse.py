"""The judge of how topics are read, tried on pairs that are made up."""

import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.case import BadCase
from eval.cli import app
from eval.tasks import parse
from ingest.outline import outline

GOOD = {"md_word_precision": 0.99, "md_word_recall": 0.97}
TOPIC = "---+ Shifts\n%RED%Call%ENDCOLOR% the *control room*.\n\n| *Run* | *Days* |\n| 2 | 14 |\n"
GOLD = (
    'Shifts {#shifts}\n======\n\n%RED%Call<span class="twiki-macro ENDCOLOR"></span> the **control room**.\n\n'
    "| Run | Days |\n|:----|:-----|\n| 2 | 14 |\n"
)


def pairs(folder: Path, *topics: tuple[str, str, str, dict[str, float]]) -> Path:
    """A folder of pairs: name, topic, gold, what is recorded."""
    (folder / "set").mkdir()
    lines = []
    for name, topic, gold, recorded in topics:
        (folder / "set" / f"{name}.tml").write_text(topic)
        (folder / "set" / f"{name}.md").write_text(gold)
        lines.append(json.dumps({"topic": name, **recorded}))
    (folder / "set.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def marked(text: str) -> Counter[tuple[str, ...]]:
    return parse.gold_cells(text, outline(text))


def test_a_topic_that_reads_as_its_gold_scores_one(tmp_path: Path) -> None:
    kept, _ = parse.load(pairs(tmp_path, ("Shifts", TOPIC, GOLD, GOOD)))
    made = parse.judge(kept[0])
    assert (made.word_f1, made.heading_f1, made.cell_f1) == (1.0, 1.0, 1.0)


def test_a_lost_heading_row_and_word_cost_what_they_are(tmp_path: Path) -> None:
    # Ours: one heading of the gold's two; cells run, days, 2, 14 of six; words a b c d against a b c e.
    gold = "A\n=\n\nB\n=\n\n| Run | Days |\n|---|---|\n| 2 | 14 |\n| 3 | 15 |\n"
    topic = "---+ A\n\n| *Run* | *Days* |\n| 2 | 14 |\n"
    kept, _ = parse.load(pairs(tmp_path, ("Lost", topic, gold, GOOD)))
    made = parse.judge(kept[0])
    assert made.heading_f1 == pytest.approx(2 / 3)
    assert made.cell_f1 == pytest.approx(8 / 10)
    # a run days 2 14 has trigrams 3; a b run days 2 14 3 15 has 6; shared: run days 2, days 2 14.
    assert made.word_f1 == pytest.approx(4 / 9)


def test_pairs_that_people_rewrote_or_that_are_numbered_are_dropped_with_the_reason(tmp_path: Path) -> None:
    rewritten = {"md_word_precision": 0.99, "md_word_recall": 0.849}
    kept, dropped = parse.load(
        pairs(
            tmp_path,
            ("Kept", TOPIC, GOLD, {"md_word_precision": 0.85, "md_word_recall": 0.85}),
            ("Rewritten", TOPIC, GOLD, rewritten),
            ("Numbered", "---# First\n", GOLD, GOOD),
        )
    )
    assert [each.topic for each in kept] == ["Kept"]
    assert dropped == [("Rewritten", "md_word_recall 0.849, below 0.85"), ("Numbered", "numbered headings (---#)")]


def test_prompts_fences_and_marks_of_items_are_no_words() -> None:
    text = "2. Install:\n\n``` console\nroot@host # yum install <em>xrootd</em>\n[root@client ~] $ ls\n```\n"
    assert parse.words(text, outline(text)) == ["install", "yum", "install", "xrootd", "ls"]


def test_rows_that_the_converter_joined_or_left_as_html_are_rows() -> None:
    assert marked("&lt;p&gt; | **Run** | Days | | 2 | 14 |".replace("&lt;p&gt;", "")) == Counter(
        [("run",), ("days",), ("2",), ("14",)]
    )
    html = "<table>\n<tr><th>Run</th>\n<th>Days</th></tr>\n<tr><td>2</td><td>14</td></tr></table>"
    assert marked(parse.without_debris(html)) == Counter([("run",), ("days",), ("2",), ("14",)])


def test_what_people_wrote_stays_in_the_gold() -> None:
    text = "# Menu\n\nUse `root` and 100 % of <http://docs.helix.example/a> at [x](y)."
    assert parse.without_debris(text) == text


def test_a_folder_without_pairs_and_a_topic_that_leaves_it_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCase, match=r"expected NAME\.jsonl"):
        parse.load(tmp_path)
    (tmp_path / "set").mkdir()
    (tmp_path / "set.jsonl").write_text(json.dumps({"topic": "../secret", **GOOD}))
    with pytest.raises(BadCase, match="is no name of a topic"):
        parse.load(tmp_path)


def test_the_command_prints_the_figures_as_json_and_fails_below_what_is_wanted(tmp_path: Path) -> None:
    folder = pairs(tmp_path, ("Shifts", TOPIC, GOLD, GOOD))
    ran = CliRunner().invoke(app, ["parse", str(folder), "--json"])
    printed = json.loads(ran.output)
    assert ran.exit_code == 0
    assert (printed["word_f1"], printed["heading_f1"], printed["cell_f1"]) == (1.0, 1.0, 1.0)
    assert [each["topic"] for each in printed["pairs"]] == ["Shifts"]
    (folder / "set" / "Shifts.md").write_text("Something else that nobody reads out of it.\n")
    assert CliRunner().invoke(app, ["parse", str(folder)]).exit_code == 1
