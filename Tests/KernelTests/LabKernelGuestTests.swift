import Glibc
import Kernel
import LabKernel
import Testing

extension KernelTests {
    /// What a process in the lab finds, as `GuestInit` arranged it: these tests are such a process.
    @Suite struct GuestTests {
        @Test func `the host's files are there, and cannot be written to`() {
            #expect(Files.exists("/bin/sh"))
            #expect(open("/bin/sh", O_WRONLY) < 0 && errno == EROFS)
            #expect(mkdir("/made-by-a-test", 0o755) < 0 && errno == EROFS)
        }

        @Test(arguments: ["/tmp", "/run", "/var/tmp", "/dev/shm"])
        func `programs may write where they expect to`(folder: String) throws {
            try Files.write("\(folder)/written", "x")
            #expect(Files.text("\(folder)/written") == "x")
            Files.remove("\(folder)/written")
        }

        @Test func `descriptors have their names, and there are terminals`() {
            #expect(Files.exists("/dev/fd/0"))
            let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
            #expect(terminal >= 0)
            close(terminal)
        }

        @Test func `many descriptors may be open`() {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(7), &limit)  // RLIMIT_NOFILE
            #expect(limit.rlim_cur == 65536)
            #expect(limit.rlim_max == 1_048_576)
        }

        @Test func `loopback is up, and the machine has a name of its own`() {
            var name = [CChar](repeating: 0, count: 65)
            gethostname(&name, 65)
            #expect(String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) == "lab")
            let flags = Files.text("/sys/class/net/lo/flags").flatMap { Int($0.dropFirst(2).dropLast(), radix: 16) }
            #expect((flags ?? 0) & 1 == 1)
        }

        @Test func `an hour of sleep is exactly an hour`() {
            let before = Clock.now
            sleep(3600)
            let slept = Clock.now - before
            #expect((3_600_000_000_000..<3_600_001_000_000).contains(slept))
        }
    }
}
