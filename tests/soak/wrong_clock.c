/* Put before the C library (LD_PRELOAD), this makes the wall clock of one process wrong by as many seconds as the
 * file named by WRONG_CLOCK holds (eight bytes, native order; it may be written at any time). The monotonic clock
 * stays right, as it does when somebody sets the time. libfaketime 0.9.10 was tried first: told to leave the
 * monotonic clock alone it makes time.sleep() fail and threads wait five times as long for Python's global lock. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *wrong_by_s;

__attribute__((constructor)) static void begin(void)
{
    const char *name = getenv("WRONG_CLOCK");
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *wrong_by_s, PROT_READ, MAP_SHARED, file, 0);

    if (mapped == MAP_FAILED)
        abort(); /* a test with the right clock would prove nothing */
    wrong_by_s = mapped;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *at)
{
    int status = (int)syscall(SYS_clock_gettime, clock, at);

    if (status == 0 && wrong_by_s && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        at->tv_sec += *wrong_by_s;
    return status;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now))
        return -1;
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}
