"""500 people who do not exist write to each other; what is left of them under pseudonyms is counted."""

import random
import re
import sys
import unicodedata
from base64 import encodebytes
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.header import Header
from html import escape
from pathlib import Path

import pytest

from ingest.formats.email import parse
from ingest.source import Item, Raw
from ingest.sources.mail import Source

PEOPLE = 500
GIVEN = """
Ingrid Tomasz Zoë Jürgen Søren Łukasz Aoife Jean-Pierre Anne-Marie María José Giulia Dmitri Olga Wei Xiaoming
Hiroshi Yuki Priya Arjun Fatima Ahmed Nguyen Siobhán François Hélène Mark Will Rose May Bill Grant Dean Frank Grace
Hope Ray Jack Art Katarzyna Bjørn Åsa Mehmet Çağla Ivana Petra Luca Chiara João Inês Kwame Amara Noa Eitan Björk
Matteo Sunniva Anil Deepa
""".split()
FAMILY = """
Solvang Wierzba Müller Højgaard Lefèvre García-Márquez O'Brien D'Angelo Kowalczyk Nguyễn Tanaka Yamamoto Chaudhuri
Al-Rashid Petrov Ivanova Zhang Liu Szczepański Öztürk Çelik Novák Dvořák Rossi Bianchetti Gonçalves Mbeki Okafor
Levin Gunnarsdóttir Major May Rose Marks Grant Young Brown Stone Field Price Long King Baker Kalmanson Weisskopfer
Feldmann Dupont-Moretti Schäfer
""".split()
PARTICLES = ("", "", "", "", "", "", "van der", "de", "von", "del")
HOSTS = ("helix.example", "nordmark.example", "physics.uni-west.example", "lab.example")
PHYSICS = (
    "Higgs boson|Drell-Yan|Kalman filter|Monte Carlo|Breit-Wigner|Cherenkov light|Landau tail|Born level|"
    "Dirac fermion|Young modulus|Brown noise|Price equation|King plot|Stone theorem|Feynman diagram|"
    "van der Meer scan|Gaussian|Bethe-Bloch|Weinberg angle|Hough transform|Fermi level|Poisson statistics|"
    "Majorana mass|Green functions|Crystal Ball function|Yukawa coupling|Cabibbo angle|Wilson coefficients|"
    "Sudakov factor|Student's t|Voigt profile|Lorentz boost|Legendre polynomials|Rose Bengal|Major improvement|"
    "May 2026|Mark the run|Will it hold|Grant the access|Field map|Long shutdown|Chi-square|the Higgs|Runge-Kutta|"
    "Glauber model|Compton edge|Bragg peak|Dalitz plot|Hessian|Molière radius"
).split("|")


@dataclass(frozen=True)
class Identity:
    given: str
    family: str
    address: str
    phone: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def last_first(self) -> str:
        return f"{self.family}, {self.given}"

    @property
    def initials(self) -> str:
        return "-".join(f"{part[0]}." for part in self.given.split("-")) + f" {self.family}"

    @property
    def spoken(self) -> str:
        return self.address.replace("@", " at ")


def identities(chance: random.Random) -> list[Identity]:
    found: dict[str, Identity] = {}
    while len(found) < PEOPLE:
        given, core = chance.choice(GIVEN), chance.choice(FAMILY)
        family = f"{chance.choice(PARTICLES)} {core}".strip()
        account = re.sub(r"[^a-z.]", "", plain(f"{given}.{core}")) + str(len(found))
        phone = (
            f"+{chance.randint(30, 49)} {chance.randint(20, 99)} {chance.randint(100, 999)} {chance.randint(99, 999)}"
        )
        found.setdefault(f"{given} {family}", Identity(given, family, f"{account}@{chance.choice(HOSTS)}", phone))
    return list(found.values())


def plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))


@dataclass(frozen=True)
class Slot:
    """A line of a message and what was planted in it."""

    kind: str
    planted: str
    line: str


