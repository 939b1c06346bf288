"""Run the command line: `python -m rltn_cli`, and the command `rltn`."""

import sys

from rltn_cli.errors import INTERRUPTED


def main() -> None:
    """Run the command line and end the process with its exit code; 130 if interrupted while it loads."""
    try:
        from rltn_cli.cli import main as run_and_exit
    except KeyboardInterrupt:
        sys.stderr.write("rltn: interrupted\n")
        sys.exit(INTERRUPTED)
    run_and_exit()


if __name__ == "__main__":
    main()
