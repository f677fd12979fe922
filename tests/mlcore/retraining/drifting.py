"""Two months of verifications as rows, whose scores, pictures and decisions a test chooses."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from customers.models import Customer
from mlcore.models import ModelVersion
from sigweb.accounts.models import Branch, User
from tests.mlcore.making import make_customer, make_user
from verification.models import Verification

BEFORE, LATELY = (37, 7), (7, 0)


class Desk:
    """One branch with its teller and its customers; asks for verifications of any day."""

    def __init__(self, code: str, version: ModelVersion, *, until: datetime, customers: int = 60) -> None:
        self.branch, _ = Branch.objects.get_or_create(code=code, defaults={"name": f"{code} Street"})
        self.teller: User = make_user(branch=self.branch)
        self.reviewer: User = make_user(branch=self.branch)
        self.customers: list[Customer] = [make_customer(branch=self.branch) for _ in range(customers)]
        self.version, self.until, self.asked = version, until, 0

    def ask(
        self, count: int, days: tuple[int, int], *, score: float = -2.0, spread: float = 1.0, **fields: Any
    ) -> list[Verification]:
        """So many verifications, evenly from days[0] to days[1] days ago, scores around one; see _row for fields."""
        # The same for the same test, in whatever order tests run.
        self.asked += 1
        rng = np.random.default_rng([self.asked, *self.branch.code.encode()])
        made = [
            self._row(rng, float(rng.normal(score, spread)), self.customers[index % len(self.customers)], **fields)
            for index in range(count)
        ]
        Verification.objects.bulk_create(made)
        for index, row in enumerate(made):
            age = days[1] + (days[0] - days[1]) * (index + 0.5) / count
            row.asked_at = self.until - timedelta(days=age)
        Verification.objects.bulk_update(made, ["asked_at"])
        return made

    def _row(
        self,
        rng: np.random.Generator,
        score: float,
        customer: Customer,
        *,
        decided: str = "",
        sharpness: float = 0.6,
        remark: str = "",
        verdict: str = "",
        version: ModelVersion | None = None,
    ) -> Verification:
        quality = {
            "grade": "usable" if remark else "good",
            "sharpness": round(float(rng.normal(sharpness, 0.05)), 4),
            "contrast": round(float(rng.normal(0.7, 0.05)), 4),
            "width": int(rng.normal(400, 40)),
            "height": int(rng.normal(150, 20)),
            "remarks": [{"code": remark, "sentence": "."}] if remark else [],
        }
        decision = {"decided_by": self.reviewer, "decided_at": self.until} if decided else {}
        return Verification(
            customer=customer,
            image=b"x",
            digest=uuid.uuid4().hex * 2,
            media_type="image/png",
            score=score,
            probability=0.5,
            far=0.1,
            frr=0.1,
            t_match=-1.0,
            t_no_match=1.0,
            verdict=verdict or ("match" if score <= -1 else "refer" if score <= 1 else "no_match"),
            quality=quality,
            model_version=version or self.version,
            policy_version="1",
            asked_by=self.teller,
            request_token=uuid.uuid4(),
            human_decision=decided,
            **decision,
        )
