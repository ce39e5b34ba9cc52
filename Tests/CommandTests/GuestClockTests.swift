import Testing

/// Programs of the lab read its clock from a page that they share with its kernel, and move it on themselves
/// (lab-kernel/shared-clock.patch). It must be the clock that the kernel tells, which is asked here by the system call.
@Suite struct GuestClockTests {
    @Test func `the clock that programs read is the one that the kernel tells`() throws {
        let outcome = try Program.played(GuestClockTests.agreement)
        #expect(
            outcome.output == """
                realtime moves by 256 ns, but for the ticks
                monotonic moves by 256 ns, but for the ticks
                boottime moves by 256 ns, but for the ticks
                time of day: realtime
                time: 0 s from the kernel's
                set forward: 3600 s

                """, "\(outcome.all)")
    }

    @Test func `a loop that waits for the clock is interrupted by what falls due, and gets there`() throws {
        let outcome = try Program.played(GuestClockTests.loops)
        #expect(
            outcome.output == """
                a timer of 50 ms rang after 50 ms
                a loop of a minute took 60000 ms
                other threads and processes: 0 readings went back

                """, "\(outcome.all)")
    }

    /// A tick of the kernel, one each 10 ms, looks at the clock as well: so a few steps are longer.
    static let agreement = #"""
        #define _GNU_SOURCE
        #include <stdint.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static int64_t told(int clock, int by_kernel)
        {
            struct timespec now;
            if (by_kernel)
                syscall(SYS_clock_gettime, clock, &now);
            else
                clock_gettime(clock, &now);
            return now.tv_sec * 1000000000LL + now.tv_nsec;
        }

        int main(void)
        {
            static const struct { int clock; const char *name; } clocks[] = {
                {CLOCK_REALTIME, "realtime"}, {CLOCK_MONOTONIC, "monotonic"}, {CLOCK_BOOTTIME, "boottime"}};
            for (int c = 0; c < 3; c++) {
                long odd = 0, count = 200000;
                int64_t last = told(clocks[c].clock, 1);
                for (long i = 0; i < count; i++) {
                    int64_t now = told(clocks[c].clock, i % 3 == 0);
                    odd += now - last != 256;
                    last = now;
                }
                long ticks = count * 256 / 10000000 + 1;
                printf("%s moves by 256 ns, but for %s\n", clocks[c].name, odd <= ticks ? "the ticks" : "others");
            }
            struct timeval day;
            int64_t before = told(CLOCK_REALTIME, 1);
            gettimeofday(&day, 0);
            int64_t real = told(CLOCK_REALTIME, 1);
            int64_t microseconds = day.tv_sec * 1000000LL + day.tv_usec;
            printf("time of day: %s\n",
                   microseconds >= before / 1000 && microseconds <= real / 1000 ? "realtime" : "another time");
            printf("time: %ld s from the kernel's\n", (long)(time(0) - syscall(SYS_time, 0)));
            struct timespec later = {real / 1000000000 + 3600, real % 1000000000};
            clock_settime(CLOCK_REALTIME, &later);
            printf("set forward: %ld s\n", (long)((told(CLOCK_REALTIME, 0) - real) / 1000000000));
        }
        """#

    static let loops = #"""
        #define _GNU_SOURCE
        #include <pthread.h>
        #include <sched.h>
        #include <signal.h>
        #include <stdint.h>
        #include <stdio.h>
        #include <sys/time.h>
        #include <sys/wait.h>
        #include <time.h>
        #include <unistd.h>

        static int64_t now(void)
        {
            struct timespec now;
            clock_gettime(CLOCK_MONOTONIC, &now);
            return now.tv_sec * 1000000000LL + now.tv_nsec;
        }

        static volatile int64_t rang;

        static void ring(int number)
        {
            (void)number;
            rang = now();
        }

        static void *look(void *back)
        {
            int64_t last = 0;
            for (int i = 0; i < 100000; i++) {
                int64_t next = now();
                *(long *)back += next <= last;
                last = next;
                if (i % 100 == 0)
                    sched_yield();
            }
            return 0;
        }

        int main(void)
        {
            signal(SIGALRM, ring);
            struct itimerval soon = {.it_value = {0, 50000}};
            int64_t began = now();
            setitimer(ITIMER_REAL, &soon, 0);
            while (!rang)
                now();
            printf("a timer of 50 ms rang after %ld ms\n", (long)((rang - began) / 1000000));

            began = now();
            int64_t ended = began;
            while (ended - began < 60000000000LL)
                ended = now();
            printf("a loop of a minute took %ld ms\n", (long)((ended - began) / 1000000));

            fflush(stdout);
            pthread_t threads[3];
            long back[4] = {0};
            for (int i = 0; i < 3; i++)
                pthread_create(&threads[i], 0, look, &back[i]);
            pid_t child = fork();
            look(&back[3]);
            if (child == 0)
                _exit((int)back[3]);
            for (int i = 0; i < 3; i++)
                pthread_join(threads[i], 0);
            int status = 0;
            waitpid(child, &status, 0);
            printf("other threads and processes: %ld readings went back\n",
                   back[0] + back[1] + back[2] + back[3] + WEXITSTATUS(status));
        }
        """#
}
