"""How a report writes words, numbers, money, dates and durations in one language."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from monitor.cli.report.words import WORDS
from monitor.core.instant import from_rfc3339
from monitor.notify.channels.texts import plain
from monitor.notify.channels.words import Language

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS: Final = {
    Language.ENGLISH: ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")),
    Language.GERMAN: ((86_400, "T"), (3_600, "Std."), (60, "min"), (1, "s")),
}


class Forms(NamedTuple):
    """Of a language, with local time of a zone."""

    language: Language
    zone: ZoneInfo

    def say(self, key: str, **values: object) -> str:
        """A text of the table; values are put in as they are."""
        return WORDS[self.language][key].format(**values)

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in WORDS[self.language]

    def number(self, number: float | Decimal, places: int | None = None) -> str:
        """With separators of thousands; without `places` as many decimals as it has, at most three."""
        text = f"{number:,.3f}".rstrip("0").rstrip(".") if places is None else f"{number:,.{places}f}"
        return text.translate(str.maketrans(",.", ".,")) if self.language is Language.GERMAN else text

    def percent(self, percent: float | None) -> str:
        """One place, cut off; a dash for none."""
        if percent is None:
            return "-"
        shown = self.number(int(percent * 10 + 1e-9) / 10, 1)
        return f"{shown} %" if self.language is Language.GERMAN else f"{shown}%"

    def objective(self, percent: float) -> str:
        """As it was agreed."""
        return f"{self.number(percent)}{' ' if self.language is Language.GERMAN else ''}%"

    def money(self, amounts: dict[str, str] | None) -> str:
        """All currencies."""
        if not amounts:
            return self.say("unknown") if amounts is None else self.say("none")
        return ", ".join(f"{self.number(Decimal(amount), 2)} {currency}" for currency, amount in amounts.items())

    def day(self, instant: str, *, before: bool = False) -> str:
        """The local date; `before`: that of the last instant before it, as the end of a period is meant."""
        return self.date(self._local(from_rfc3339(instant) - before).date().isoformat())

    def date(self, date_: str) -> str:
        """Of an ISO date."""
        day = date.fromisoformat(date_)
        if self.language is Language.GERMAN:
            return f"{day:%d.%m.%Y}"
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

    def instant(self, instant: str) -> str:
        """The local date and time."""
        return f"{self.day(instant)}, {self._local(from_rfc3339(instant)):%H:%M}"

    def duration(self, seconds: float | None) -> str:
        """The two largest units, cut off; a dash for none."""
        if seconds is None:
            return "-"
        rest, parts = int(seconds), list[str]()
        for size, name in _UNITS[self.language]:
            count, rest = divmod(rest, size)
            if count:
                parts.append(f"{count} {name}")
            elif parts:
                break
        return " ".join(parts[:2]) or f"0 {_UNITS[self.language][-1][1]}"

    def name(self, name: str) -> str:
        """A name from outside, as one line of bounded length."""
        return plain(name) or self.say("none")

    def _local(self, at: int) -> datetime:
        return (_EPOCH + timedelta(microseconds=at)).astimezone(self.zone)
