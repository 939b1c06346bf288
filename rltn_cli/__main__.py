"""Run the command line: `python -m rltn_cli`, and the command `rltn`."""

import os
import signal

from rltn_cli.errors import INTERRUPTED


def main() -> None:
    """Run the command line and end the process with its exit code; 130 if interrupted while it loads."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)
    from rltn_cli.cli import main as run_and_exit

    run_and_exit()


def _stop(*_: object) -> None:
    """End the process as interrupted; nothing was begun yet."""
    os.write(2, b"rltn: interrupted\n")
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
