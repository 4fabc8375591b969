"""Measures this server beside PostgreSQL's own leanest statements, in one run on one machine. Started by script/bench.

    cluster   a PostgreSQL for the run, seeded by sql/         server   this server as a process        pooler   PgBouncer before it
    load      wrk (wrk/load.lua) and pgbench (pgbench/)        cost     processor time and memory
    table     what is printed at the end

To add a workload: a function in wrk/load.lua, a script in pgbench/ where there is something to compare to, and its name in WORKLOADS.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import platform
import signal
import subprocess
import sys
import time

import cost
import pooler
import table
from cluster import Cluster, transaction_times
from load import Wrk, pgbench, round_trip
from server import Server

READS = ("courses", "roster", "seats")
ENROLLS = ("spread", "zipf", "hot", "full")
SPECIAL = ("lone", "mixed", "two", "access", "pgbouncer")
WORKLOADS = (*ENROLLS, *READS, *SPECIAL)


@dataclasses.dataclass
class Result:
    """One run."""
    rate: float
    p50: float
    p99: float
    server_us: float
    postgres_us: float
    memory: float
    flushes: float
    other: dict


class Bench:
    def __init__(self, options, scale, cluster, servers):
        self.options, self.scale, self.cluster, self.servers = options, scale, cluster, servers
        self.runs = {}
        # The number of the next request of a workload: no student and section are named twice.
        self.next = {}
        self.next_hot = 0
        self.accepted = 0

    def keep(self, workload, subject, connections, result):
        self.runs.setdefault((workload, subject, connections), []).append(result)
        self.say(f"{workload:>12} {subject:>11} {connections:>5}: {result.rate:>9,.0f}/s  p50 {result.p50:.2f} ms  p99 {result.p99:.2f} ms"
                 + (f"  other answers: {result.other}" if result.other else ""))

    def say(self, line):
        print(f"[{time.monotonic() - self.options.began:6.0f} s] {line}", file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def measured(self, servers):
        """What happens meanwhile, from the outside: the processors' time, memory, flushes, and statuses by the servers' own counts."""
        pids = [server.process.pid for server in servers]
        self.cluster.checkpoint()
        flushes, taken = self.flushes(servers), self.cluster.seats_taken()
        statuses = [server.statuses() for server in servers]
        own, postgres = sum(map(cost.seconds, pids)), cost.seconds(self.cluster.postgres.pid)
        seen = {}
        with cost.Memory(pids) as memory:
            yield seen
        seen["server_s"] = sum(map(cost.seconds, pids)) - own
        seen["postgres_s"] = cost.seconds(self.cluster.postgres.pid) - postgres
        seen["memory"] = memory.most
        # Until the answers that the load did not wait for at its end are given.
        time.sleep(1)
        seen["taken"] = self.cluster.seats_taken() - taken
        seen["statuses"] = {}
        for server, before in zip(servers, statuses):
            for status, count in server.statuses().items():
                if count > before.get(status, 0):
                    seen["statuses"][status] = seen["statuses"].get(status, 0) + count - before.get(status, 0)
        seen["flushes"] = self.flushes(servers) - flushes

    def flushes(self, servers):
        for server in servers:
            server.stir()
        return self.cluster.flushes()

    def pgbench(self, workload, subject, clients):
        with self.measured([]) as seen:
            load = pgbench(self.cluster, clients, self.options.seconds, workload, subject, max(1, self.scale["student_courses"] // 5))
        result = self.result(load, seen, load.answers, {"failed": load.errors} if load.errors else {})
        name = "lone" if clients == 1 and workload == "spread" else workload
        self.keep(name, subject, clients, result)

    def start(self, server, workload, connections):
        first = self.next.get(workload, 0)
        hot = self.next_hot
        if hot >= self.scale["hot"]:
            raise SystemExit("bench: out of hot courses; give more by --hot")
        return Wrk(server, connections, self.options.seconds, workload, first, self.scale, hot)

    def use_up(self, workload, loads):
        """Remembers what was asked for, so that it is not asked for again."""
        self.next[workload] = self.next.get(workload, 0) + max(load.numbers for load in loads) + 1
        if workload == "hot":
            if max(load.numbers for load in loads) > self.scale["students"]:
                raise SystemExit("bench: out of students; give more by --students")
            # The next hot course is asked for by the next students: else they would have more courses from run to run.
            self.next_hot += 1
        if workload == "zipf" and self.next["zipf"] >= self.scale["students"] * self.scale["blocks"]:
            raise SystemExit("bench: out of students; give more by --students")

    def expected(self, workload):
        return {"409"} if workload == "full" else {"200"} if workload in READS else {"201"}

    def server(self, workload, connections, name=None, server=None):
        server = server or self.servers[0]
        with self.measured([server]) as seen:
            load = self.start(server, workload, connections).wait()
        self.use_up(workload, [load])
        other = self.other(workload, load, seen)
        wanted = load.errors if workload == "full" else load.answers - load.errors
        if workload in ENROLLS:
            self.check_acknowledged(0 if workload == "full" else wanted, connections, seen)
        self.keep(name or workload, "server", connections, self.result(load, seen, wanted, other))

    def other(self, workload, load, seen):
        other = {status: count for status, count in seen["statuses"].items() if status not in self.expected(workload)}
        return other | ({"broken": load.broken} if load.broken else {})

    def check_acknowledged(self, accepted, connections, seen):
        """Every 201 has taken a seat, and no seat is taken that was not asked for: at the end of a load, each connection may have one
        request whose answer is not waited for."""
        if not accepted <= seen["taken"] <= accepted + connections:
            raise SystemExit(f"bench: {accepted} requests were accepted, and {seen['taken']} seats were taken")

    def result(self, load, seen, wanted, other):
        each = max(1, wanted)
        return Result(wanted / load.seconds, load.p50, load.p99, seen["server_s"] / each * 1e6, seen["postgres_s"] / each * 1e6,
                      seen["memory"], seen["flushes"] / each, other)

    def lone(self):
        self.pgbench("spread", "transaction", 1)
        self.server("spread", 1, "lone")
        self.same_statements()

    def same_statements(self):
        """What a lone enrollment's statements take as a plain transaction: PostgreSQL's own times of them, and a client's way there and back for
        each."""
        trip = round_trip(self.cluster, self.options.seconds)
        with self.cluster.timing_statements() as timed:
            load = self.start(self.servers[0], "spread", 1).wait()
        self.use_up("spread", [load])
        took, trips = transaction_times(timed)
        self.say(f"a lone enrollment's statements take {took:.2f} ms, and {trips:.0f} round trips of {trip:.3f} ms")
        # Put together of two figures, so it has no more than these.
        result = Result(1e3 / (took + trips * trip), took + trips * trip, None, None, None, None, None, {})
        self.runs.setdefault(("lone", "statements", 1), []).append(result)

    def mixed(self, connections=64):
        """Readers and writers at once. The cost of the two cannot be told apart, so both rows have that of both together."""
        server = self.servers[0]
        with self.measured([server]) as seen:
            loads = {workload: self.start(server, workload, connections) for workload in ("courses", "zipf")}
            loads = {workload: load.wait() for workload, load in loads.items()}
        for workload, load in loads.items():
            self.use_up(workload, [load])
        self.check_acknowledged(loads["zipf"].answers - loads["zipf"].errors, connections, seen)
        other = {status: count for status, count in seen["statuses"].items() if status not in ("200", "201")}
        answers = sum(load.answers for load in loads.values())
        for workload, name in (("courses", "mixed reads"), ("zipf", "mixed writes")):
            result = self.result(loads[workload], seen, answers, other)
            rate = (loads[workload].answers - loads[workload].errors) / loads[workload].seconds
            self.keep(name, "server", connections, dataclasses.replace(result, rate=rate))

    def two(self, connections=64):
        """Two servers on one database, half of the connections each, and one hot course."""
        with self.measured(self.servers) as seen:
            loads = []
            for server in self.servers:
                loads.append(self.start(server, "hot", connections // 2))
                # The second asks for other students.
                self.next["hot"] = self.next.get("hot", 0) + self.scale["students"] // 2
            loads = [load.wait() for load in loads]
        if max(load.numbers for load in loads) > self.scale["students"] // 2:
            raise SystemExit("bench: out of students; give more by --students")
        self.next_hot += 1
        accepted = sum(load.answers - load.errors for load in loads)
        self.check_acknowledged(accepted, connections, seen)
        other = {status: count for status, count in seen["statuses"].items() if status != "201"}
        slower = max(loads, key=lambda load: load.p99)
        seconds = sum(load.seconds for load in loads) / 2
        result = self.result(dataclasses.replace(slower, seconds=seconds), seen, accepted, other)
        self.keep("two servers", "server", connections, result)

    def access(self, connections=64):
        """What it costs to know who asks: the same with a key, and by a server that lets everybody in."""
        for workload in ("courses", "spread"):
            for _ in range(3):
                self.server(workload, connections, f"{workload}, key")
                self.server(workload, connections, f"{workload}, open", self.open_server)

    def pgbouncer(self, connections=64):
        """What it costs to keep no statement prepared, and to go through a pooler."""
        for workload in ("courses", "spread"):
            for _ in range(3):
                self.server(workload, connections, f"{workload}, direct")
                self.server(workload, connections, f"{workload}, PgBouncer", self.pooled_server)

    def round(self):
        for workload in self.options.workloads:
            if workload in SPECIAL:
                if "server" in self.options.subjects:
                    getattr(self, workload)()
                continue
            # Alternating, so that what else the machine does falls on all alike.
            sizes = max(len(self.options.clients), len(self.options.connections))
            for index in range(sizes):
                for subject in self.baselines(workload):
                    if index < len(self.options.clients):
                        self.pgbench(workload, subject, self.options.clients[index])
                if index < len(self.options.connections) and "server" in self.options.subjects:
                    self.server(workload, self.options.connections[index])

    def baselines(self, workload):
        if workload == "seats":
            return []
        return [subject for subject in ("statement", "transaction") if subject in self.options.subjects
                and not (workload in READS and subject == "transaction")]

    def warm_up(self):
        """Opens connections and plans statements."""
        for workload in ("courses", "spread"):
            self.use_up(workload, [Wrk(self.servers[0], 16, 1, workload, self.next.get(workload, 0), self.scale, 0).wait()])

    def check(self):
        self.say("enrollment check")
        done = subprocess.run([self.options.binary, "check", "--database-url", self.cluster.url], stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"bench: an invariant is broken:\n{done.stdout[:4000]}")


def parse():
    words = lambda known: lambda text: [word for word in text.split(",") if word in known or parser.error(f"{word}: there are {', '.join(known)}")]
    numbers = lambda text: [int(number) for number in text.split(",")]
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round of 2 seconds a run, fewer sizes: under five minutes")
    parser.add_argument("--workloads", type=words(WORKLOADS), help=f"of {','.join(WORKLOADS)} (all)")
    parser.add_argument("--subjects", type=words(("statement", "transaction", "server")), default=["statement", "transaction", "server"],
                        help="of statement,transaction,server (all)")
    parser.add_argument("--connections", type=numbers, help="to the server (16,64,256,1000)")
    parser.add_argument("--clients", type=numbers, help="of pgbench; ratios are to the best (8,16,64)")
    parser.add_argument("--seconds", type=int, help="of one run (10)")
    parser.add_argument("--rounds", type=int, help="of all runs; the medians are told (5)")
    parser.add_argument("--student-courses", type=int, default=100_000, help="in the table from the start (100000)")
    parser.add_argument("--students", type=int, help="(1000000, or as many as have the student courses)")
    parser.add_argument("--hot", type=int, default=400, help="hot courses: each run uses up one (400)")
    parser.add_argument("--shared-buffers", default="1GB", help="of PostgreSQL (1GB)")
    parser.add_argument("--flush-delay", type=float, default=0, metavar="MS", help="added to each flush of the log, for all subjects")
    parser.add_argument("--binary", default="target/release/enrollment", help="the server (target/release/enrollment)")
    parser.add_argument("--serve", default="", metavar="OPTIONS", help="more options of `enrollment serve`, in one word")
    parser.add_argument("--no-check", action="store_true", help="leave `enrollment check` to the end, instead of after each round")
    parser.add_argument("--json", metavar="FILE", help="every run, too")
    parser.add_argument("--postgres-bin", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    quick = options.quick
    options.workloads = options.workloads or [name for name in WORKLOADS if name != "pgbouncer" or pooler.program()]
    options.connections = options.connections or ([64, 256] if quick else [16, 64, 256, 1000])
    options.clients = options.clients or ([8, 16] if quick else [8, 16, 64])
    options.seconds = options.seconds or (2 if quick else 10)
    options.rounds = options.rounds or (1 if quick else 5)
    options.began = time.monotonic()
    return options


def scale_of(options):
    with_courses = options.student_courses // 5
    return {
        "students": options.students or max(400_000 if options.quick else 1_000_000, with_courses),
        "student_courses": options.student_courses,
        "sections": max(1000, options.student_courses // 200 // 1000 * 1000),
        "blocks": 4,
        "hot": options.hot,
    }


def machine(options, cluster):
    version = cluster.psql("-c", "SHOW server_version").split()[0]
    delay = f", {options.flush_delay:g} ms added to each flush" if options.flush_delay else ""
    return (f"{os.cpu_count()} processors ({platform.machine()}) shared with the load; PostgreSQL {version}, shared_buffers {options.shared_buffers}, "
            f"durable commits{delay}; {options.student_courses:,} student courses at the start; medians of {options.rounds} run(s) of "
            f"{options.seconds} s; load average at the end {os.getloadavg()[0]:.1f}")


def main():
    options = parse()
    scale = scale_of(options)
    # Ended by a signal, it still stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: terminated"))
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(Cluster(options.postgres_bin, options.shared_buffers, options.flush_delay))
        subprocess.run([options.binary, "migrate", "--log", "warn", "--database-url", cluster.url], check=True, stdout=subprocess.DEVNULL)
        bench = Bench(options, scale, cluster, [])
        bench.say(f"seeding {scale['students']:,} students and {scale['student_courses']:,} student courses")
        cluster.seed(scale)
        def start(*more, url=cluster.url, key=None):
            return stack.enter_context(Server(options.binary, url, cluster.dir / "server.log", [*options.serve.split(), *more], key))

        bench.servers = [start()] + ([start()] if "two" in options.workloads else [])
        if "access" in options.workloads:
            bench.open_server = start("--no-authentication")
        if "pgbouncer" in options.workloads:
            pgbouncer = stack.enter_context(pooler.PgBouncer(cluster))
            # The command that makes a key keeps statements prepared.
            bench.pooled_server = start("--prepared-statements", "off", url=pgbouncer.url, key=bench.servers[0].key)
        bench.warm_up()
        for number in range(options.rounds):
            bench.say(f"round {number + 1} of {options.rounds}")
            bench.round()
            if not options.no_check or number + 1 == options.rounds:
                bench.check()
        print(f"{machine(options, cluster)}\n\n{table.results(bench.runs)}\n\n{table.figures(bench.runs)}\n\n"
              f"Started, the database being there, to the first answer: {bench.servers[0].started_in * 1000:.0f} ms.")
        if options.json:
            every = [{"workload": w, "subject": s, "connections": c} | dataclasses.asdict(result)
                     for (w, s, c), results in bench.runs.items() for result in results]
            with open(options.json, "w", encoding="utf-8") as file:
                json.dump(every, file, indent=1)


if __name__ == "__main__":
    main()
