"""How long a search takes on a running server, at a given load. A script, not a test.

    python tests/bench/search_latency.py --data DIR [--url http://127.0.0.1:8501] [--rate 5] [--count 300]

Searches are sent when they are due, whether or not earlier ones have been answered (open loop), and a search's time
runs from the moment it was due: what waits in a queue is counted. No question is asked twice; the first ones are asked
before the clock runs. Questions come from --questions FILE (one a line), else they are the titles of the documents in
DIR. They go to the API at --url, or without one through the operator's socket in DIR, as the command line sends them.
"""

import argparse
import http.client
import json
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

#: Searches that may be under way at once; more would measure this script.
MOST_AT_ONCE = 64
WARMING_UP = 20


def titles(data: Path) -> list[str]:
    """The titles of an index's documents, each once, in an order that looks random and is always the same."""
    connection = sqlite3.connect(f"file:{data / 'manifest.sqlite'}?mode=ro", uri=True)
    rows = connection.execute("SELECT DISTINCT title FROM document WHERE title <> '' ORDER BY title").fetchall()
    connection.close()
    found = [str(title) for (title,) in rows]
    random.Random(0).shuffle(found)
    return found


def over_http(url: str) -> Callable[[str], None]:
    """Searches through the API, with a connection for each."""
    address = urlsplit(url)

    def search(question: str) -> None:
        body = json.dumps({"question": question, "k": 10})
        with closing(http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)) as connection:
            connection.request("POST", "/api/search", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            found = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"status {answer.status}: {found[:200]!r}")

    return search


def over_socket(data: Path) -> Callable[[str], None]:
    """Searches through the operator's socket, with a connection for each, as the command line does."""
    from app.operator import There

    there = There(data)

    def search(question: str) -> None:
        there.search(question, 10, ())

    return search


def seconds_taken(search: Callable[[str], None], questions: Sequence[str], rate: float) -> list[float]:
    """For each question the time from when it was due to its answer; rate is in questions a second."""
    started = time.monotonic() + 0.1

    def one(number: int) -> float:
        due = started + number / rate
        time.sleep(max(0.0, due - time.monotonic()))
        search(questions[number])
        return time.monotonic() - due

    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        return list(pool.map(one, range(len(questions))))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that this percentage of the values does not exceed.

    >>> percentile([4.0, 1.0, 3.0, 2.0], 50)
    2.0
    >>> percentile([1.0, 2.0], 95)
    2.0
    """
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * percent // 100) - 1)]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="DIR", help="the data folder of the server")
    parser.add_argument("--url", help="the server's address; without one the socket in DIR is used")
    parser.add_argument("--questions", type=Path, metavar="FILE", help="questions, one a line")
    parser.add_argument("--rate", type=float, default=5.0, help="searches a second")
    parser.add_argument("--count", type=int, default=300, help="how many searches at most")
    given = parser.parse_args()
    if given.data is None and (given.url is None or given.questions is None):
        parser.error("name --data DIR, or --url and --questions")
    data: Path = (given.data or Path()).resolve()
    lines = given.questions.read_text(encoding="utf-8").splitlines() if given.questions else titles(data)
    questions = [line for line in dict.fromkeys(lines) if line.strip()][: WARMING_UP + given.count]
    search = over_http(given.url) if given.url else over_socket(data)
    for question in questions[:WARMING_UP]:
        search(question)
    taken = seconds_taken(search, questions[WARMING_UP:], given.rate)
    figures = ", ".join(f"p{percent} {percentile(taken, percent) * 1000:.1f} ms" for percent in (50, 95, 99))
    sys.stdout.write(f"{len(taken)} searches at {given.rate:g}/s: {figures}, worst {max(taken) * 1000:.1f} ms\n")


if __name__ == "__main__":
    main()
