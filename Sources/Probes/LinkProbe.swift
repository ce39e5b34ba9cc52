import CLinux
import Glibc
import Kernel
import Recordings

/// Watches one link: a passive capture inside its wire, read in batches and stamped by the kernel.
package final class LinkProbe {
    /// A device of the wire and the host whose packets come in by it.
    package struct Side: Equatable {
        package var interface: Int32
        package var host: String
        package init(interface: Int32, host: String) {
            self.interface = interface
            self.host = host
        }
    }

    package let link: String
    private let capture: Descriptor
    private let sides: [Side]
    private var tracker: ConnectionTracker
    private var totals: [Traffic]
    private var pcap: Int32 = -1
    private let packets: UnsafeMutablePointer<halfopen_packet>
    private static let batch: Int32 = 64

    /// - Parameters:
    ///   - own: addresses at this link's ends of hosts whose own connections are looked at closely.
    ///   - tellsPayload: whether bursts of payload and keep-alive probes are told.
    ///   - pcap: a file that gets every packet whole, or nil.
    package init(
        link: String, namespace: Int32, sides: [Side], own: Set<String> = [], tellsPayload: Bool = false,
        pcap path: String?
    ) throws(SystemError) {
        self.link = link
        self.sides = sides
        capture = Descriptor(
            owning: try System.call("capture packets of the link", link) {
                halfopen_capture_open(namespace, path != nil)
            })
        tracker = ConnectionTracker(link: link, tellsPayload: tellsPayload, own: Set(own.map { IPAddress($0) }))
        totals = sides.map { Traffic(link: link, from: $0.host, packets: 0, bytes: 0, dropped: 0) }
        packets = .allocate(capacity: Int(LinkProbe.batch))
        if let path {
            let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
            pcap = file.release()
            let raw = pcap
            try System.call("write to", path) { halfopen_pcap_begin(raw) }
        }
    }

    deinit {
        packets.deallocate()
        if pcap >= 0 { close(pcap) }
    }

    /// Totals by direction so far.
    package var traffic: [Traffic] { totals }

    /// Reads whatever has arrived. `realtimeOffset` turns the kernel's stamps into the run's clock. Returns how many
    /// packets there were.
    @discardableResult
    package func drain(realtimeOffset: Int64, _ report: (Timestamp, Event.Body) -> Void) throws(SystemError) -> Int {
        var count = 0
        while true {
            let (capture, packets, pcap) = (capture.raw, packets, pcap)
            let read = try System.call("read packets of the link", link) {
                halfopen_capture_read(capture, packets, LinkProbe.batch, pcap)
            }
            for index in 0..<Int(read) {
                take(packets[index], realtimeOffset: realtimeOffset, report)
            }
            count += Int(read)
            if read < LinkProbe.batch { break }
        }
        let lost = count > 0 ? halfopen_capture_lost(capture.raw) : 0
        if lost > 0 {
            let now = Timestamp(nanoseconds: Clock.now)
            report(now, .lost(LostEvents(probe: "packets of \(link)", count: lost)))
        }
        return count
    }

    private func take(
        _ packet: halfopen_packet, realtimeOffset: Int64, _ report: (Timestamp, Event.Body) -> Void
    ) {
        guard packet.family != 0, !packet.outgoing,
            let side = sides.firstIndex(where: { $0.interface == packet.interface })
        else {
            return
        }
        totals[side].packets += 1
        totals[side].bytes += Int64(packet.length)
        guard packet.protocol == UInt8(IPPROTO_TCP), packet.source_port != 0 else { return }
        let header = ConnectionTracker.Packet(
            from: names.endpoint(packet.source, packet.source_port, family: packet.family),
            to: names.endpoint(packet.destination, packet.destination_port, family: packet.family),
            flags: .init(rawValue: packet.flags), sequence: packet.sequence, acknowledgement: packet.acknowledgement,
            payload: Int(packet.payload),
            // Copied: the buffer it lies in is filled again by the next read.
            content: Array(UnsafeBufferPointer(start: packet.content, count: Int(packet.kept))))
        let time = Timestamp(nanoseconds: packet.time - realtimeOffset)
        for body in tracker.saw(header, at: time) { report(time, body) }
    }

    /// The run stops: totals of the connections that stand.
    package func stop(_ report: (Timestamp, Event.Body) -> Void) {
        let now = Timestamp(nanoseconds: Clock.now)
        for body in tracker.stop(at: now) { report(now, body) }
    }

    private var names = AddressNames()
}
