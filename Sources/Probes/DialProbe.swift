import CLinux
import Kernel
import Recordings

/// Watches one host for TCP connections that its programs open, at the moment at which each SYN leaves: early enough to
/// ask who holds the socket.
package final class DialProbe {
    /// A SYN, as it left the host.
    package struct Dial {
        package var time: Timestamp
        package var from: Endpoint
        package var to: Endpoint
        package var isRepeated: Bool
    }

    package let host: String
    private let capture: Descriptor
    private var names = AddressNames()
    /// Sequence number of the last SYN of each port: one that comes again has the same.
    private var known: [Endpoint: UInt32] = [:]
    private let packets: UnsafeMutablePointer<halfopen_packet>
    private static let batch: Int32 = 64

    package init(host: String, namespace: Int32) throws(SystemError) {
        self.host = host
        capture = Descriptor(
            owning: try System.call("watch for connections that are opened on", host) {
                halfopen_dials_open(namespace)
            })
        packets = .allocate(capacity: Int(DialProbe.batch))
    }

    deinit { packets.deallocate() }

    /// Readable when a SYN has left.
    package var descriptor: Int32 { capture.raw }

    /// Those that have left since the last call.
    package func drain(realtimeOffset: Int64) throws(SystemError) -> [Dial] {
        var dials: [Dial] = []
        while true {
            let (capture, packets) = (capture.raw, packets)
            let read = try System.call("read the connections that are opened on", host) {
                halfopen_capture_read(capture, packets, DialProbe.batch, -1)
            }
            for index in 0..<Int(read) {
                let packet = packets[index]
                let from = names.endpoint(packet.source, packet.source_port, family: packet.family)
                let to = names.endpoint(packet.destination, packet.destination_port, family: packet.family)
                let isRepeated = known.updateValue(packet.sequence, forKey: from) == packet.sequence
                let time = Timestamp(nanoseconds: packet.time - realtimeOffset)
                dials.append(Dial(time: time, from: from, to: to, isRepeated: isRepeated))
            }
            if read < DialProbe.batch { return dials }
        }
    }
}
