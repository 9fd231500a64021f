"""What a message of several notices says: how many of what, what they have in common, and the worst of them."""

from collections import Counter
from typing import Final

from monitor.core.outcome import Kind
from monitor.core.routing import Severity, severity_of
from monitor.notify.channels.texts import (
    Item,
    Link,
    Style,
    Text,
    headline,
    instant,
    kind_of,
    plain,
    single_text,
    term_in_words,
    url_of,
)
from monitor.notify.channels.words import LANGUAGES, Words
from monitor.ports import Form, Message, Notice

# As many as somebody reads before opening the list; ten lines stay far below every far end's limit.
ITEMS_MAX: Final = 10
# Kinds and duties that are counted by themselves; few storms have more than one.
COUNTS_MAX: Final = 5
# In a line that names four things.
NAME_CHARS_MAX: Final = 60
_KINDS_SHOWN: Final = 2


def text_of(message: Message, style: Style) -> Text:
    """The message in words: a notice that is alone as itself, of several what fits on a screen."""
    words = LANGUAGES[style.language]
    first, *others = message.notices
    text = _of_several(message, style, words) if others else single_text(first, style)
    pages = ((words.acknowledge_link, message.acknowledge_url), (words.snooze_link, message.snooze_url))
    return text._replace(links=(*text.links, *(Link(label, url) for label, url in pages if url)))


def counts_of(message: Message) -> list[tuple[tuple[Kind, str], int]]:
    """How often each kind was said of each duty, the most frequent first; COUNTS_MAX of them."""
    said = Counter((notice.outcome.kind, notice.outcome.duty) for notice in message.notices)
    return sorted(said.items(), key=lambda each: (-each[1], each[0]))[:COUNTS_MAX]


def leads_in(message: Message) -> int:
    """How many different leads, quotas and agreements are spoken of."""
    return len({notice.outcome.subject for notice in message.notices})


def worst(message: Message) -> list[Notice]:
    """ITEMS_MAX of the notices, the same each time: the most severe, and of these the longest overdue."""
    return sorted(message.notices, key=_badness)[:ITEMS_MAX]


def _badness(notice: Notice) -> tuple[int, int, str]:
    severities = [Severity.ERROR, Severity.WARNING, Severity.INFO]
    return severities.index(severity_of(notice.outcome.kind)), notice.outcome.due_at, notice.notice_id


def _of_several(message: Message, style: Style, words: Words) -> Text:
    count = len(message.notices)
    by_kind = counts_of(message)
    examples = {(notice.outcome.kind, notice.outcome.duty): notice.outcome for notice in message.notices}
    kinds = list(dict.fromkeys(kind_of(examples[said], words) for said, _ in by_kind))
    if message.form is Form.DIGEST:
        title = words.digest_title.format(count=_number(count, words))
    else:
        shown = ", ".join(kinds[:_KINDS_SHOWN]) + (" …" if len(kinds) > _KINDS_SHOWN else "")
        title = words.folded_title.format(kinds=shown, count=_number(leads_in(message), words))
    facts = [
        (f"{kind_of(examples[said], words)}: {plain(said[1], NAME_CHARS_MAX)}", _number(times, words))
        for said, times in by_kind
    ]
    named = {"source": words.source, "owner": words.owner, "team": words.team, "duty": words.duty}
    nobody = {"owner": words.nobody}
    facts += [
        (named.get(field, words.segment), plain(value) or nobody.get(field, "-")) for field, value in message.cause
    ]
    items = tuple(Item(_line(notice, style, words), url_of(notice.outcome, style)) for notice in worst(message))
    left = count - len(items)
    return Text(title, tuple(facts), (), items, words.more.format(count=_number(left, words)) if left else "")


def _line(notice: Notice, style: Style, words: Words) -> str:
    outcome = notice.outcome
    subject = outcome.lead or outcome.policy_version
    if outcome.delivery is not None:
        subject = term_in_words(outcome.delivery)
    owner = plain(outcome.owner, NAME_CHARS_MAX)
    return words.item.format(
        kind=headline(notice, words),
        duty=plain(outcome.duty, NAME_CHARS_MAX),
        subject=plain(subject, NAME_CHARS_MAX),
        owner=f" ({owner})" if owner else "",
        due=instant(outcome.due_at, style.zone, words),
    )


def _number(count: int, words: Words) -> str:
    return f"{count:,}".replace(",", words.thousands)
