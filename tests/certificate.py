"""One certificate for all servers of a test process, because making keys takes time."""

from __future__ import annotations

import atexit
import os
import ssl
import tempfile
from functools import cache
from pathlib import Path

from socketchat.server.tls.certificate import FILE, Identity, own_identity


@cache
def identity_file() -> Path:
    """Return a file with a key and its certificate."""
    kept = tempfile.TemporaryDirectory(prefix=f"socketchat-tls-{os.getpid()}-")
    atexit.register(kept.cleanup)
    directory = Path(kept.name)
    own_identity(directory)
    return directory / FILE


@cache
def identity() -> Identity:
    """Return the certificate of a server in this process."""
    return own_identity(identity_file().parent)


def trusting(*protocols: str) -> ssl.SSLContext:
    """Return a client's context that takes any certificate, and offers these protocols."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(protocols)
    return context
