import Foundation
import Testing

/// What a program of the lab has in its processor's floating point registers stays there, whatever comes in between:
/// the lab kernel looks at them only when it must (lab-kernel/live-registers.patch).
@Suite struct RegistersTests {
    /// The library preloaded into the lab kernel answers the counter, and remembers what stopped a program.
    @Test func `a division by zero is told as one, right after the time stamp counter was read`() throws {
        let outcome = try Program.played(
            """
            #include <signal.h>
            #include <stdio.h>
            #include <unistd.h>

            static void tell(int number, siginfo_t *signal, void *context)
            {
                puts(number == SIGFPE && signal->si_code == FPE_INTDIV ? "as one" : "as another");
                fflush(stdout);
                _exit(0);
            }

            int main(void)
            {
                struct sigaction action = { .sa_sigaction = tell, .sa_flags = SA_SIGINFO };
                sigaction(SIGFPE, &action, 0);
                __asm__ volatile("rdtsc; xor %%ecx, %%ecx; xor %%edx, %%edx; div %%ecx" ::: "rax", "rcx", "rdx");
                return 1;
            }
            """)
        #expect(outcome.output == "as one\n", "\(outcome.all)")
    }

    @Test func `floating point registers survive system calls, signals, faults, forks and other threads`() throws {
        let outcome = try Program.played(RegistersTests.program)
        #expect(outcome.output == "threads 0\nfaults 0\nforks 0\nsignals 0\n", "\(outcome.all)")
    }

    /// Counts how often a register held something else afterwards. Assembler, because a compiler keeps nothing in these
    /// registers across a call.
    private static let program = """
        #include <pthread.h>
        #include <signal.h>
        #include <stdint.h>
        #include <stdio.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <sys/wait.h>
        #include <unistd.h>

        static long wrong;

        static void spoil(int number)
        {
            __asm__ volatile("pxor %%xmm0, %%xmm0; pxor %%xmm9, %%xmm9" ::: "xmm0", "xmm9");
        }

        /* A system call with `first` in one register and its complement in another; writes to `page` just before. */
        static long call(long number, long a, long b, uint64_t first, volatile char *page)
        {
            uint64_t low, high;
            long result;
            __asm__ volatile(
                "movq %3, %%xmm0; movq %4, %%xmm9; movb $1, (%5); syscall; movq %%xmm0, %1; movq %%xmm9, %2"
                : "=a"(result), "=&r"(low), "=&r"(high)
                : "r"(first), "r"(~first), "r"(page), "0"(number), "D"(a), "S"(b), "d"(0)
                : "rcx", "r11", "xmm0", "xmm9", "memory");
            wrong += low != first || high != ~first;
            return result;
        }

        static void *yield(void *number)
        {
            volatile char byte;
            for (uint64_t i = 0; i < 2000; i++)
                call(SYS_sched_yield, 0, 0, ((uintptr_t)number << 32) + i, &byte);
            return 0;
        }

        static void tell(const char *what) { printf("%s %ld\\n", what, wrong); fflush(stdout); wrong = 0; }

        int main(void)
        {
            volatile char byte;
            pthread_t threads[3];
            struct itimerval often = { { 0, 500 }, { 0, 500 } };
            signal(SIGALRM, spoil);
            signal(SIGUSR1, spoil);
            setitimer(ITIMER_REAL, &often, 0);
            for (long i = 0; i < 3; i++) pthread_create(&threads[i], 0, yield, (void *)(i + 1));
            for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
            tell("threads");
            char *pages = mmap(0, 500 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            for (int i = 0; i < 500; i++) call(SYS_getppid, 0, 0, 77 + i, pages + i * 4096);
            tell("faults");
            for (int i = 0; i < 20; i++) {
                int status;
                long before = wrong, child = call(SYS_fork, 0, 0, 99 + i, &byte);
                if (child == 0) _exit(wrong != before);
                waitpid(child, &status, 0);
                wrong += status != 0;
            }
            tell("forks");
            for (int i = 0; i < 500; i++) call(SYS_kill, getpid(), SIGUSR1, 111 + i, &byte);
            tell("signals");
        }
        """
}
