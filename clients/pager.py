"""Tell a practice's pager that something urgent waits: one POST without content, to the address the lead has set.

The site calls an address that a person typed, so it is held short: https only, no redirects, no private networks (looked up
once, and connected to exactly what was looked up), five seconds, and the answer's text is not read. A host inside one's own
network has to be named by whoever runs the site (PAGER_HOSTS).
"""

import http.client
import ipaddress
import json
import socket
import ssl
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
    if not address.is_global:
        raise Unfit("An address inside a private network is not called.")
    return parts


def call(url: str) -> None:
    """Raises where the pager did not answer with a 2xx; the outbox tries again."""
    parts = check(url)
    assert parts.hostname
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _look_up(parts.hostname, port)
    sock: socket.socket = socket.create_connection((address, port), timeout=SECONDS)
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=SECONDS)
    try:
        if parts.scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=parts.hostname)
        connection.sock = sock
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body=BODY, headers={"Content-Type": "application/json", "User-Agent": "pager"})
        status = connection.getresponse().status
    finally:
        connection.close()
        sock.close()
    if not 200 <= status < 300:
        raise ConnectionError(f"the pager answered {status}")


def _look_up(host: str, port: int) -> str:
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if host in settings.PAGER_HOSTS:
        return found[0]
    if not all(ipaddress.ip_address(address).is_global for address in found):
        raise Unfit("An address inside a private network is not called.")
    return found[0]
