import CNftables
import Glibc
import Kernel
import Netlink

/// nftables refused a command: what was asked for, where, and its own words.
package struct NFTablesError: Error, Equatable, CustomStringConvertible {
    package var commands: String
    /// Whose namespace: `host home`.
    package var subject: String
    /// libnftables' report, verbatim.
    package var detail: String

    package var description: String {
        "nftables refused \"\(commands)\" for \(subject): \(detail)"
    }
}

/// For tests and benchmarks: labs speak to the kernel directly (`PacketFilter`), for the library costs each lab 4 ms at
/// its start and 300 us a rule.
/// libnftables, bound to one namespace for good. One call of `run` is one transaction: all of it, or nothing.
package final class NFTables {
    package let namespace: NetworkNamespace
    private let context: OpaquePointer

    package init(in namespace: NetworkNamespace) throws(SystemError) {
        self.namespace = namespace
        guard let context = halfopen_nft_in(namespace.raw) else {
            throw SystemError("open nftables in the namespace of", namespace.owner)
        }
        self.context = context
        nft_ctx_buffer_output(context)
        nft_ctx_buffer_error(context)
    }

    deinit { nft_ctx_free(context) }

    /// Runs commands, separated by newlines or semicolons; gives what they print.
    @discardableResult
    package func run(_ commands: String) throws(NFTablesError) -> String {
        let result = nft_run_cmd_from_buffer(context, commands)
        let output = String(cString: nft_ctx_get_output_buffer(context))
        let words = String(cString: nft_ctx_get_error_buffer(context))
        guard result == 0 else {
            throw NFTablesError(commands: commands, subject: namespace.owner, detail: words.trimmed)
        }
        return output
    }

    /// Packets and bytes of a named counter.
    package func counter(_ name: String, table: String) throws(NFTablesError) -> (packets: Int64, bytes: Int64) {
        let output = try run("list counter \(table) \(name)")
        let words = output.split { $0 == " " || $0 == "\n" || $0 == "\t" }
        func number(after word: String) -> Int64? {
            words.firstIndex(of: word[...]).flatMap { $0 + 1 < words.count ? Int64(words[$0 + 1]) : nil }
        }
        guard let packets = number(after: "packets"), let bytes = number(after: "bytes") else {
            throw NFTablesError(
                commands: "list counter \(table) \(name)", subject: namespace.owner,
                detail: "no counter in \"\(output)\"")
        }
        return (packets, bytes)
    }

    /// The whole ruleset, as text; empty when there is none.
    package func ruleset() throws(NFTablesError) -> String { try run("list ruleset") }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
