import CLinux
import Glibc
import Kernel
import LabKernel
import Testing

extension KernelTests {
    /// The process that cleans up. Letting go of a `Keeper` is to it what the runner's end is: the pipe's end.
    @Suite struct KeeperTests {
        private let folder = "/tmp/kept"

        private func waitUntil(_ condition: () -> Bool) -> Bool {
            for _ in 0..<200 {
                if condition() { return true }
                usleep(10_000)
            }
            return condition()
        }

        @Test func `removes what it was told of, with all in it, and follows no link`() throws {
            defer { for path in [folder, "/tmp/spared", "/tmp/elsewhere"] { Files.remove(path) } }
            try Files.makeFolder("/tmp/elsewhere")
            try Files.write("/tmp/elsewhere/file", "stays")
            do {
                let keeper = try Keeper()
                keeper.remove(folder)
                keeper.remove("/tmp/spared")
                keeper.remove("/tmp/never made")
                try Files.makeFolder("\(folder)/a/b")
                try Files.write("\(folder)/a/b/file", "x")
                symlink("/tmp/elsewhere", "\(folder)/link")
                try Files.makeFolder("/tmp/spared")
                keeper.forget("/tmp/spared")
            }
            #expect(waitUntil { !Files.exists(folder) })
            #expect(Files.exists("/tmp/elsewhere/file"))
            #expect(Files.exists("/tmp/spared"))
        }

        @Test func `kills the groups it was told of, children and all, and no others`() throws {
            let null = try Descriptor.open("/dev/null", O_RDWR)
            func start() throws -> ChildProcess {
                try ChildProcess(
                    SpawnRequest(
                        program: "sh", arguments: ["-c", "sleep 1000 & exec sleep 1000"], input: null.raw,
                        output: null.raw, error: null.raw))
            }
            let doomed = try start()
            let spared = try start()
            do {
                let keeper = try Keeper()
                keeper.kill(group: doomed.pid)
                keeper.kill(group: spared.pid)
                keeper.spare(group: spared.pid)
            }
            var ending: ChildProcess.Ending?
            #expect(
                waitUntil {
                    if ending == nil { ending = doomed.ending() }
                    return ending != nil
                })
            #expect(ending == .killed(signal: SIGKILL))
            let isSpared = spared.ending() == nil
            #expect(isSpared)
            kill(-spared.pid, SIGKILL)
            #expect(waitUntil { spared.ending() != nil })
        }

        @Test func `is not ended by what ends its runner's group, and holds nothing of the runner's`() throws {
            let pipe = try Descriptor.pipe()
            let (reader, writer) = (pipe.reader, pipe.writer)
            defer { close(reader) }
            let before = keepers
            let keeper = try Keeper()
            var mine: Set<Int32> = []
            // It has its name once it has run.
            #expect(
                waitUntil {
                    mine = keepers.subtracting(before)
                    return !mine.isEmpty
                })
            let number = try #require(mine.first)
            close(writer)
            // A copy of the pipe in the keeper would keep it open.
            let rest = try Kernel.read(reader)
            #expect(rest == [])
            for signal in [SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGQUIT] { kill(number, signal) }
            usleep(50_000)
            #expect(kill(number, 0) == 0)
            #expect(getsid(number) == number)
            withExtendedLifetime(keeper) {}
        }

        private var keepers: Set<Int32> {
            let numbers = ((try? Files.list("/proc")) ?? []).compactMap { Int32($0) }
            return Set(numbers.filter { Files.text("/proc/\($0)/comm") == "halfopen-keeper\n" })
        }
    }
}
