from __future__ import annotations

from tests.mlcore.champions import champion, tiny

__all__ = ["champion", "tiny"]
