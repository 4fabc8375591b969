"""A PostgreSQL cluster for one run of the bench, with default durability, thrown away at the end."""

import contextlib
import os
import pathlib
import pwd
import re
import shutil
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).parent
DATABASE = "bench"


class Cluster:
    def __init__(self, binaries, shared_buffers, flush_delay_ms):
        self.binaries = pathlib.Path(binaries)
        self.flush_delay_ms = flush_delay_ms
        # PostgreSQL refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="enrollment-bench-"))
        if os.geteuid() == 0:
            shutil.chown(self.dir, self.user)
        self.dir.chmod(0o755)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        self.environment |= {"PGHOST": str(self.dir), "PGUSER": "postgres", "PGDATABASE": DATABASE, "LC_ALL": "C"}
        # As the connections of the server are set up (enrollment-diesel/src/pool.rs).
        self.environment["PGOPTIONS"] = "-c plan_cache_mode=force_generic_plan -c jit=off"
        self.url = f"postgresql:///{DATABASE}?host={self.dir}&user=postgres"
        # Durability is PostgreSQL's default: fsync, full_page_writes and synchronous_commit are on. The log is large enough that no
        # checkpoint falls into a run; there is one before each, which leaves the log's files to be written over, as they are in a
        # cluster that is no longer new: to make new ones costs whoever needs them.
        self.settings = {
            "listen_addresses": "", "unix_socket_directories": str(self.dir), "max_connections": "300",
            "shared_buffers": shared_buffers, "max_wal_size": "16GB", "min_wal_size": "4GB", "checkpoint_timeout": "1h", "timezone": "UTC",
        }

    def __enter__(self):
        data = self.dir / "data"
        self._run_as_user("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        with open(self.dir / "log", "wb") as log:
            self.postgres = subprocess.Popen(
                [self.binaries / "postgres", "-D", data, *settings], stdout=log, stderr=log, cwd="/",
                env=self.environment | self._slow_disk(), **self._as_user())
        self._wait()
        self.psql("-d", "postgres", "-c", f"CREATE DATABASE {DATABASE}")
        return self

    def __exit__(self, *_):
        self.postgres.terminate()
        try:
            self.postgres.wait(20)
        except subprocess.TimeoutExpired:
            self.postgres.kill()
            self.postgres.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def _as_user(self):
        if os.geteuid() != 0:
            return {}
        user = pwd.getpwnam(self.user)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _run_as_user(self, program, *arguments):
        subprocess.run([self.binaries / program, *arguments], check=True, cwd="/", env=self.environment,
                       stdout=subprocess.DEVNULL, **self._as_user())

    def run_beside(self, command):
        """Starts a program as the user of PostgreSQL."""
        return subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, **self._as_user())

    def _slow_disk(self):
        if not self.flush_delay_ms:
            return {}
        library = self.dir / "slow_disk.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, HERE / "slow_disk.c", "-ldl"], check=True)
        return {"LD_PRELOAD": str(library), "BENCH_FLUSH_DELAY_MS": str(self.flush_delay_ms)}

    def _wait(self):
        for _ in range(200):
            ready = [self.binaries / "pg_isready", "-q", "-d", "postgres"]
            if subprocess.run(ready, env=self.environment).returncode == 0:
                return
            if self.postgres.poll() is not None:
                break
            time.sleep(0.1)
        raise SystemExit(f"bench: PostgreSQL does not start:\n{(self.dir / 'log').read_text()}")

    def psql(self, *arguments):
        """What a statement answers, without ornament."""
        command = [self.binaries / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *arguments]
        return subprocess.run(command, check=True, env=self.environment, stdout=subprocess.PIPE, text=True).stdout.strip()

    def number(self, statement):
        return int(self.psql("-c", statement))

    def seats_taken(self):
        return self.number("SELECT sum(taken) FROM seat_pools")

    def checkpoint(self):
        """Writes what is dirty and makes the log's used files ready to be used again, so that each run begins alike."""
        self.psql("-c", "CHECKPOINT")

    def flushes(self):
        """Flushes of the log so far. A backend tells its own at most once a second, after a statement: see `Server.stir`."""
        return self.number("SELECT wal_sync FROM pg_stat_wal")

    @contextlib.contextmanager
    def timing_statements(self):
        """Has PostgreSQL tell how long each statement takes meanwhile; then they are in what this yields."""
        self.psql("-c", "ALTER SYSTEM SET log_min_duration_statement = 0", "-c", "ALTER SYSTEM SET log_parameter_max_length = 0",
                  "-c", "SELECT pg_reload_conf()")
        began = (self.dir / "log").stat().st_size
        timed = []
        yield timed
        self.psql("-c", "ALTER SYSTEM RESET ALL", "-c", "SELECT pg_reload_conf()")
        with open(self.dir / "log", "rb") as log:
            log.seek(began)
            lines = log.read().decode(errors="replace").splitlines()
        told = (re.search(r"\[(\d+)\] LOG:  duration: ([\d.]+) ms  (\w+)(?: \S+)?: (.*)", line) for line in lines)
        timed.extend((int(one[1]), float(one[2]), one[3], one[4]) for one in told if one)

    def seed(self, scale):
        """Fills the tables that the migrations made."""
        values = [item for name, value in scale.items() for item in ("-v", f"{name}={value}")]
        for file in ("seed.sql", "lean.sql"):
            self.psql(*values, "-f", HERE / "sql" / file)
        self.psql("-c", "VACUUM (ANALYZE)")


def transaction_times(timed):
    """Of the transactions of several statements that were committed: the median of the times that PostgreSQL took for all statements of one, in ms,
    and of how often a client had to wait for its answer."""
    open_ones, times, trips = {}, [], []
    for process, took, phase, text in timed:
        if text == "BEGIN":
            open_ones[process] = [0.0, 0]
        if process not in open_ones:
            continue
        open_ones[process][0] += took
        # What is prepared is bound and executed in one go.
        open_ones[process][1] += phase != "bind"
        if text.endswith("COMMIT"):
            time_taken, waits = open_ones.pop(process)
            times.append(time_taken)
            trips.append(waits)
        elif text == "ROLLBACK":
            del open_ones[process]
    return statistics.median(times), statistics.median(trips)
