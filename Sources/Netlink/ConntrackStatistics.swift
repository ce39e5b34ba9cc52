import CNetlink
import Glibc
import Kernel

/// What the connection tracking of a namespace counts of itself (nf_conntrack's statistics, linux/netfilter.h).
package final class ConntrackStatistics {
    private let socket: NetlinkSocket

    package init(in namespace: NetworkNamespace) throws(SystemError) {
        socket = try NetlinkSocket(NETLINK_NETFILTER, in: namespace)
    }

    /// Packets dropped because their connection could not be put into the table: its addresses and ports, translated,
    /// were another's already (insert_failed), over all processors.
    package func failedInsertions() throws(NetlinkError) -> Int64 {
        let type = UInt32(NFNL_SUBSYS_CTNETLINK) << 8 | IPCTNL_MSG_CT_GET_STATS_CPU.rawValue
        let message = NetlinkMessage(type, flags: NLM_F_DUMP)
        message.append(nfgenmsg(nfgen_family: UInt8(AF_UNSPEC), version: UInt8(NFNETLINK_V0), res_id: 0))
        let replies = try socket.request("read the connection tracking's statistics of", message)
        return replies.reduce(0) { count, reply in
            let attributes = reply.attributes(after: MemoryLayout<nfgenmsg>.size)
            let failed = attributes.number(CTA_STATS_INSERT_FAILED.rawValue, as: UInt32.self) ?? 0
            return count + Int64(UInt32(bigEndian: failed))
        }
    }
}
