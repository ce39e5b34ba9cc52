import Netlink

/// Rules in a wire that drop what passes, each with a counter. The table and its chain stand from the start, so that a
/// drop is one small transaction.
final class DropRules {
    private let tables: NFTables
    private var rules: [String: Rule] = [:]
    private var next = 1

    private struct Rule {
        var counter: String
        var handle: Int
    }

    init(in namespace: NetworkNamespace) throws {
        tables = try NFTables(in: namespace)
        try tables.run(
            "add table inet halfopen; add chain inet halfopen forward "
                + "{ type filter hook forward priority filter; policy accept; }")
    }

    /// - Parameter device: where packets come in; nil for both.
    func add(_ id: String, from device: String?) throws(NFTablesError) {
        precondition(rules[id] == nil, "the drop \(id) is active already")
        let counter = "drop\(next)"
        next += 1
        let match = device.map { "iifname \($0) " } ?? ""
        let handle = try tables.add(
            rule:
                "add counter inet halfopen \(counter); add rule inet halfopen forward \(match)counter name \(counter) drop"
        )
        rules[id] = Rule(counter: counter, handle: handle)
    }

    /// The packets that it took in all.
    func remove(_ id: String) throws(NFTablesError) -> Int64 {
        guard let rule = rules.removeValue(forKey: id) else { return 0 }
        try tables.run("delete rule inet halfopen forward handle \(rule.handle)")
        let packets = try tables.counter(rule.counter, table: "inet halfopen").packets
        try tables.run("delete counter inet halfopen \(rule.counter)")
        return packets
    }

    func count(_ id: String) throws(NFTablesError) -> Int64 {
        guard let rule = rules[id] else { return 0 }
        return try tables.counter(rule.counter, table: "inet halfopen").packets
    }
}
