import Glibc
import Kernel
import Labs
import Netlink
import Testing

/// What stands in a lab's namespaces, as the system's own tools print it: addresses, routes, neighbours, queues, rules,
/// settings. Counters and times are left out.
struct LabState: Equatable, CustomStringConvertible {
    /// By the namespace's owner and the tool.
    private var parts: [String: String] = [:]

    init(of lab: Lab) throws {
        for namespace in lab.hosts.map(\.namespace) + lab.wires.map(\.namespace) {
            try add(namespace, "addresses", ["ip", "address", "show"])
            try add(namespace, "routes", ["ip", "route", "show", "table", "all"])
            try add(namespace, "policies", ["ip", "rule", "show"])
            // Listed in the order of a hash.
            try add(namespace, "neighbours", ["ip", "neighbour", "show"]) { $0.sorted() }
            try add(namespace, "queues", ["tc", "qdisc", "show"])
            try add(namespace, "rules", ["nft", "--stateless", "list", "ruleset"])
            try add(namespace, "settings", ["sysctl", "-a", "--pattern", "^net[.]"]) { lines in
                lines.filter { !$0.contains("nf_conntrack_count") }
            }
        }
    }

    private mutating func add(
        _ namespace: NetworkNamespace, _ what: String, _ command: [String], _ change: ([String]) -> [String] = { $0 }
    ) throws {
        let lines = try Self.output(of: command, in: namespace.raw).split(separator: "\n").map(String.init)
        parts["\(namespace.owner), \(what)"] = change(lines).joined(separator: "\n")
    }

    /// What a tool prints.
    static func output(of command: [String], in namespace: Int32) throws -> String {
        let ends = try Descriptor.pipe()
        let reader = Descriptor(owning: ends.reader)
        let null = try Descriptor.open("/dev/null", O_RDWR)
        var request = SpawnRequest(
            program: command[0], arguments: Array(command.dropFirst()), input: null.raw, output: ends.writer,
            error: null.raw)
        request.networkNamespace = namespace
        let child = try ChildProcess(request)
        close(ends.writer)
        var text: [UInt8] = []
        while true {
            var wait = pollfd(fd: reader.raw, events: Int16(POLLIN), revents: 0)
            poll(&wait, 1, -1)
            let bytes = try reader.read() ?? []
            if bytes.isEmpty { break }
            text += bytes
        }
        var status: Int32 = 0
        waitpid(child.pid, &status, 0)
        return String(decoding: text, as: UTF8.self)
    }

    /// The parts that differ, for messages.
    func differences(from other: LabState) -> [String] {
        parts.keys.sorted().filter { parts[$0] != other.parts[$0] }.map { key in
            let now = (parts[key] ?? "").split(separator: "\n")
            let then = (other.parts[key] ?? "").split(separator: "\n")
            let came = now.filter { !then.contains($0) }.map { "+ \($0)" }
            let went = then.filter { !now.contains($0) }.map { "- \($0)" }
            return ([key] + came + went).joined(separator: "\n")
        }
    }

    var description: String { "the state of \(parts.count) parts" }
}

/// The lab is as it was, to the byte.
func expectSame(_ lab: Lab, as before: LabState, at location: SourceLocation = #_sourceLocation) throws {
    for difference in try LabState(of: lab).differences(from: before) {
        Issue.record("\(difference)", sourceLocation: location)
    }
}
