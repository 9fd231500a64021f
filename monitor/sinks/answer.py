"""What an HTTP answer to a notice means: delivered, worth another try, or refused for good."""

from email.utils import parsedate_to_datetime
from typing import Final

from monitor.ports import Delivery

# Longer than the retry limit of any sensible setting; a far end cannot make us wait for ever.
RETRY_AFTER_S_MAX: Final = 3600.0
_US_PER_S: Final = 1_000_000


def delivery_of(status: int, retry_after: str | None, now_at: int) -> Delivery:
    """Judge an HTTP status, with the `Retry-After` header where the far end sent one.

    Redirects are a failure and not followed, as Standard Webhooks asks; 410 means "send no more". The vendors' own
    tables of answers agree: Slack (410 for an archived channel), PagerDuty (202, 429 and 5xx to try again), Teams.
    """
    if 200 <= status < 300:
        return Delivery(delivered=True, retryable=False, reason="ok")
    if status < 200:
        # An interim answer and nothing behind it: not a word about the notice.
        return Delivery(delivered=False, retryable=True, reason="network")
    if status == 410:
        return Delivery(delivered=False, retryable=False, reason="gone")
    if status == 429:
        return Delivery(False, True, "throttled", retry_after_s(retry_after, now_at))
    if 300 <= status < 400:
        return Delivery(delivered=False, retryable=False, reason="redirect")
    if 400 <= status < 500:
        return Delivery(delivered=False, retryable=False, reason="http_4xx")
    wait_s = retry_after_s(retry_after, now_at) if status == 503 else None
    return Delivery(False, True, "http_5xx", wait_s)


def retry_after_s(header: str | None, now_at: int) -> float | None:
    """Seconds that a `Retry-After` header asks for (RFC 9110: whole seconds or a date), 0 to RETRY_AFTER_S_MAX.

    None where there is no header or it cannot be read.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), RETRY_AFTER_S_MAX)
    try:
        wait_s = parsedate_to_datetime(text).timestamp() - now_at / _US_PER_S
    except (ValueError, OverflowError):
        return None
    return min(max(wait_s, 0.0), RETRY_AFTER_S_MAX)
