"""Become another program that the kernel kills as soon as its parent dies.

Run as a script: `python -I -S launch.py <parent pid> <bytes of memory, 0: no limit> <program>
<arguments …>`. Only the standard library is imported, so that it costs about 15 ms. It stands
between because `preexec_fn` would run Python code in a forked, threaded process, which can
dead-lock.
"""

import ctypes
import os
import resource
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1
"""From <linux/prctl.h>; the setting survives execve(2)."""


def die_with_parent(parent_pid: int) -> None:
    """Ask Linux to kill this process when its parent dies. Elsewhere nothing happens.

    The parent may have died before the call; then the process belongs to another one already.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    parent_pid, memory_bytes_max, *program = sys.argv[1:]
    die_with_parent(int(parent_pid))
    if limit := int(memory_bytes_max):
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    os.execv(program[0], program)  # noqa: S606  the arguments are our own, and no shell is wanted


if __name__ == "__main__":
    main()
