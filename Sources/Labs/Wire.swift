import Kernel
import Netlink
import Scenarios

/// The middle of a link: a router namespace between two hosts. Everything that befalls a link befalls it here.
package final class Wire {
    /// A wire's device and the host on that side.
    package struct Side: Equatable, Sendable {
        package var device: String
        package var index: Int32
        package var host: String
        package var hardwareAddress: HardwareAddress
    }

    /// The link's name.
    package let name: String
    package let namespace: NetworkNamespace
    package let first: Side
    package let second: Side
    /// A wire keeps its hosts: a device goes when its peer's namespace goes.
    let ends: [LabHost]
    let injectors = Injectors()
    package let routes: RouteSocket
    private let filter: PacketFilter
    /// Called when its devices have gone down (true), with which its neighbours and routes go, or are up again.
    private let devicesTurned: (_ isDown: Bool) throws -> Void
    private var isDown = false
    private var trackers: Set<String> = []
    private var rules: [String: PacketFilter.Rule] = [:]
    /// By the number of the fault that made them.
    private var detours: [Int: [Detour]] = [:]
    /// Packets from the first host leave by the second device, and the other way about.
    private var fromFirst: Direction
    private var fromSecond: Direction

    /// A change of what befalls packets, for a while.
    struct Overlay {
        var id: String
        var change: (inout Impairment) -> Void
        /// What the queues did while it made a difference.
        var credit = Struck()
    }

    /// One direction: what impairs it, on the device by which packets leave.
    struct Direction {
        var egress: Side
        var queues: ImpairmentQueues
        var base: Impairment
        /// In the order in which they were laid.
        var overlays: [Overlay] = []
        /// The counters as they were when the overlays' credits were last brought up to date.
        var seen = Struck()

        var effective: Impairment { Self.effective(base, overlays) }

        private static func effective(_ base: Impairment, _ overlays: some Sequence<Overlay>) -> Impairment {
            var result = base
            for overlay in overlays { overlay.change(&result) }
            return result
        }

        /// Gives what has happened since to the overlays without which the link would be another. One that a later
        /// overlay hides, or that changes nothing, has no part in it.
        mutating func credit(_ now: Struck) {
            let all = effective
            for index in overlays.indices {
                let others = overlays[..<index] + overlays[(index + 1)...]
                if Self.effective(base, others) != all { overlays[index].credit += now - seen }
            }
            seen = now
        }

        /// The device lost all its packets: they have been counted, and are not in the counters any more.
        mutating func forget(_ now: Struck) { seen = now }
    }

    init(
        name: String, ends: [LabHost], routes: RouteSocket, filter: PacketFilter,
        devicesTurned: @escaping (Bool) throws -> Void, first: Side, second: Side, fromFirst: Direction,
        fromSecond: Direction
    ) {
        self.name = name
        self.ends = ends
        self.namespace = routes.namespace
        self.routes = routes
        self.filter = filter
        self.devicesTurned = devicesTurned
        self.first = first
        self.second = second
        self.fromFirst = fromFirst
        self.fromSecond = fromSecond
    }

    /// The side of a host; asking for one that is not on this link is our own bug.
    package func side(of host: String) -> Side {
        precondition(host == first.host || host == second.host, "host \(host) is not on link \(name)")
        return host == first.host ? first : second
    }

    // MARK: Impairment

    /// What befalls packets from this host now.
    package func impairment(from host: String) -> Impairment {
        side(of: host) == first ? fromFirst.effective : fromSecond.effective
    }

    /// Changes what befalls packets from `host`, or in both directions (nil), until `removeOverlay`. Overlays are
    /// applied in the order in which they were laid; one that is there already gets another change in its place.
    /// Packets under way keep their time, and are not overtaken.
    package func overlay(
        id: String, from host: String?, change: @escaping (inout Impairment) -> Void
    ) throws(LabError) {
        try changeOverlays { direction, sender in
            guard host == nil || host == sender else { return }
            if let index = direction.overlays.firstIndex(where: { $0.id == id }) {
                direction.overlays[index].change = change
            } else {
                direction.overlays.append(Overlay(id: id, change: change))
            }
        }
    }

    /// Gives what it did in all. Fine for one that is not there: nothing.
    @discardableResult
    package func removeOverlay(_ id: String) throws(LabError) -> Struck {
        var total = Struck()
        try changeOverlays { direction, _ in
            direction.overlays.removeAll {
                guard $0.id == id else { return false }
                total += $0.credit
                return true
            }
        }
        return total
    }

    /// What an overlay that is there has done so far, in every direction that it changes.
    package func struck(by id: String) throws(LabError) -> Struck {
        try creditAll()
        return (fromFirst.overlays + fromSecond.overlays).filter { $0.id == id }.reduce(Struck()) { $0 + $1.credit }
    }

    /// Both directions change, or none. What was done until now is to the credit of the overlays that were there.
    private func changeOverlays(_ change: (inout Direction, _ sender: String) -> Void) throws(LabError) {
        try creditAll()
        let former = (fromFirst.overlays, fromSecond.overlays)
        change(&fromFirst, first.host)
        change(&fromSecond, second.host)
        do throws(LabError) {
            try apply(&fromFirst)
            try apply(&fromSecond)
        } catch {
            (fromFirst.overlays, fromSecond.overlays) = former
            // What could be made before can be made again; if not, the first refusal is the one to tell.
            try? apply(&fromFirst)
            try? apply(&fromSecond)
            throw error
        }
    }

    private func creditAll() throws(LabError) {
        try fromFirst.credit(struck(from: first.host))
        try fromSecond.credit(struck(from: second.host))
    }

    private func apply(_ direction: inout Direction) throws(LabError) {
        let effective = direction.effective
        try LabError.of("link \(name)") { try direction.queues.set(effective, routes) }
    }

    // MARK: Carrier

    /// Both hosts lose the carrier, as when a plug is pulled. Packets on the link are lost; addresses, routes and
    /// neighbours of the hosts stay.
    package func takeDown() throws(LabError) {
        precondition(!isDown, "link \(name) is down already")
        try creditAll()
        try LabError.of("link \(name)") {
            do {
                isDown = true
                for side in [first, second] { try routes.setUp(side.index, false) }
                try devicesTurned(true)
                fromFirst.forget(try struck(from: first.host))
                fromSecond.forget(try struck(from: second.host))
                try lookAtCarriers()
            } catch {
                try? bringUp()
                throw error
            }
        }
    }

    /// Ends `takeDown`; fine when it is up.
    package func bringUp() throws(LabError) {
        guard isDown else { return }
        try LabError.of("link \(name)") {
            for side in [first, second] { try routes.setUp(side.index) }
            try devicesTurned(false)
            for (_, detours) in detours.sorted(by: { $0.key < $1.key }) {
                for detour in detours { try routes.addRoute(of: detour) }
            }
            try lookAtCarriers()
            isDown = false
        }
    }

    /// Linux lets up to a second pass before it acts on a change of carrier, unless it is asked.
    private func lookAtCarriers() throws {
        for (side, host) in zip([first, second], ends) {
            try routes.hasCarrier(side.device)
            try host.routes.hasCarrier(interface(of: host).device)
        }
    }

    private func interface(of host: LabHost) -> LabHost.Interface {
        // It has one for every link that it is on.
        host.interfaces.first { $0.link == name }!
    }

    /// Packets that the two hosts could not send on this link since it was made.
    package func unsent() throws(LabError) -> Int64 {
        var count: Int64 = 0
        for host in ends {
            let statistics = try LabError.of("link \(name)") {
                try host.routes.statistics(interface(of: host).index)
            }
            count += Int64(clamping: statistics.unsentPackets)
        }
        return count
    }

    // MARK: MTU

    /// IP packets from `host`, or in both directions (nil), are fragmented above this size, or answered by ICMP, until
    /// `restoreMTU`. The MTU of no device changes.
    /// - Parameter number: of the fault, 0...10000; see `Detour.number`.
    package func shrinkMTU(to mtu: Int, from host: String?, number: Int) throws(LabError) {
        try LabError.of("link \(name)") {
            do {
                for (offset, (side, far)) in [(first, second), (second, first)].enumerated()
                where host == nil || host == side.host {
                    let end = ends.first { $0.name == far.host }!
                    let detour = Detour(
                        number: UInt32(1000 + 2 * number + offset), device: side.device,
                        gateway: IPv4Address(interface(of: end).address)!, index: far.index, mtu: UInt32(mtu))
                    // A device that is down takes no route; it gets this one when it comes up.
                    try routes.addRule(of: detour)
                    detours[number, default: []].append(detour)
                    if !isDown { try routes.addRoute(of: detour) }
                }
            } catch {
                try? restoreMTU(number: number)
                throw error
            }
        }
    }

    /// Fine when it has been restored.
    package func restoreMTU(number: Int) throws(LabError) {
        guard let removed = detours.removeValue(forKey: number) else { return }
        try LabError.of("link \(name)") {
            for detour in removed {
                try routes.removeRule(of: detour)
                if !isDown { try routes.removeRoute(of: detour) }
            }
        }
    }

    // MARK: Loss of everything

    /// Where drops stand; empty at first.
    static let chain = "forward"

    /// Drops all packets from `host`, or in both directions (nil), until `heal`. What has passed the middle of the link
    /// already still arrives.
    /// - Parameter size: only IP packets with more bytes than this.
    package func drop(id: String, from host: String?, longerThan size: Int? = nil) throws(LabError) {
        precondition(rules[id] == nil, "the drop \(id) of link \(name) is active already")
        var matches = host.map { [PacketFilter.Expression.cameBy(side(of: $0).index)] } ?? []
        if let size { matches.append(.longerThan(size)) }
        rules[id] = try LabError.of("link \(name)") { try filter.add(matches, then: .drop, to: Self.chain) }
    }

    /// Ends a drop and gives the packets that it took in all; 0 for one that is not there.
    @discardableResult
    package func heal(_ id: String) throws(LabError) -> Int64 {
        guard let rule = rules.removeValue(forKey: id) else { return 0 }
        return try LabError.of("link \(name)") { try filter.remove(rule) }
    }

    /// Packets that an active drop has taken so far; 0 for one that is not there.
    package func dropped(_ id: String) throws(LabError) -> Int64 {
        guard let rule = rules[id] else { return 0 }
        return try LabError.of("link \(name)") { try filter.count(rule) }
    }

    // MARK: Connection tracking

    /// A fault's rules track connections here. They begin by themselves; what they leave behind is for `endTracking`.
    package func track(_ id: String) { trackers.insert(id) }

    /// Those rules are gone. With the last of them the kernel forgets what it knows of connections here.
    package func endTracking(_ id: String) throws(LabError) {
        guard trackers.remove(id) != nil, trackers.isEmpty else { return }
        try LabError.of("link \(name)") { try Conntrack(namespace: namespace.raw, host: name).flush() }
    }

    // MARK: Counters

    /// What crossed the link in one direction since it was made.
    package struct Crossed: Equatable, Sendable {
        /// Packets and bytes (with Ethernet headers) that left the wire.
        package var packets: Int64
        package var bytes: Int64
        /// Packets that the impairment dropped, by chance or for want of room.
        package var dropped: Int64
    }

    package func crossed(from host: String) throws(LabError) -> Crossed {
        let direction = side(of: host) == first ? fromFirst : fromSecond
        return try LabError.of("link \(name)") {
            let link = try routes.statistics(direction.egress.index)
            let dropped = try direction.queues.statistics(routes)?.dropped ?? 0
            return Crossed(
                packets: Int64(clamping: link.sentPackets), bytes: Int64(clamping: link.sentBytes),
                dropped: Int64(clamping: dropped))
        }
    }

    /// What its impairment did to packets: the proof that a change of it acted.
    package struct Struck: Equatable, Sendable {
        /// Packets that came to its queues, whatever became of them.
        package var entered: Int64 = 0
        /// Packets lost by chance.
        package var lost: Int64 = 0
        /// How often a packet had to wait for the rate, and packets dropped for want of room in front of it.
        package var held: Int64 = 0
        /// Packets sent at once, ahead of those that wait for the delay to pass.
        package var sentAhead: Int64 = 0

        package init() {}

        static func + (a: Struck, b: Struck) -> Struck {
            var result = Struck()
            result.entered = a.entered + b.entered
            result.lost = a.lost + b.lost
            result.held = a.held + b.held
            result.sentAhead = a.sentAhead + b.sentAhead
            return result
        }

        static func - (a: Struck, b: Struck) -> Struck {
            var result = Struck()
            result.entered = a.entered - b.entered
            result.lost = a.lost - b.lost
            result.held = a.held - b.held
            result.sentAhead = a.sentAhead - b.sentAhead
            return result
        }

        static func += (a: inout Struck, b: Struck) { a = a + b }
    }

    /// In one direction since the link was made.
    package func struck(from host: String) throws(LabError) -> Struck {
        let direction = side(of: host) == first ? fromFirst : fromSecond
        return try LabError.of("link \(name)") {
            let all = try direction.queues.statistics(routes) ?? QueueStatistics()
            let bucket = try direction.queues.bucketStatistics(routes) ?? QueueStatistics()
            var struck = Struck()
            struck.entered = Int64(clamping: all.sentPackets + all.waiting + all.dropped)
            // The outer queue counts as dropped what the inner one had no room for.
            struck.lost = Int64(clamping: all.dropped) - Int64(clamping: bucket.dropped)
            struck.held = Int64(clamping: bucket.heldBack + bucket.dropped)
            struck.sentAhead = Int64(clamping: all.sentAhead)
            return struck
        }
    }
}
