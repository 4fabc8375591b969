"""What processes use: time on the processor and memory, from /proc."""

import os
import pathlib
import threading

TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def _stat(pid):
    # The name of the program, in parentheses, may have spaces.
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def seconds(pid):
    """Time on the processor of a process, of its children that it waited for, and of those that live."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = _stat(pid)
    own = sum(int(fields[field]) for field in (11, 12, 13, 14)) * TICK
    alive = 0.0
    for child in children:
        try:
            alive += sum(int(field) for field in _stat(child)[11:13]) * TICK
        except (FileNotFoundError, ProcessLookupError):
            pass
    return own + alive


class Memory:
    """The most memory that processes have while this is open, all together, in megabytes."""

    def __init__(self, pids):
        self.pids, self.most, self.over = pids, 0.0, threading.Event()
        self.watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self.watcher.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.watcher.join()

    def _watch(self):
        while not self.over.wait(0.2):
            resident = sum(int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.pids)
            self.most = max(self.most, resident * PAGE / 1e6)
