import Glibc
import Kernel
import Testing

@testable import Actors

struct ProcessTableTests {
    /// PostgreSQL does that for every connection: a fault that strikes a server must reach these processes too.
    @Test func aChildWithASessionOfItsOwnIsOneOfTheProcesses() throws {
        let nothing = open("/dev/null", O_RDWR)
        defer { close(nothing) }
        let child = try ChildProcess(
            SpawnRequest(
                program: "/bin/sh", arguments: ["-c", "setsid sleep 60 & wait"],
                input: nothing, output: nothing, error: nothing))
        defer {
            for process in ProcessTable.members(ofSession: child.pid) { kill(process, SIGKILL) }
            while child.ending() == nil { usleep(1000) }
        }
        // Until the shell's child has made its session; its number is higher, as it is younger.
        let deadline = Clock.now + 10_000_000_000
        var strangers: [Int32] = []
        while strangers.isEmpty && Clock.now < deadline {
            usleep(1000)
            strangers = ProcessTable.members(ofSession: child.pid).filter { getsid($0) != child.pid }
        }
        #expect(strangers.count == 1)
        #expect(strangers.first.map(getsid) == strangers.first)
    }

    @Test func theSocketsOfAProcessAreThoseThatItHolds() throws {
        var ends: [Int32] = [0, 0]
        try System.call("make a pair of sockets") { socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) }
        let nothing = open("/dev/null", O_RDWR)
        defer { for descriptor in ends + [nothing] { close(descriptor) } }
        let held = ProcessTable.sockets(of: getpid())
        for end in ends {
            var status = stat()
            fstat(end, &status)
            #expect(held.first { $0.descriptor == end }?.inode == UInt32(status.st_ino))
        }
        #expect(!held.contains { $0.descriptor == nothing })
        #expect(ProcessTable.sockets(of: 0).isEmpty)
    }
}
