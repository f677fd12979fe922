"""How a promotion ended, in the language of whoever reads it. The message itself is stored in English."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from mlcore.models import Promotion
from mlcore.sentences import ENDINGS, Wording, stored_in_words

# As mlcore.retraining.promotion and mlcore.retraining.advancing say them (a test finds those that are missing).
CLOSINGS: tuple[Wording, ...] = (
    gettext_noop("Cancelled; the champion is unchanged."),
    gettext_noop("%(name)s is the champion already."),
    gettext_noop(
        "It was measured against %(then)s, but %(now)s is the champion now; measure it anew, or give a reason."
    ),
    gettext_noop("no model"),
    gettext_noop("The gate did not find %(name)s better than %(champion)s; give a reason to promote it all the same."),
    gettext_noop("%(name)s was never measured against %(champion)s; measure it, or give a reason."),
    gettext_noop("Something unforeseen went wrong; the worker's log tells what. The champion is unchanged."),
    gettext_noop(
        "The worker stopped %(times)d times without a single vector; its log tells more. The champion is unchanged."
    ),
    gettext_noop(
        "The worker died at %(count)d specimens; see the embedding failures and its log. The champion is unchanged."
    ),
    gettext_noop("%(name)s is the champion now."),
    # Translated where they are said, as singular and plural.
    (
        "%(count)d specimen has no vector, since its image can not be used.",
        "%(count)d specimens have no vector, since their images can not be used.",
    ),
    (
        "%(count)d specimen that the champion knows could not be read; see the embedding failures. "
        "Nothing was switched.",
        "%(count)d specimens that the champion knows could not be read; see the embedding failures. "
        "Nothing was switched.",
    ),
)


def promotion_message(promotion: Promotion) -> str:
    """The closing sentences of a promotion; empty while it goes on."""
    return stored_in_words(promotion.message, CLOSINGS + ENDINGS)
