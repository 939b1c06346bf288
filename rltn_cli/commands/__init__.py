"""One file a subcommand: parse, call once, print."""
