"""One file per subcommand: parse, call once, print."""
