import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.formats.email import header


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("=?utf-8?B?SGlnZ3M=?= =?utf-8?B?IG1hc3M?=", "Higgs mass"),
        ("=?utf-8?Q?Higgs?= mass =?utf-8?Q?fit?=", "Higgs mass fit"),
        ("=?iso-8859-1*de?Q?Schwelle_=FCber_28?=", "Schwelle über 28"),
        ("Re: =?utf-8?Q?cut off in the mi=C3", "Re: cut off in the mi"),
        ("=?nonsense?Q?J=E9rome?=", "Jérome"),
        ("x=?utf-8?Q?=3D?=y", "x=y"),
        ("=?utf-8?Q?=3D=3Futf-8=3FQ=3Ftwice=3F=3D?=", "twice"),
        ("folded\r\n\tover two lines", "folded over two lines"),
        ("raw utf-8 \udcc3\udca9 and none \udce9".replace(" and none \udce9", ""), "raw utf-8 é"),
        ("=?gb2312?B?1tDOxA==?=", "中文"),
    ],
)
def test_a_field_is_read_as_it_was_meant(written: str, meant: str) -> None:
    assert header.field(written) == meant


@given(st.text() | st.binary().map(lambda raw: raw.decode("ascii", "surrogateescape")))
def test_any_field_is_read(value: str) -> None:
    header.field(value).encode("utf-8", "replace")
    header.names(value)
    header.identifiers(value)
    header.base_subject(value)
    moment = header.moment(value)
    assert moment is None or moment.tzinfo is not None


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("ada@helix.example", ("ada",)),
        ('"Lovelace, Ada" <ada@helix.example>', ("Lovelace, Ada",)),
        ("=?utf-8?Q?Lovelace=2C_Ada?= <ada@helix.example>, bob@helix.example", ("Lovelace, Ada", "bob")),
        ("ada at helix.example (Ada Lovelace)", ("Ada Lovelace",)),
        ('"ada@helix.example" <ada@helix.example>', ("ada",)),
        ("Ada Lovelace via helix-software <helix-software@lists.helix.example>", ("Ada Lovelace",)),
        ("undisclosed-recipients:;", ()),
        ("<>", ()),
        ("", ()),
    ],
)
def test_people_are_named_by_their_names(written: str, names: tuple[str, ...]) -> None:
    assert header.names(written) == names


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("Tue, 1 Dec 2009 11:42:53 -0700 (MST)", "2009-12-01T18:42:53+00:00"),
        ("1 Dec 99 11:42 EST", "1999-12-01T16:42:00+00:00"),
        ("Tue Dec  1 11:42:53 2009", "2009-12-01T11:42:53+00:00"),
        ("Tue Dec  1 11:42:53 CET 2009", "2009-12-01T10:42:53+00:00"),
        ("2009-12-01T11:42:53Z", "2009-12-01T11:42:53+00:00"),
        ("Thu, 31 Dec 2015 23:59:60 +0000", "2015-12-31T23:59:59+00:00"),
    ],
)
def test_dates_of_many_kinds_are_times_in_utc(written: str, utc: str) -> None:
    moment = header.moment(written)
    assert moment is not None
    assert moment.isoformat() == utc


@pytest.mark.parametrize("written", ["", "yesterday", "Tue, 41 Dec 2009 11:42:53 -0700", "1 Dec 2009 11:42:53 +9999"])
def test_what_is_no_date_is_no_time(written: str) -> None:
    assert header.moment(written) is None


@pytest.mark.parametrize(
    ("subject", "base", "reply", "forward"),
    [
        ("Release 24.2.3", "release 24.2.3", False, False),
        ("Re: Release 24.2.3", "release 24.2.3", True, False),
        ("[helix-software] Re[2]: AW: Release", "release", True, False),
        ("Re: [helix-software] Release", "release", True, False),
        ("Fwd: Release", "release", True, True),
        ("Re: Fwd: Release", "release", True, False),
        ("[helix-software]", "[helix-software]", False, False),
        ("Results: Release", "results: release", False, False),
    ],
)
def test_replies_have_the_subject_of_what_they_answer(subject: str, base: str, reply: bool, forward: bool) -> None:
    assert header.base_subject(subject) == base
    assert header.is_reply(subject) is reply
    assert header.is_forward(subject) is forward
