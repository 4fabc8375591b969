"""The tables at the end, in Markdown."""

import statistics

HEADER = ["workload", "connections", "subject", "rate /s", "p50 ms", "p99 ms", "CPU µs: server", "CPU µs: PostgreSQL",
          "server MB", "flushes each", "× statement", "× transaction", "other answers"]


def median(results, figure):
    """None where it was not measured."""
    values = [getattr(result, figure) for result in results]
    return None if None in values else statistics.median(values)


def rate_at_best(runs, workload, subject):
    """The rate at the number of clients that gives the best one; none if it was not measured."""
    rates = [median(results, "rate") for (w, s, _), results in runs.items() if (w, s) == (workload, subject)]
    return max(rates, default=None)


def number(value):
    return "–" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def row(runs, key):
    workload, subject, connections = key
    results = runs[key]
    rate = median(results, "rate")
    ratios = []
    for baseline in ("statement", "transaction"):
        best = rate_at_best(runs, workload, baseline)
        ratios.append(number(rate / best) if best and subject not in ("statement", "statements", "transaction") else "")
    other = {}
    for result in results:
        for status, count in result.other.items():
            other[status] = other.get(status, 0) + count
    ours = subject not in ("statement", "statements", "transaction")
    return [workload, str(connections), subject, number(rate), number(median(results, "p50")), number(median(results, "p99")),
            number(median(results, "server_us")) if ours else "", number(median(results, "postgres_us")),
            number(median(results, "memory")) if ours else "", number(median(results, "flushes")), *ratios,
            ", ".join(f"{count} × {status}" for status, count in sorted(other.items()))]


def markdown(header, rows):
    align = ["---" if index in (0, 2, len(header) - 1) else "---:" for index in range(len(header))]
    lines = ["| " + " | ".join(cells) + " |" for cells in [header, align, *rows]]
    return "\n".join(lines)


def results(runs):
    """Every measured combination, in the order of workloads."""
    workloads = list(dict.fromkeys(workload for workload, _, _ in runs))
    ordered = sorted(runs, key=lambda key: (workloads.index(key[0]), key[1] == "server", key[1], key[2]))
    return markdown(HEADER, [row(runs, key) for key in ordered])


def figures(runs):
    """What is promised, as far as it was measured: figure, at least or at most, aim, measured."""
    def rate(workload, connections, subject="server"):
        results = runs.get((workload, subject, connections))
        return median(results, "rate") if results else None

    def ratio(above, below):
        return above / below if above and below else None

    def p99(workload, connections, subject="server"):
        results = runs.get((workload, subject, connections))
        return median(results, "p99") if results else None

    def most(workload, figure, connections):
        results = runs.get((workload, "server", connections))
        return median(results, figure) if results else None

    best = lambda workload, subject="statement": rate_at_best(runs, workload, subject)
    lone = {subject: runs.get(("lone", subject, 1)) for subject in ("server", "statements", "transaction")}
    rows = [
        ("one hot course, 64 connections: × pgbench's statement", "≥ 4", "7", ratio(rate("hot", 64), best("hot"))),
        ("one hot course, 256 connections: × pgbench's statement", "≥ 5", "9", ratio(rate("hot", 256), best("hot"))),
        ("one hot course, 256 connections: × a plain transaction (with 2 ms a flush: ≥ 15)", "", "45", ratio(rate("hot", 256), best("hot", "transaction"))),
        ("spread, 64 connections: × pgbench's statement", "≥ 0.9", "1.6", ratio(rate("spread", 64), best("spread"))),
        ("zipf, 256 connections: × pgbench's statement", "≥ 1.2", "2.5", ratio(rate("zipf", 256), best("zipf"))),
        ("refusals on a full course, 64 connections: × accepted ones on a hot course", "≥ 1.0", "1.3", ratio(rate("full", 64), rate("hot", 64))),
        ("a student's courses, 64 connections: × pgbench's same statement", "≥ 0.6", "1.0", ratio(rate("courses", 64), best("courses"))),
        ("p99 of reads, 64 readers with 64 writers: ms", "≤ 25", "10", p99("mixed reads", 64)),
        *((f"p99 of enrollments (zipf), {connections} connections: ms", f"≤ {least}", aim, p99("zipf", connections))
          for connections, least, aim in ((64, "20", "10"), (256, "50", "25"), (1000, "150", "75"))),
        ("a lone enrollment, p50: × a plain transaction of the same statements", "≤ 1.3", "1.0",
         ratio(median(lone["server"], "p50"), median(lone["statements"], "p50")) if all(lone.values()) else None),
        ("a lone enrollment, p50: × the ordinary transaction on lean tables", "", "",
         ratio(median(lone["server"], "p50"), median(lone["transaction"], "p50")) if all(lone.values()) else None),
        ("memory of the server, zipf, 1,000 connections: MB", "≤ 150", "80", most("zipf", "memory", 1000)),
        *((f"{words}, 64 connections: × without knowing who asks", "≥ 0.9", "1.0",
           ratio(rate(f"{workload}, key", 64), rate(f"{workload}, open", 64)))
          for workload, words in (("courses", "a student's courses"), ("spread", "enrollments"))),
        ("two servers, hot, 64 connections in all: × one server", "≥ 0.7", "0.9", ratio(rate("two servers", 64), rate("hot", 64))),
    ]
    measured = [[name, least, aim, number(value)] for name, least, aim, value in rows if value is not None]
    lines = ["| " + " | ".join(cells) + " |" for cells in [["figure", "at least", "aim", "measured"], ["---", "---:", "---:", "---:"], *measured]]
    return "\n".join(lines)
