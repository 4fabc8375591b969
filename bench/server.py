"""This server, as a process of its own."""

import concurrent.futures
import http.client
import socket
import subprocess
import time
import urllib.error
import urllib.request


class Server:
    def __init__(self, binary, database_url, log, options=(), key=None):
        self.binary, self.database_url, self.key = binary, database_url, key
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self.command = [binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--database-url", database_url,
                        "--log", "warn", *options]

    def __enter__(self):
        began = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        while not self.answers("/readyz"):
            if self.process.poll() is not None or time.monotonic() - began > 30:
                raise SystemExit(f"bench: the server does not start; see {self.log}")
            time.sleep(0.005)
        self.started_in = time.monotonic() - began
        self.key = self.key or self.make_key()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def make_key(self):
        """A key that may do all that is measured; the tables are there once the server has started."""
        command = [self.binary, "key", "create", "--role", "registrar", "--role", "administrator", "--database-url", self.database_url,
                   "--log", "warn"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def headers(self):
        return {"Authorization": f"Bearer {self.key}"}

    def answers(self, path):
        """Whether a path is answered with 200."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def stir(self):
        """Has every connection to the database do something, so that it tells its statistics: refusals, which change nothing."""
        def ask(number):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            body = '{"section_id":"00000000-0000-7014-8000-000000000000"}'
            path = f"/api/v1/students/00000000-0000-7001-8000-{number:012x}/courses"
            connection.request("POST", path, body, {"Content-Type": "application/json", **self.headers()})
            if connection.getresponse().status != 409:
                raise SystemExit("bench: the full section is not full")
            connection.close()
        with concurrent.futures.ThreadPoolExecutor(32) as threads:
            list(threads.map(ask, range(64)))

    def statuses(self):
        """How many requests to the API were answered with each status so far, by the server's own count."""
        request = urllib.request.Request(self.url + "/metrics", headers=self.headers())
        with urllib.request.urlopen(request, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        counts = {}
        for line in lines:
            if line.startswith("enrollment_http_requests_total{") and 'route="/api/' in line:
                status = line.split('status="')[1].split('"')[0]
                counts[status] = counts.get(status, 0) + int(float(line.rsplit(" ", 1)[1]))
        return counts
