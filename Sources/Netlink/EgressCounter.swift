import CNetlink
import Glibc
import Kernel

/// Counts the packets that are handed to a device's queues, fragments each for itself: what comes out of the queues
/// and went not in is a copy. A table of nftables of its own, at the hook before the queues (from Linux 5.16).
package final class EgressCounter {
    private let socket: NetlinkSocket
    private let table: String
    private static let counter = "entered"
    /// `enum nf_dev_hooks` and NFPROTO_NETDEV, linux/netfilter.h.
    private static let egress: UInt32 = 1
    private static let family: UInt8 = 5

    /// - Parameter device: its name.
    package init(_ table: String, on device: String, in namespace: NetworkNamespace) throws {
        socket = try NetlinkSocket(NETLINK_NETFILTER, in: namespace)
        self.table = table
        var batch = NetlinkBatch()
        batch.append(Self.border(NFNL_MSG_BATCH_BEGIN))
        let newTable = Self.message(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK)
        newTable.put(NFTA_TABLE_NAME.rawValue, text: table)
        batch.append(newTable)
        let newCounter = counterMessage(NFT_MSG_NEWOBJ, NLM_F_CREATE)
        newCounter.nest(NFTA_OBJ_DATA.rawValue) {}
        batch.append(newCounter)
        let chain = Self.message(NFT_MSG_NEWCHAIN, NLM_F_CREATE)
        chain.put(NFTA_CHAIN_TABLE.rawValue, text: table)
        chain.put(NFTA_CHAIN_NAME.rawValue, text: "egress")
        chain.nest(NFTA_CHAIN_HOOK.rawValue) {
            chain.put(NFTA_HOOK_HOOKNUM.rawValue, Self.egress.bigEndian)
            chain.put(NFTA_HOOK_PRIORITY.rawValue, UInt32(0))
            chain.put(NFTA_HOOK_DEV.rawValue, text: device)
        }
        chain.put(NFTA_CHAIN_TYPE.rawValue, text: "filter")
        batch.append(chain)
        let rule = Self.message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND)
        rule.put(NFTA_RULE_TABLE.rawValue, text: table)
        rule.put(NFTA_RULE_CHAIN.rawValue, text: "egress")
        rule.nest(NFTA_RULE_EXPRESSIONS.rawValue) {
            FilterBatch.put("objref", in: rule) {
                rule.put(NFTA_OBJREF_IMM_TYPE.rawValue, UInt32(NFT_OBJECT_COUNTER).bigEndian)
                rule.put(NFTA_OBJREF_IMM_NAME.rawValue, text: Self.counter)
            }
        }
        batch.append(rule)
        batch.append(Self.border(NFNL_MSG_BATCH_END))
        try socket.transact("count what enters the queues of \(device) of", batch)
    }

    package func count() throws(NetlinkError) -> Int64 {
        let replies = try socket.request("read the counter of \(table) of", counterMessage(NFT_MSG_GETOBJ, 0))
        guard let packets = replies.first.flatMap(FilterBatch.packets) else {
            throw NetlinkError("read the counter of \(table) of", socket.namespace.owner, code: ENODATA)
        }
        return packets
    }

    package func remove() throws(NetlinkError) {
        var batch = NetlinkBatch()
        batch.append(Self.border(NFNL_MSG_BATCH_BEGIN))
        let message = Self.message(NFT_MSG_DELTABLE, NLM_F_ACK)
        message.put(NFTA_TABLE_NAME.rawValue, text: table)
        batch.append(message)
        batch.append(Self.border(NFNL_MSG_BATCH_END))
        try socket.transact("remove the counter \(table) of", batch)
    }

    private func counterMessage(_ type: nf_tables_msg_types, _ flags: Int32) -> NetlinkMessage {
        let message = Self.message(type, flags)
        message.put(NFTA_OBJ_TABLE.rawValue, text: table)
        message.put(NFTA_OBJ_NAME.rawValue, text: Self.counter)
        message.put(NFTA_OBJ_TYPE.rawValue, UInt32(NFT_OBJECT_COUNTER).bigEndian)
        return message
    }

    private static func message(_ type: nf_tables_msg_types, _ flags: Int32) -> NetlinkMessage {
        let message = NetlinkMessage(UInt32(NFNL_SUBSYS_NFTABLES) << 8 | type.rawValue, flags: flags)
        message.append(nfgenmsg(nfgen_family: family, version: UInt8(NFNETLINK_V0), res_id: 0))
        return message
    }

    private static func border(_ type: Int32) -> NetlinkMessage {
        let message = NetlinkMessage(type)
        message.append(nfgenmsg(nfgen_family: 0, version: 0, res_id: UInt16(NFNL_SUBSYS_NFTABLES).bigEndian))
        return message
    }
}
