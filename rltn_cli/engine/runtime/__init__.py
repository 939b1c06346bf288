"""What every task runs on: a device, processes, memory, optional packages."""
