"""Run the command line as `python -m rltn_cli`."""

from rltn_cli.cli import main

if __name__ == "__main__":
    main()
