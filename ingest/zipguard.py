"""A look into a ZIP archive before anything unpacks it."""

import io
import zipfile

from ingest.errors import TooLarge, Unreadable

#: All members together may unpack to this many bytes,
MAX_BYTES = 1_000_000_000
#: there may be this many of them,
MAX_MEMBERS = 20_000
#: and a member above MIN_SUSPECT_BYTES may unpack to this many times its packed size. XML packs 20 to 50 times.
MAX_RATIO = 300
MIN_SUSPECT_BYTES = 20_000_000


def checked(raw: bytes) -> frozenset[str]:
    """The names in an archive that can be unpacked without harm; archives within it are not opened.

    Raises Unreadable for what is no archive, and TooLarge for one that unpacks to too much.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Unreadable(f"no archive that can be opened ({error})") from None
    if len(members) > MAX_MEMBERS:
        raise TooLarge(f"{len(members):,} members in the archive; the limit is {MAX_MEMBERS:,}")
    total = sum(member.file_size for member in members)
    if total > MAX_BYTES:
        raise TooLarge(f"the archive unpacks to {total:,} bytes; the limit is {MAX_BYTES:,}")
    for member in members:
        if member.file_size > MIN_SUSPECT_BYTES and member.file_size > MAX_RATIO * max(1, member.compress_size):
            raise TooLarge(f"a member of the archive unpacks to more than {MAX_RATIO} times its size")
        if member.flag_bits & 0x1:
            raise Unreadable("the archive asks for a password")
    return frozenset(member.filename for member in members)
