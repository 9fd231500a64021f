"""Shows a running demonstration: a live screen on a terminal, plain lines anywhere else."""

from collections import Counter
from typing import Final, NamedTuple, Protocol

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from monitor.cli.demo.tally import VERDICTS_SHOWN, Share, Tally
from monitor.core.outcome import Kind, Outcome
from monitor.core.sentence import sentence

SUMMARY_EVERY_S: Final = 5.0
_WORD_CHARS_MAX: Final = 24
# What stands above the verdicts, and the line of the cursor.
_LINES_ABOVE: Final = 19
_COLOURS: Final = {
    Kind.WARNED: "yellow",
    Kind.MET: "green",
    Kind.BREACHED: "bold red",
    Kind.FULFILLED_LATE: "red",
    Kind.WITHDRAWN: "magenta",
    Kind.CANCELLED: "dim",
}


class Places(NamedTuple):
    """Where the parts of the demonstration are."""

    kafka: str
    embedded: bool
    web: str
    webhook: str
    log: str
    first_lead: str


class View(Protocol):
    """Shows a tally; all calls come from one thread."""

    def begin(self) -> None:
        """Everything is started."""
        ...

    def verdict(self, outcome: Outcome) -> None:
        """A verdict was added to the tally."""
        ...

    def refresh(self, elapsed_s: float) -> None:
        """Show the tally anew, `elapsed_s` seconds after the start."""
        ...

    def end(self) -> None:
        """Nothing more will come."""
        ...


class PlainView:
    """Lines for a log or a script: addresses, then one per verdict, and a summary now and then."""

    def __init__(self, tally: Tally, places: Places) -> None:
        self._tally = tally
        self._places = places
        self._summary_s = 0.0

    def begin(self) -> None:
        """See View."""
        for name, text in _addresses(self._places, self._places.first_lead):
            typer.echo(f"{name} {text}")

    def verdict(self, outcome: Outcome) -> None:
        """See View."""
        typer.echo(f"verdict {outcome.kind} {outcome.duty} {_word(outcome.lead)} {sentence(outcome)}")

    def refresh(self, elapsed_s: float) -> None:
        """See View."""
        if elapsed_s - self._summary_s >= SUMMARY_EVERY_S:
            self._summary_s = elapsed_s
            self._summary("summary")

    def end(self) -> None:
        """See View."""
        self._summary("total")

    def _summary(self, name: str) -> None:
        tally = self._tally
        clocks: Counter[str] = Counter()
        for (_, state), number in tally.clocks.items():
            clocks[state] += number
        kinds = " ".join(f"{kind}={tally.kinds[kind]}" for kind in Kind)
        typer.echo(
            f"{name} leads={tally.leads} sent={tally.sent} accepted={tally.accepted} dead_letters={tally.dead_letters} "
            f"clocks_running={clocks['running']} clocks_breached={clocks['breached']} {kinds} "
            f"deliveries_verified={tally.verified} deliveries_refused={tally.refused}"
        )


class LiveView:
    """One screen, drawn anew at every refresh."""

    def __init__(self, tally: Tally, places: Places, console: Console | None = None) -> None:
        self._tally = tally
        self._places = places
        self._console = console or Console()
        self._live = Live(console=self._console, auto_refresh=False)

    def begin(self) -> None:
        """See View."""
        self._live.start()

    def verdict(self, outcome: Outcome) -> None:
        """See View: it is drawn with the next refresh."""

    def refresh(self, elapsed_s: float) -> None:
        """See View."""
        self._live.update(self._screen(elapsed_s), refresh=True)

    def end(self) -> None:
        """See View."""
        self._live.stop()

    # Everything that comes from outside is put into Text: as a str, rich would read markup in it.
    def _screen(self, elapsed_s: float) -> Group:
        side_by_side = Table.grid(padding=(0, 4))
        side_by_side.add_row(self._counts(elapsed_s), self._clocks(), self._owners())
        return Group(self._header(), Text(), side_by_side, Text(), self._verdicts())

    def _header(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for name, text in _addresses(self._places, self._tally.newest_lead or self._places.first_lead):
            table.add_row(Text(name, style="bold"), Text(text, overflow="ellipsis", no_wrap=True))
        return table

    def _counts(self, elapsed_s: float) -> Table:
        tally = self._tally
        state = "judging" if tally.ready else "starting"
        table = _table("so far", "", title=f"{state} {elapsed_s:.0f} s, Ctrl-C ends")
        rows = {"leads in": tally.leads, "events in": tally.accepted, "dead letters": tally.dead_letters}
        rows |= {"webhooks verified": tally.verified, "webhooks refused": tally.refused}
        for name, number in rows.items():
            table.add_row(Text(name), Text(str(number), justify="right"))
        return table

    def _clocks(self) -> Table:
        table = _table("duty", "running", "late", title="clocks now")
        for duty in sorted({duty for duty, _ in self._tally.clocks}):
            numbers = [self._tally.clocks.get((duty, state), 0) for state in ("running", "breached")]
            table.add_row(Text(_word(duty)), *[Text(str(number), justify="right") for number in numbers])
        return table

    def _owners(self) -> Table:
        table = _table("owner", "met", "of", "share", title="duties met")
        best_first = sorted(self._tally.owners.items(), key=lambda entry: -_share(entry[1]))
        for owner, share in [entry for entry in best_first if entry[1].judged][:7]:
            numbers = (str(share.met), str(share.judged), f"{100 * _share(share):.0f}%")
            table.add_row(Text(_word(owner) or "nobody"), *[Text(number, justify="right") for number in numbers])
        return table

    def _verdicts(self) -> Group:
        kinds = Text()
        for kind, colour in _COLOURS.items():
            kinds.append(f"{kind} {self._tally.kinds[kind]}  ", style=colour)
        room = min(VERDICTS_SHOWN, max(3, self._console.height - _LINES_ABOVE))
        table = Table.grid(padding=(0, 2))
        for outcome in list(self._tally.verdicts)[-room:]:
            said = Text(sentence(outcome), overflow="ellipsis", no_wrap=True)
            table.add_row(Text(outcome.kind, style=_COLOURS[outcome.kind]), Text(_word(outcome.owner)), said)
        return Group(kinds, table)


def _table(*columns: str, title: str) -> Table:
    return Table(*columns, title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 1, 0, 0))


def _addresses(places: Places, lead: str) -> list[tuple[str, str]]:
    memory = " (embedded, in memory only: it forgets everything when this ends)" if places.embedded else ""
    return [
        ("kafka", places.kafka + memory),
        ("metrics", f"{places.web}/metrics"),
        ("lead", f"{places.web}/leads/{_word(lead)}"),
        ("ready", f"{places.web}/readyz"),
        ("webhook", f"{places.webhook} (verifies every signature)"),
        ("log", places.log),
    ]


def _share(share: Share) -> float:
    return share.met / share.judged if share.judged else 0.0


def _word(text: str) -> str:
    """A name from outside, bounded and without control characters."""
    return "".join(character if character.isprintable() else "?" for character in text[:_WORD_CHARS_MAX])
