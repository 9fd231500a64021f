"""What leaves in one message: its id, its form, and the pages that answer it."""

from collections.abc import Callable, Sequence
from hashlib import blake2b

from monitor.core.case import asks
from monitor.notify.shelf import Entry
from monitor.ports import Form, Message, Notice

Pages = Callable[[str, str, int], tuple[str, str]]
"""Of a message id, a recipient and the instant that it was due: the URLs of the pages to acknowledge and to snooze."""


def no_pages(message_id: str, recipient: str, at: int) -> tuple[str, str]:
    """Nobody can answer."""
    return "", ""


def parcel_of(entries: Sequence[Entry], pages: Pages = no_pages) -> Message:
    """The message of these entries of one recipient, at least one.

    Its id is that of the only notice, or made of all of them: the same ones have the same id whenever they are sent,
    and others, such as some of them after partitions have moved, never have it.
    """
    first = entries[0].item
    message_id = first.notice_id if len(entries) == 1 else _id_of(entries)
    answerable = any(asks(entry.item.call) for entry in entries)
    due_at = max(entry.item.at for entry in entries)
    acknowledge, snooze = pages(message_id, first.call.recipient, due_at) if answerable else ("", "")
    return Message(
        message_id,
        tuple(
            Notice(entry.item.notice_id, entry.outcome, entry.item.call.after, entry.item.call.asks)
            for entry in entries
        ),
        _form_of(entries),
        first.call.fold if all(entry.item.call.fold == first.call.fold for entry in entries) else (),
        acknowledge,
        snooze,
    )


def _id_of(entries: Sequence[Entry]) -> str:
    ids = "\x1f".join(sorted(entry.item.notice_id for entry in entries))
    return "grp_" + blake2b(ids.encode(), digest_size=16).hexdigest()


def _form_of(entries: Sequence[Entry]) -> Form:
    if len(entries) == 1:
        return Form.SINGLE
    return Form.DIGEST if all(entry.item.digest for entry in entries) else Form.FOLDED
