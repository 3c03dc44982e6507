"""The issuer's private key in a file only its owner may read, so that tokens outlive a restart."""

import contextlib
import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from chassis.settings import SettingsError


def load_or_create(path: Path) -> RSAPrivateKey:
    """The key in `path`; one of 2048 bits is made there (mode 0600) if nothing is. Safe when two start at once.

    Raises SettingsError for a file that holds no RSA key or cannot be read or made.
    """
    try:
        if not path.exists():
            _create(path)
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(f"KAIWA_ISSUER_KEY_FILE: {path} cannot be used ({type(error).__name__}: {error})") from None
    if not isinstance(key, RSAPrivateKey):
        raise SettingsError(f"KAIWA_ISSUER_KEY_FILE: {path} holds no RSA key")
    return key


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    key = generate_private_key(public_exponent=65537, key_size=2048)
    # mkstemp's files are for their owner alone from the first moment on.
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        # A link, unlike a rename, never replaces the key of another process that was quicker.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)
