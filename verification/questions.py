"""What every question about a signature needs: a token, a readable picture, a model. And how it is refused."""

from __future__ import annotations

import logging
import uuid
from dataclasses import asdict
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from mlcore.bundle import ArtefactError, Bundle
from mlcore.imaging import Box, ImageRefused, Signature, prepare
from mlcore.models import ModelVersion
from mlcore.selectors import NoChampion, model_bundle, model_champion
from mlcore.sentences import refusal_in_words, sentence_in_words

logger = logging.getLogger(__name__)


class VerificationRefused(Exception):
    """Nothing was judged; `sentence` says why and what to do, `field` which input it is about ("" for none)."""

    def __init__(self, code: str, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.field = field


def question_token(token: uuid.UUID, *asked: object) -> uuid.UUID:
    """The token that is stored: the form's, bound to what was asked and by whom.

    A browser's Back brings a form back with its old token; another file, customer or amount in it is another
    question and must not be answered with the old verdict.
    """
    return uuid.uuid5(token, "\x1f".join(str(part) for part in asked))


def token_lock(token: uuid.UUID) -> None:
    """The second of two clicks waits here until the first is done; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"verification:{token}"])


def questioned_prepare(data: bytes, *, page: int = 0, turn: int = 0, area: Box | None = None) -> Signature:
    """Decode and normalise a questioned image: a page of the file, turned, or an area of it in pixels of that.

    Raises VerificationRefused when it shows no signature.
    """
    try:
        signature = prepare(data, page=page, turn=turn, box=area)
    except ImageRefused as error:
        raise VerificationRefused(error.code, refusal_in_words(error), field="image") from error
    if signature.quality.grade == "refused":
        remarks = signature.quality.remarks
        found = " ".join(sentence_in_words(remark.sentence) for remark in remarks)
        raise VerificationRefused("quality_refused", found or _("No signature was found in this image."), field="image")
    return signature


def signature_fields(signature: Signature, *, page: int, turn: int, area: Box | None) -> dict[str, Any]:
    """What of a questioned signature is stored with the answer, beside its bytes."""
    judged = area_judged(signature, area)
    return {
        "media_type": signature.media_type,
        "page": page,
        "turn": turn,
        "area": asdict(judged) if judged else None,
        "box": asdict(signature.box) if signature.box else None,
        "quality": signature.quality.as_dict(),
    }


def area_judged(signature: Signature, area: Box | None) -> Box | None:
    """The part of the page that was judged, within the page.

    None for the whole page: where no box was given, where it covers the page, and where nothing of it lies on it.
    """
    height, width = signature.page.shape
    part = area.within(width, height) if area else Box(0, 0, 0, 0)
    if not part.width or not part.height or (part.width, part.height) == (width, height):
        return None
    return part


def model_demand() -> tuple[ModelVersion, Bundle]:
    """The champion and its artefact. Raises VerificationRefused when nothing can be judged by it."""
    try:
        version = model_champion()
        return version, model_bundle(version)
    except NoChampion as error:
        logger.error("A verification was asked for, but no model version is champion.")
        raise VerificationRefused(
            "no_champion", _("No model is in use yet, so nothing can be judged. Ask an administrator to install one.")
        ) from error
    except ArtefactError as error:
        logger.exception("The champion can not be loaded.")
        raise VerificationRefused(
            "artefact", _("The model in use can not be loaded, so nothing was judged. Tell an administrator.")
        ) from error
