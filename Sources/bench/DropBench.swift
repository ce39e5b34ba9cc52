import Glibc
import Kernel
import Labs
import Netlink

/// How long a blackhole takes from decision to acknowledgement: by this process, and by starting `nft` or `tc` for the
/// same change. For `make bench`, on the host's kernel.
struct DropBench: Sendable {
    /// Nanoseconds of each round, in the order of the rounds.
    private(set) var ours: [Int64] = []
    private(set) var nft: [Int64] = []
    private(set) var tc: [Int64] = []

    static func median(_ times: [Int64]) -> Int64 { times.sorted()[times.count / 2] }

    /// Makes the change three times over in each round, and undoes it before the next. The wire serves nothing else
    /// afterwards: its queues are gone.
    /// - Parameter rounds: at least 1.
    init(on wire: Wire, rounds: Int) throws {
        for _ in 0..<rounds {
            ours.append(try Self.time { try wire.drop(id: "bench", from: wire.first.host) })
            try wire.heal("bench")
            let rule = ["add", "rule", "inet", "halfopen", "forward", "iifname", wire.first.device, "counter", "drop"]
            nft.append(try Self.time { try Self.run("nft", rule, in: wire) })
            try Self.run("nft", ["flush", "chain", "inet", "halfopen", "forward"], in: wire)
            // A queue with room for one byte takes nothing.
            let queue = ["qdisc", "replace", "dev", wire.second.device, "root", "bfifo", "limit", "1"]
            tc.append(try Self.time { try Self.run("tc", queue, in: wire) })
            try wire.routes.deleteQueue(parent: .root, on: wire.second.index)
        }
    }

    private static func time(_ body: () throws -> Void) rethrows -> Int64 {
        let before = Clock.now
        try body()
        return Clock.now - before
    }

    /// Starts the program in the wire and waits for its end.
    private static func run(_ program: String, _ arguments: [String], in wire: Wire) throws(SystemError) {
        let null = try Descriptor.open("/dev/null", O_RDWR)
        var request = SpawnRequest(
            program: program, arguments: arguments, input: null.raw, output: null.raw, error: 2)
        request.networkNamespace = wire.namespace.raw
        let child = try ChildProcess(request)
        var status: Int32 = 0
        try System.call("wait for", program) { waitpid(child.pid, &status, 0) }
        guard ChildProcess.ending(of: status) == .exited(0) else {
            throw SystemError("make the change by starting", program, code: EINVAL)
        }
    }
}
