"""A child process that cannot outlive its parent, however the parent ends."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

# The command runs in a session of its own, so that a Ctrl-C at the terminal reaches only the parent, which
# then stops its children in order. Beside it a watcher waits on a pipe that only the parent holds open: when
# the parent is gone, even by SIGKILL, the read ends and the watcher kills its process group. (The Linux-only
# "parent death signal" would fire when the starting thread ends, not the process.)
_GUARD = 'exec 3<&0; { read -r _ <&3; kill -9 0; } & exec "$@" </dev/null 3<&-'


class Child:
    """One running command whose output goes to a log file."""

    def __init__(self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        """Start `command`; `env` is added to this process's environment. Raises OSError if it cannot be started."""
        self.log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD, "guard", *command],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The command's process id: the shell that started it was replaced by it."""
        return self._process.pid

    def ended(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def send(self, sig: signal.Signals) -> None:
        """Signal the command; does nothing once it has ended."""
        self._process.send_signal(sig)

    def stop(self, grace_s: float = 10.0) -> int:
        """Ask it to end, kill it after `grace_s` seconds, and return its exit status; may be called again."""
        self.send(signal.SIGTERM)
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
        return self._reap()

    def kill(self) -> int:
        """End it at once, as a crash would, and return its exit status."""
        self.send(signal.SIGKILL)
        return self._reap()

    def _reap(self) -> int:
        status = self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()  # lets the watcher go
        return status

    def log_tail(self, lines: int = 15) -> str:
        """The newest lines of its output, for an error message."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
