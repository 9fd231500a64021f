"""How log lines look: one line each, for people or as JSON; the engine's chatter stays at its warnings."""

import json
import logging


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON: time (UTC), level, logger, message, and the traceback if there is one."""
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


class OneLine(logging.Formatter):
    """For people; line breaks in a message can't forge a second line."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The message with line breaks escaped; a traceback, which is ours, keeps its lines."""
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        return super().formatMessage(record)


class Repeats(logging.Filter):
    """Lets a line of the engine through once in REPEATED_S, and says then how many like it there were.

    While a broker is away its clients say so some twenty times a second.
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: dict[tuple[str, str], tuple[float, int]] = {}
        """By logger and unformatted message: when it was shown last, and how many were held back since."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to show the record; those of the monitor itself always are."""
        if not record.name.startswith(CHATTER):
            return True
        key = (record.name, str(record.msg)[:REPEATED_LENGTH_MAX])
        shown_s, held_back = self._shown.get(key, (float("-inf"), 0))
        if record.created - shown_s < REPEATED_S:
            self._shown[key] = (shown_s, held_back + 1)
            return False
        if len(self._shown) >= REPEATED_MAX:
            self._shown.clear()
        self._shown[key] = (record.created, 0)
        if held_back:
            record.msg, record.args = f"{record.getMessage()} (and {held_back} more like it)", ()
        return True


# Long enough that an outage of a minute is a handful of lines, short enough that they are still there.
REPEATED_S = 10.0
# The engine's messages are templates, some hundred of them.
REPEATED_MAX, REPEATED_LENGTH_MAX = 1_000, 200
# Faust and aiokafka log each step of a rebalance, and print whole tables of offsets, at INFO.
CHATTER = ("faust", "mode", "aiokafka", "monitor.stream.engine")


def set_up_logging(level: str, *, as_json: bool) -> None:
    """Log to stderr from `level` on."""
    to_stderr = logging.StreamHandler()
    to_stderr.setFormatter(JsonLines() if as_json else OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    to_stderr.addFilter(Repeats())
    logging.basicConfig(level=level, handlers=[to_stderr], force=True)
    # Its timers warn whenever one runs late by a tenth of a second.
    logging.getLogger("mode.timers").setLevel(logging.ERROR)
    for name in CHATTER:
        logging.getLogger(name).setLevel(
            level if level == "DEBUG" else max(logging.WARNING, logging.getLevelName(level))
        )
