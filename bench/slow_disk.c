/* Adds a pause to each flush of a file, to try a slower disk than the one that is there: bench/cluster.py builds it and preloads it into
   PostgreSQL, and into nothing else. PostgreSQL flushes its log by fdatasync on Linux. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int fdatasync(int file) {
    static int (*flush)(int);
    static long pause_ns = -1;
    if (pause_ns < 0) {
        const char *milliseconds = getenv("BENCH_FLUSH_DELAY_MS");
        pause_ns = milliseconds ? (long)(atof(milliseconds) * 1e6) : 0;
        flush = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    }
    struct timespec pause = {pause_ns / 1000000000L, pause_ns % 1000000000L};
    nanosleep(&pause, NULL);
    return flush(file);
}
