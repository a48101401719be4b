"""Tell a practice's pager that something urgent waits: one POST without content, to the address the lead has set.

The site calls an address that a person typed, so it is held short: https only, no redirects, no private networks (looked up
once, and connected to exactly what was looked up), five seconds in all however slowly it answers, and the answer's text is
not read. A host inside one's own network has to be named by whoever runs the site (PAGER_HOSTS).
"""

import http.client
import ipaddress
import json
import socket
import ssl
import time
from contextlib import suppress
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

SECONDS = 5.0
BODY = json.dumps({"text": "Something urgent waits. Please sign in."}).encode()


class Unfit(Exception):
    """An address that is not called; the text is for the practice lead."""


def check(url: str) -> SplitResult:
    """Refuse what can be told from the address alone."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Unfit("This is not an address.") from None
    if not parts.hostname or any(c.isspace() or ord(c) < 33 or ord(c) > 126 for c in url):
        raise Unfit("This is not an address.")
    if parts.username or parts.password:
        raise Unfit("The address must not hold a password before the host.")
    if parts.hostname in settings.PAGER_HOSTS:
        return parts
    if parts.scheme != "https":
        raise Unfit("The address has to begin with https://.")
    if port not in {None, 443, 8443}:
        raise Unfit("Only the ports 443 and 8443 are called.")
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return parts
    if not _is_public(address):
        raise Unfit("An address inside a private network is not called.")
    return parts


# Prefixes through which an IPv4 address of any kind can be reached: NAT64 and 6to4.
THROUGH = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not any(address in prefix for prefix in THROUGH)


def call(url: str) -> None:
    """Raises where the pager did not answer with a 2xx; the outbox tries again."""
    parts = check(url)
    assert parts.hostname
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _look_up(parts.hostname, port)
    until = time.monotonic() + SECONDS
    sock: socket.socket = socket.create_connection((address, port), timeout=SECONDS)
    if parts.scheme == "https":
        sock = ssl.create_default_context().wrap_socket(
            sock, server_hostname=parts.hostname, do_handshake_on_connect=False
        )
    # The socket's own time-out is for each read; one that answers a byte at a time would hold the worker for as long as
    # it likes. Shut from outside, any read of it ends.
    hang_up = Timer(max(0.0, until - time.monotonic()), lambda: _hang_up(sock))
    hang_up.daemon = True
    hang_up.start()
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=SECONDS)
    try:
        if isinstance(sock, ssl.SSLSocket):
            sock.do_handshake()
        connection.sock = sock
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body=BODY, headers={"Content-Type": "application/json", "User-Agent": "pager"})
        status = connection.getresponse().status
    finally:
        hang_up.cancel()
        connection.close()
        sock.close()
    if time.monotonic() >= until:
        raise TimeoutError("the pager took too long")
    if not 200 <= status < 300:
        raise ConnectionError(f"the pager answered {status}")


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):  # closed in the meantime
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _look_up(host: str, port: int) -> str:
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if host in settings.PAGER_HOSTS:
        return found[0]
    if not all(_is_public(ipaddress.ip_address(address)) for address in found):
        raise Unfit("An address inside a private network is not called.")
    return found[0]
