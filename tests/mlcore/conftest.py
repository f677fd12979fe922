from __future__ import annotations

from tests.mlcore.champions import base, champion, tiny

__all__ = ["base", "champion", "tiny"]
