from __future__ import annotations

from django.dispatch import Signal

# kwargs: public_ids: list[UUID]. Sent after commit, when specimens have been stored for a customer.
specimens_stored = Signal()
