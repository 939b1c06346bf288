"""Pictures as files and as arrays: reading, writing, geometry, lines and regions. No torch here."""
