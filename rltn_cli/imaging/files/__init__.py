"""Reading and writing picture files, and whether they are whole."""
