"""
What officers read, in their language. Source strings in the code are English, so English is always complete; every
other language has a catalog in ``locale/``, written by ``make catalogs`` and a translator.

Other packages are handed a translator: they know ``gettext()`` and ``ngettext()``, not this module.
"""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

DOMAIN = "bangfu"
CATALOGS = Path(__file__).parent / "locale"


@cache
def translator(language: str) -> gettext.NullTranslations:
    """
    The catalog of a language of :data:`bangfu.settings.Language`.

    Raises:
        FileNotFoundError: The language is not English and has no catalog: the installation is broken.
    """
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, CATALOGS, [language])
