"""Who runs a process that a driver names by its id."""

from datetime import UTC, datetime

from resources.gpu.inventory.model import DeviceProcess


def device_process(pid: int, memory_mib: int | None) -> DeviceProcess:
    """The process with its user and start; without them where it cannot be seen from here, or has ended."""
    import psutil

    try:
        process = psutil.Process(pid)
        with process.oneshot():
            started = datetime.fromtimestamp(process.create_time(), UTC)
            return DeviceProcess(pid, process.username(), memory_mib, started)
    except (psutil.Error, OverflowError):
        return DeviceProcess(pid, None, memory_mib)
