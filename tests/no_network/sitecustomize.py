"""Refuses every name and every address beyond this machine.

tests/conftest.py loads it into the process of the tests, and puts its folder on PYTHONPATH, so that every Python
process that a test starts loads it too. Each attempt is also written to the file that COLLABQA_NETWORK_LOG names: a
library that swallows the refusal is found out at the end of the run.
"""

import ipaddress
import os
import sys

#: What holds the path of the file that attempts are written to.
LOG = "COLLABQA_NETWORK_LOG"
#: Where an event of sys.audit holds the host, and whether it is within an address of host and port.
_EVENTS = {
    "socket.getaddrinfo": (0, False),
    "socket.gethostbyname": (0, False),
    "socket.gethostbyaddr": (0, False),
    "socket.connect": (1, True),
    "socket.sendto": (1, True),
    "socket.sendmsg": (1, True),
}


class NetworkRefused(RuntimeError):
    """Something reached for another machine; no subclass of OSError, which libraries take for bad weather."""


def _here(host: object) -> bool:
    """Whether a host is this machine; None and "" are what a listener binds to."""
    name = host.decode(errors="replace") if isinstance(host, bytes) else host
    if not isinstance(name, str) or name in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event not in _EVENTS:
        return
    place, within = _EVENTS[event]
    host = arguments[place]
    if within:
        # Addresses of other families (a path, a netlink number) are of this machine.
        host = host[0] if isinstance(host, tuple) and host else None
    if _here(host):
        return
    sentence = f"{event} of {host!r}: tests reach no other machine"
    if path := os.environ.get(LOG):
        with open(path, "a", encoding="utf-8") as log:  # noqa: PTH123 - pathlib is too much for every start of Python
            log.write(f"{sys.argv[0] if hasattr(sys, 'argv') and sys.argv else 'python'}: {sentence}\n")
    raise NetworkRefused(sentence)


def install() -> None:
    """Refuse from now on; a second call changes nothing."""
    if not getattr(sys, "_collabqa_no_network", False):
        sys._collabqa_no_network = True  # type: ignore[attr-defined]
        sys.addaudithook(_refuse)


if os.environ.get(LOG):
    install()