def slots(
    writer: Identity, reader: Identity, third: Identity, stranger: Identity, chance: random.Random
) -> Iterator[Slot]:
    """The lines of a message, in order; the stranger stands in no header."""
    physics = chance.choices(PHYSICS, k=3)
    core = third.family.split()[-1]
    yield Slot("name", reader.given, f"{chance.choice(('Hi', 'Dear', 'Hello', 'Good morning'))} {reader.given},")
    yield Slot("physics", physics[0], f"the {physics[0]} comes first here.")
    yield Slot("name", third.name, f"as {third.name} said, the rate is 3 kHz at 13.6 TeV.")
    yield Slot("name", third.last_first, f"see the slides ({third.last_first}) of last week,")
    yield Slot("name", third.initials, f"and the note of {third.initials} et al. on the")
    yield Slot("name", third.name, f"> it is {third.given}\n> {third.family}'s plot")
    yield Slot("name", core, f"ask Prof. {core} for the numbers.")
    yield Slot("name", third.name.upper(), f"{third.name.upper()} has the keys.")
    yield Slot("physics", physics[1], f"{physics[1]} in run 358031.")
    yield Slot("physics", f"{core} equation", f"the {core} equation holds.")
    yield Slot("address", third.address, f"write to mailto:{third.address} or")
    yield Slot("address", third.spoken, f"to {third.spoken} for an account.")
    yield Slot("name", reader.name, f"On Mon, 1 Jun 2026 at 10:00, {reader.name}")
    yield Slot("address", reader.address, f"<{reader.address}> wrote:")
    yield Slot("name", writer.given, f"> Hi {writer.given},")
    yield Slot("physics", physics[2], f"> is the {physics[2]} right?")
    yield Slot("name", reader.given, f"> Cheers,\n> {reader.given}")
    yield Slot("name", stranger.name, f"On Mon, 1 Jun 2026 at 9:00, {stranger.name} wrote:")
    yield Slot("name", stranger.name, f">> I am {stranger.name} and new here.")
    yield Slot("name", writer.given, f"\nThanks,\n{writer.given}\n-- ")
    yield Slot("name", writer.name, f"Dr. {writer.name}")
    yield Slot("phone", writer.phone, f"Tel. {writer.phone}")


