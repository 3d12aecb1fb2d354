import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.formats.email.sealed import signed

DATA, SIGNED, ENVELOPED = (bytes.fromhex(f"06092a864886f70d0107{last:02x}") for last in (1, 2, 3))
WORDS = b"Content-Type: text/plain\r\n\r\nThe dump is at 14:00."
LONG = b"x" * 300


def value(tag: int, *content: bytes) -> bytes:
    """A value with its length in front of it."""
    body = b"".join(content)
    length = bytes([len(body)]) if len(body) < 128 else b"\x82" + len(body).to_bytes(2)
    return bytes([tag]) + length + body


def still_open(tag: int, *content: bytes) -> bytes:
    """A value whose end is marked instead."""
    return bytes([tag, 0x80]) + b"".join(content) + b"\0\0"


def envelope(*content: bytes, kind: bytes = SIGNED) -> bytes:
    inside = value(0x30, value(2, b"\1"), value(0x31), value(0x30, DATA, *content), value(0x31))
    return value(0x30, kind, value(0xA0, inside))


@pytest.mark.parametrize("words", [WORDS, LONG])
def test_what_was_signed_is_taken_out(words: bytes) -> None:
    assert signed(envelope(value(0xA0, value(4, words)))) == words


def test_what_was_signed_in_pieces_is_put_together() -> None:
    text = still_open(0x24, value(4, WORDS[:9]), value(0x24, value(4, WORDS[9:20]), value(4, WORDS[20:])))
    inside = still_open(0x30, value(2, b"\1"), value(0x31), still_open(0x30, DATA, still_open(0xA0, text)))
    assert signed(still_open(0x30, SIGNED, still_open(0xA0, inside))) == WORDS


def test_certificates_alone_hold_nothing() -> None:
    assert signed(envelope()) == b""


@pytest.mark.parametrize(
    "raw",
    [
        envelope(value(0xA0, value(4, WORDS)), kind=ENVELOPED),
        envelope(value(0xA0, value(4, WORDS)))[:-9],
        envelope(value(0xA0, value(2, WORDS))),
        b"\x30\x80" * 100_000,
        b"\x24\x80" * 100_000,
        b"no envelope",
        b"",
    ],
)
def test_what_is_encrypted_or_broken_is_not_read(raw: bytes) -> None:
    assert signed(raw) is None


@given(st.binary(max_size=60), st.integers(0, 40), st.binary(max_size=3))
def test_any_bytes_are_read_or_refused(raw: bytes, place: int, other: bytes) -> None:
    whole = envelope(value(0xA0, value(4, WORDS)))
    for each in (raw, whole[:place] + other + whole[place + len(other) :]):
        assert signed(each) is None or isinstance(signed(each), bytes)
