"""Programs on a terminal of their own."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def run_on_terminal(
    command: Sequence[str], variables: Mapping[str, str], cwd: Path | None = None
) -> str:
    """Run a program on a terminal and return all that it shows."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        command,
        env=variables,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
    ):
        os.close(follower)
        output = b""
        try:
            while chunk := os.read(leader, 4096):
                output += chunk
        except OSError:  # how Linux says that the other end is closed
            pass
    os.close(leader)
    return output.decode()
