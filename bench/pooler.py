"""PgBouncer in transaction mode before the cluster of a run."""

import os
import shutil
import socket
import subprocess
import time

from cluster import DATABASE

ROLE = "pooled"

# What docs/OPERATIONS.md asks to be set for the role.
SETTINGS = {
    "default_transaction_isolation": "'read committed'", "statement_timeout": "'10s'", "lock_timeout": "'1s'",
    "idle_in_transaction_session_timeout": "'10s'", "lc_messages": "'C'", "plan_cache_mode": "force_generic_plan", "jit": "off",
}


def program():
    """Debian keeps it in a folder that is not on everybody's path. None where it is not installed."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class PgBouncer:
    def __init__(self, cluster):
        self.cluster = cluster
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"postgresql://{ROLE}@127.0.0.1:{self.port}/{DATABASE}"

    def __enter__(self):
        if not program():
            raise SystemExit("bench: PgBouncer is missing: please install it (Debian: pgbouncer)")
        self.cluster.psql("-c", f"CREATE ROLE {ROLE} SUPERUSER LOGIN")
        for name, value in SETTINGS.items():
            self.cluster.psql("-c", f"ALTER ROLE {ROLE} SET {name} = {value}")
        file = self.cluster.dir / "pgbouncer.ini"
        file.write_text(
            f"[databases]\n{DATABASE} = host={self.cluster.dir} dbname={DATABASE} user={ROLE}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\nauth_type = any\n"
            "pool_mode = transaction\ndefault_pool_size = 17\nmax_client_conn = 100\n")
        self.process = self.cluster.run_beside([program(), "--quiet", file])
        deadline = time.monotonic() + 10
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("bench: PgBouncer does not start")
            time.sleep(0.02)
        return self

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __exit__(self, *_):
        # Its sessions are the servers', which have ended: nothing is waited for.
        self.process.kill()
        self.process.wait()