def archive(people: list[Identity], chance: random.Random) -> tuple[bytes, list[list[Slot]]]:
    """An mbox, and what was planted in each message; a fifth of the people write none and are written to by none."""
    messages, planted = list[str](), list[list[Slot]]()
    writing, strangers = people[: len(people) * 4 // 5], people[len(people) * 4 // 5 :]
    for number, writer in enumerate(writing):
        reader, third = writing[number - 1], writing[(number * 7 + 3) % len(writing)]
        here = list(slots(writer, reader, third, strangers[number % len(strangers)], chance))
        planted.append(here)
        body = "\n".join(slot.line for slot in here)
        kind, encoding = "plain", "8bit"
        if number % 3 == 1:
            kind, body = "html", f"<div>{'<br>'.join(escape(body).splitlines())}</div>"
        if number % 2:
            encoding, body = "base64", encodebytes(body.encode()).decode()
        messages.append(
            f"From {writer.address} Mon Jun  1 10:00:00 2026\n"
            f"From: {Header(writer.name, 'utf-8').encode()} <{writer.address}>\n"
            f'To: "{Header(reader.last_first, "utf-8").encode()}" <{reader.address}>\n'
            f"Cc: {third.address} ({Header(third.name, 'utf-8').encode()})\n"
            f"Received: from pc.{writer.address.partition('@')[0]}.example; Mon, 1 Jun 2026 10:00:00 +0200\n"
            f"Subject: Re: {here[1].planted} of {third.name}\nDate: Mon, 1 Jun 2026 10:00:00 +0200\n"
            f"Message-ID: <{number}.{writer.address}>\nIn-Reply-To: <{number - 1}.{reader.address}>\n"
            f"MIME-Version: 1.0\nContent-Type: text/{kind}; charset=utf-8\n"
            f"Content-Transfer-Encoding: {encoding}\n\n{body}\n\n"
        )
    return "".join(messages).encode(), planted


def source(path: Path, name: str = "helix") -> Source:
    return Source(name, frozenset({"group:helix"}), path, pseudonyms=True)


def read(made: Source) -> list[tuple[Item, Raw]]:
    return [(item, made.fetch(item)) for item in made.listing() if isinstance(item, Item) and not item.skipped]


def stands(slot: Slot, lines: str) -> bool:
    """Whether what was planted still stands in what became of its line; of a name, any word of it."""
    if slot.kind != "name":
        return slot.planted in lines
    words = [each.strip(".") for each in re.split(r"[\s,]+|-\w?[.]", slot.planted)]
    return any(
        re.search(rf"(?<!\w){re.escape(each)}(?!\w)", lines) for each in words if len(each) > 1 and each[0].isupper()
    )


def test_few_of_500_identities_are_left_and_physics_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(1974)
    people = identities(chance)
    mbox, planted = archive(people, chance)
    (tmp_path / "helix.mbox").write_bytes(mbox)
    total, wrong = Counter[str](), Counter[str]()
    names = {each.name for each in people} | {each.last_first for each in people}
    for here, (item, raw) in zip(planted, read(source(tmp_path)), strict=True):
        head, _, body = raw.data.decode().partition("\n\n")
        lines, at = body.split("\n"), 0
        for slot in here:
            # A name that went over two lines stands in one now.
            height = slot.line.count("\n") + (0 if slot.line.startswith("> it is") else 1)
            became, at = "\n".join(lines[at : at + height]), at + height
            total[slot.kind] += 1
            wrong[slot.kind] += stands(slot, became) != (slot.kind == "physics")
        told = f"{item} {raw.parent} {raw.thread} {raw.warnings} {head}"
        total["header"] += 6  # name and address of three
        wrong["header"] += sum(each in told for each in names)
        wrong["header"] += len(re.findall(r"@(?!pseudonym\.invalid)", told))
        wrong["address"] += len(re.findall(r"[\w.]+(?:@| at )(?!pseudonym\.invalid)[\w-]+\.[\w.]*example", body))
    with capsys.disabled():
        shares = ", ".join(f"{kind} {1 - wrong[kind] / total[kind]:.4f} of {total[kind]}" for kind in sorted(total))
        sys.stdout.write(f"\nunder pseudonyms, physics as it was: {shares}\n")
    assert wrong["header"] <= 0.001 * total["header"]
    assert wrong["address"] <= 0.001 * total["address"]
    assert wrong["phone"] <= 0.001 * total["phone"]
    assert wrong["name"] <= 0.02 * total["name"]
    assert wrong["physics"] < 0.01 * total["physics"]


MESSAGE = """From: Ingrid Solvang <is@helix.example>
Message-ID: <is.1@helix.example>
Subject: Menu for Tomasz Wierzba
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b

Hello Tomasz, call +41 22 767 1234. Ingrid
--b
Content-Type: message/rfc822

From: Tomasz Wierzba <tw@helix.example>
Message-ID: <tw.1@helix.example>
Subject: By Solvang

Ingrid Solvang knows.
--b
Content-Type: text/plain; name="notes of solvang.txt"
Content-Disposition: attachment; filename="notes of solvang.txt"

Tomasz Wierzba, tw at helix.example
--b
Content-Type: application/pdf; name="solvang.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--b--
"""


def test_attached_messages_and_texts_are_under_pseudonyms_and_other_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(MESSAGE)
    made = source(tmp_path)
    *items, _ = made.listing()
    assert [item.skipped for item in items if isinstance(item, Item)] == [
        "",
        "",
        "",
        "names cannot be taken out of it, and this source has pseudonyms",
    ]
    everything = f"{items} {read(made)}"
    assert not re.search("solvang|wierzba|tomasz|ingrid|helix.example|767", everything, re.IGNORECASE)
    assert [raw.name for _, raw in read(made)] == ["", "part-2", "part-3.txt"]


def test_a_person_has_one_pseudonym_in_every_message_and_run(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(MESSAGE)
    (first, raw), (_, attached), *_ = read(source(tmp_path))
    title = parse(raw.data).title.removeprefix("Menu for ")
    assert parse(attached.data).authors == (title,)
    assert parse(attached.data).title == f"By {parse(raw.data).authors[0]}"
    assert read(source(tmp_path))[0] == (first, raw)


def test_another_key_gives_other_pseudonyms_and_without_one_a_warning_says_what_that_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.eml").write_text(MESSAGE)
    by_name = read(source(tmp_path))[0][1]
    monkeypatch.setenv("HELIX_KEY", "secret")
    by_key = read(replace(source(tmp_path), pseudonym_key_env="HELIX_KEY"))[0][1]
    assert by_name.data != by_key.data
    assert "name an environment variable with a secret in pseudonym_key_env" in by_name.warnings[0]
    assert by_key.warnings == ()


def test_the_quotes_and_signatures_of_a_message_are_found_under_pseudonyms(tmp_path: Path) -> None:
    head = "From: Ada Lem <a@x.example>\nTo: b@x.example\n\n"
    text = f"{head}On 1 Jun 2026, Bo Ek <b@x.example> wrote:\n> Why?\n\nSo.\n-- \nAda\n"
    (tmp_path / "a.eml").write_text(text)
    marks = [mark.kind for mark in parse(read(source(tmp_path))[0][1].data).marks]
    assert marks == [mark.kind for mark in parse(text.encode()).marks] == ["message", "quote", "signature"]


def test_who_asks_and_who_is_asked_by_an_invitation_is_under_pseudonyms(tmp_path: Path) -> None:
    invitation = (Path(__file__).parent / "golden/email/invitation.in.eml").read_text()
    (tmp_path / "a.eml").write_text(invitation)
    text = parse(read(source(tmp_path))[0][1].data).text
    assert not re.search("ingrid|solvang|wierzba|helix.example", text, re.IGNORECASE)
    assert "Organiser: Person-" in text
    assert "When: 2026-06-03 14:00 to 15:30 (Europe/Zurich)" in text
