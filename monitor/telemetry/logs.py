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


# Faust and aiokafka log each step of a rebalance, and print whole tables of offsets, at INFO.
CHATTER = ("faust", "mode", "aiokafka", "monitor.stream.engine")


def set_up_logging(level: str, *, as_json: bool) -> None:
    """Log to stderr from `level` on."""
    to_stderr = logging.StreamHandler()
    to_stderr.setFormatter(JsonLines() if as_json else OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[to_stderr], force=True)
    # Its timers warn whenever one runs late by a tenth of a second.
    logging.getLogger("mode.timers").setLevel(logging.ERROR)
    for name in CHATTER:
        logging.getLogger(name).setLevel(
            level if level == "DEBUG" else max(logging.WARNING, logging.getLevelName(level))
        )
