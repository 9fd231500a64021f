"""How a command fails: one message a person can act on, and an exit code a script can."""

from typing import Final

BAD_INPUT: Final = 1
UNAVAILABLE: Final = 3
FAILED: Final = 4
SELF_FENCED: Final = 5


class Failure(Exception):
    """Ends the command with this message and exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code
