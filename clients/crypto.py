"""Texts at rest: AES-256-GCM, bound to their row (security.md, field encryption).

A stored value is `key id . nonce . ciphertext`; the row's table, column and id are authenticated with it, so a value
copied into another row does not open. Keys come from FIELD_KEYS and are apart from SECRET_KEY.
"""

import os
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models


class Unreadable(Exception):
    """The stored bytes do not open: a key is missing, or they belong to another row."""


def seal(text: str, place: str) -> bytes:
    """Encrypt `text` for `place` ("table.column.row-id") with the first key."""
    key_id, key = next(iter(settings.FIELD_KEYS.items()))
    nonce = os.urandom(12)
    name = key_id.encode()
    return bytes([len(name)]) + name + nonce + AESGCM(key).encrypt(nonce, text.encode(), place.encode())


def open_sealed(stored: bytes, place: str) -> str:
    """Decrypt what `seal` made for the same place. Raises Unreadable; never returns ciphertext."""
    length = stored[0] if stored else 0
    key = settings.FIELD_KEYS.get(stored[1 : 1 + length].decode(errors="replace"))
    if key is None:
        raise Unreadable(f"no key for {place}")
    nonce, body = stored[1 + length : 13 + length], stored[13 + length :]
    try:
        return AESGCM(key).decrypt(nonce, body, place.encode()).decode()
    except (InvalidTag, ValueError):  # ValueError: cut off
        raise Unreadable(f"{place} does not open") from None


class Sealed:
    """A value as it came from the database; opened on first use, because only the row knows its id."""

    __slots__ = ("stored",)

    def __init__(self, stored: bytes) -> None:
        self.stored = stored


class _Opening:
    """Descriptor: a sealed value is opened when the attribute is read."""

    def __init__(self, field: "EncryptedText") -> None:
        self.field = field

    def __get__(self, row: Any, owner: Any = None) -> Any:
        if row is None:
            return self
        name = self.field.attname
        if name not in row.__dict__:
            row.refresh_from_db(fields=[name])
        value = row.__dict__[name]
        if isinstance(value, Sealed):
            sealed, value = value, open_sealed(value.stored, self.field.place(row.pk))
            row.__dict__[name] = value
            row.__dict__[f"_{name}_as_stored"] = (row.pk, value, sealed)
        return value

    def __set__(self, row: Any, value: Any) -> None:
        row.__dict__[self.field.attname] = value


class EncryptedText(models.BinaryField):  # type: ignore[type-arg]
    """Text that is plain in Python and sealed in the database. Empty text stays empty text, None stays NULL.

    Bound to the row's id, so the id must be known before saving: all our ids are made in Python. Query it only for
    NULL; never filter by its content.
    """

    description = "encrypted text"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _Opening(self))

    def place(self, pk: UUID) -> str:
        return f"{self.model._meta.db_table}.{self.column}.{pk}"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else Sealed(bytes(value))

    def to_python(self, value: Any) -> Any:
        return value

    def get_default(self) -> Any:
        return "" if not self.null else None

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        value = getattr(model_instance, self.attname)  # opens it, so that a copied row's text is not tied to the old id
        if value is None:
            return None
        pk, text, sealed = model_instance.__dict__.get(f"_{self.attname}_as_stored", (None, None, None))
        if pk == model_instance.pk and text == value:
            return sealed  # unchanged text keeps its very bytes
        return Sealed(seal(value, self.place(model_instance.pk)))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, Sealed):
            value = value.stored
        elif isinstance(value, str):
            raise TypeError(f"{self.name} is sealed per row: save the row instead of updating the column")
        return super().get_db_prep_value(value, connection, prepared)

    def value_to_string(self, obj: Any) -> str:
        raise TypeError(f"{self.name} is not written out in plain")
