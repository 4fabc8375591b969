"""The load: wrk asks the server, pgbench asks PostgreSQL. Both are closed loops: so many connections, each of which asks again when it is
answered, and latency is the time of one answer."""

import dataclasses
import json
import os
import pathlib
import re
import subprocess
import tempfile

HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass
class Load:
    """What came of a load."""
    seconds: float
    answers: int
    errors: int = 0
    broken: int = 0
    p50: float = 0.0
    p99: float = 0.0
    numbers: int = 0
    """How many numbers of requests were used up."""


class Wrk:
    """wrk, started; `wait` for what came of it."""

    def __init__(self, server, connections, seconds, workload, first, scale, hot):
        threads = min(2, connections)
        arguments = [workload, first, scale["students"], max(1, scale["student_courses"] // 5), hot, threads]
        self.command = ["wrk", "--latency", "--timeout", "30s", "-t", str(threads), "-c", str(connections), "-d", f"{seconds}s",
                        "-s", str(HERE / "wrk" / "load.lua"), server.url, "--", *map(str, arguments)]
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True, env={**os.environ, "ENROLLMENT_KEY": server.key})

    def wait(self):
        output = self.process.communicate()[0]
        if self.process.returncode != 0:
            raise SystemExit(f"bench: wrk failed: {' '.join(self.command)}\n{output}")
        result = json.loads(output.strip().splitlines()[-1])
        broken = result.pop("broken") + result.pop("timeouts")
        return Load(broken=broken, **result)


def round_trip(cluster, seconds):
    """How long a client waits for the answer to nothing, in ms."""
    with tempfile.TemporaryDirectory(prefix="enrollment-pgbench-") as folder:
        script = pathlib.Path(folder) / "script.sql"
        script.write_text("SELECT;\n")
        command = [cluster.binaries / "pgbench", "-n", "-M", "prepared", "-c", "1", "-T", str(seconds), "-f", script]
        done = subprocess.run(command, env=cluster.environment, stdout=subprocess.PIPE, check=True, text=True)
    return float(re.search(r"latency average = ([\d.]+) ms", done.stdout)[1])


STUDENT = "\\set student random(1000000000, 1000000000000000)\n"
SECTION = {
    "spread": "\\set section random(1, 1000)\n",
    "zipf": "\\set section random_zipfian(1, 1000, 1.001)\n",
    "hot": "\\set section 1001\n",
    "full": "\\set section 1002\n",
}


def pgbench_script(workload, subject):
    if workload not in SECTION:
        return (HERE / "pgbench" / f"{workload}.sql").read_text()
    name = "refused" if (workload, subject) == ("full", "transaction") else subject
    return STUDENT + SECTION[workload] + (HERE / "pgbench" / f"{name}.sql").read_text()


def pgbench(cluster, clients, seconds, workload, subject, readers):
    with tempfile.TemporaryDirectory(prefix="enrollment-pgbench-") as folder:
        folder = pathlib.Path(folder)
        script = folder / "script.sql"
        script.write_text(pgbench_script(workload, subject))
        command = [cluster.binaries / "pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(2, clients)), "-T", str(seconds),
                   "-D", f"readers={readers}", "-f", script, "-l", "--log-prefix", folder / "log", "--sampling-rate", "0.2"]
        done = subprocess.run(command, env=cluster.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"bench: pgbench failed:\n{done.stderr}")
        # "client transaction microseconds ..."
        times = sorted(int(line.split()[2]) for log in folder.glob("log.*") for line in log.read_text().splitlines())
    answers = int(re.search(r"actually processed: (\d+)", done.stdout)[1])
    failed = int(re.search(r"failed transactions: (\d+)", done.stdout)[1])
    rate = float(re.search(r"tps = ([\d.]+)", done.stdout)[1])
    at = lambda share: times[int(share * (len(times) - 1))] / 1e3 if times else 0.0
    return Load(seconds=answers / rate, answers=answers, errors=failed, p50=at(0.5), p99=at(0.99))
