"""What every task runs on: devices, processes, memory, and optional packages."""
