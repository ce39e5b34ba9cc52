import Testing

/// Memory without a file comes in aligned runs of 16 pages (lab-kernel/memory-ahead.patch), empty, and never more of it
/// than was asked for.
@Suite struct GuestMemoryTests {
    @Test func `a touched page brings the rest of its run and nothing else`() throws {
        let outcome = try Program.played(
            """
            #define _GNU_SOURCE
            #include <stdint.h>
            #include <stdio.h>
            #include <sys/mman.h>

            static long told(const char *start)
            {
                char line[256];
                unsigned long from, size = 0;
                FILE *file = fopen("/proc/self/smaps", "r");
                while (fgets(line, sizeof line, file))
                    if (sscanf(line, "%lx-%*x ", &from) == 1 && from == (uintptr_t)start)
                        break;
                while (fgets(line, sizeof line, file))
                    if (sscanf(line, "Rss: %lu", &size) == 1)
                        break;
                fclose(file);
                return size;
            }

            int main(void)
            {
                /* Whole runs, and two pages more; apart from all others. */
                char *memory = mmap((void *)0x300000000, 0x202000, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
                printf("untouched %ld\\n", told(memory));
                memory[0x53000] = 1;
                printf("from the fourth page of a run on %ld\\n", told(memory));
                memory[0x50000] = 1;
                printf("and the three before it %ld\\n", told(memory));
                memory[0x200000] = 1;
                printf("to the end %ld\\n", told(memory));
                int sum = 0;
                for (long at = 0; at < 0x202000; at++)
                    sum += memory[at];
                printf("written %d\\n", sum);
            }
            """)
        #expect(
            outcome.output == """
                untouched 0
                from the fourth page of a run on 52
                and the three before it 64
                to the end 72
                written 3

                """, "\(outcome.all)")
    }
}
