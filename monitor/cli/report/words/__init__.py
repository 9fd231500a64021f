"""Every text of the report: one table for each language, with the same keys."""

from collections.abc import Mapping
from typing import Final

from monitor.cli.report.words.english import ENGLISH
from monitor.cli.report.words.german import GERMAN
from monitor.notify.channels.words import Language

WORDS: Final[Mapping[Language, Mapping[str, str]]] = {Language.ENGLISH: ENGLISH, Language.GERMAN: GERMAN}
