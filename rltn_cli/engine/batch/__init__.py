"""Many files in one run: planned first, then painted or drawn, and recorded."""
