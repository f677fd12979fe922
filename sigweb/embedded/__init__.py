"""PostgreSQL and Redis from wheels, for the demo, development and the tests; and the launcher of the demo.

Nothing in here imports Django: the launcher stays small and starts fast.
"""

from __future__ import annotations
