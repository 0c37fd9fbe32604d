"""A stand-in for nvidia-cuda-mps-control, put on PATH by a test: a daemon, its sockets and its servers.

As the real one it forks into the background for ``-d``, writes its number into the folder of its pipes,
refuses to be there twice, starts servers that outlive it when it is killed, and takes commands on a socket.
FAKE_MPS in its environment: ``broken`` makes it refuse to start; ``slow:N`` waits N seconds before it says
who it is.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PIPES = Path(os.environ["CUDA_MPS_PIPE_DIRECTORY"])
SERVER = "nvidia-cuda-mps-server"


def start() -> None:
    told = os.environ.get("FAKE_MPS", "")
    if told == "broken":
        sys.exit("The driver is too old for MPS")
    lock = os.open(PIPES / "control_lock", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("An instance of this daemon is already running")
    if os.fork():
        os._exit(0)
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    if told.startswith("slow:"):
        time.sleep(float(told.removeprefix("slow:")))
    log = Path(os.environ["CUDA_MPS_LOG_DIRECTORY"]) / "control.log"
    with log.open("a") as file:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        file.write(f"order {os.environ['CUDA_DEVICE_ORDER']} visible {visible}\n")
    served = socket.socket(socket.AF_UNIX)
    served.bind(str(PIPES / "control_privileged"))
    served.listen()
    (PIPES / "nvidia-cuda-mps-control.pid").write_text(str(os.getpid()))
    serve(served)


def serve(served: socket.socket) -> None:
    servers: list[subprocess.Popen[bytes]] = []
    while True:
        asked, _ = served.accept()
        with asked:
            command = asked.makefile().readline().split()
            match command:
                case ["get_server_list"]:
                    asked.sendall("".join(f"{one.pid}\n" for one in servers).encode())
                case ["start_server", "-uid", _]:
                    servers.append(subprocess.Popen([SERVER, "600"], executable="/bin/sleep"))
                case ["quit", *_]:
                    for one in servers:
                        one.send_signal(signal.SIGTERM)
                        one.wait()
                    (PIPES / "nvidia-cuda-mps-control.pid").unlink()
                    sys.exit()
                case _:
                    asked.sendall(b"Unrecognized command\n")


def ask() -> None:
    for line in sys.stdin:
        with socket.socket(socket.AF_UNIX) as control:
            try:
                control.connect(str(PIPES / "control_privileged"))
            except OSError:
                sys.exit("Cannot find MPS control daemon process")
            control.sendall(line.encode())
            control.shutdown(socket.SHUT_WR)
            sys.stdout.write(control.makefile().read())


if sys.argv[1:] == ["-d"]:
    start()
else:
    ask()
