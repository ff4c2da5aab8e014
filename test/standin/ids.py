# SPDX-License-Identifier: Apache-2.0 - identifiers in Clerk's form
"""Ids of Clerk's objects: a prefix, `_`, and 27 letters and digits that begin with 2."""
from __future__ import annotations

import secrets
import string

_ALPHABET = string.digits + string.ascii_letters


def new_id(prefix: str) -> str:
    """An id nobody has seen before."""
    return f"{prefix}_2" + "".join(secrets.choice(_ALPHABET) for _ in range(26))


def fixed_id(prefix: str, word: str) -> str:
    """An id that is the same in every run and can be recognized by its word."""
    return f"{prefix}_2{word.ljust(26, '0')}"
