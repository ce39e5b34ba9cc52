import JSONLines

/// One thing that happened in a run, and when.
package struct Event: Equatable, Sendable {
    package var time: Timestamp
    package var body: Body { didSet { kind = body.kind } }
    /// Of `body`. Apart, because whoever looks at it there takes a copy of the whole, of a million events.
    package private(set) var kind: Kind

    package init(_ time: Timestamp, _ body: Body) {
        self.time = time
        self.body = body
        kind = body.kind
    }

    package enum Body: Equatable, Sendable {
        case phase(Phase)
        case actor(ActorChange)
        case driver(DriverReport)
        case fault(FaultChange)
        case wire(WireChange)
        case tls(TLSChange)
        /// Elsewhere: it is much larger than the others, and few of a million events are it.
        indirect case connection(ConnectionTotals)
        case owner(ConnectionOwner)
        case mapping(MappingChange)
        case traffic(Traffic)
        case sockets(SocketTable)
        case process(ProcessSample)
        case lookup(NameLookup)
        case lost(LostEvents)
        case end(End)
    }
}

/// The run entered a stage of its main flow. `play` is zero of the scenario's timeline.
package enum Phase: String, CaseIterable, Sendable {
    /// Namespaces, links, routers and rules are being made.
    case build
    /// Actors are being started and must become ready.
    case start
    /// Every actor is ready and every client has shown that it works. Missing when that did not happen in time.
    case healthy
    /// Zero of the timeline.
    case play
    /// The timeline's end: faults are healed, what is under way may finish.
    case settle
    /// Actors are being stopped.
    case stop
}

/// Which process: an actor's name and its number among `count` (0 when there is one).
package struct Instance: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var actor: String
    package var index: Int

    package init(_ actor: String, _ index: Int = 0) {
        self.actor = actor
        self.index = index
    }

    package var description: String { index == 0 ? actor : "\(actor)#\(index)" }
    package static func < (a: Instance, b: Instance) -> Bool { (a.actor, a.index) < (b.actor, b.index) }
}

/// The life of an actor's process.
package struct ActorChange: Equatable, Sendable {
    package enum Change: Equatable, Sendable {
        case started(pid: Int)
        case ready
        /// It ended by itself or by a fault: exit status, or the signal that killed it.
        case exited(status: Int?, signal: Int?)
        /// The run stopped it; `killed` when it ignored SIGTERM and SIGKILL was needed.
        case stopped(killed: Bool)
        /// It said that it cannot play this scenario (exit 127 or an `unsupported` event).
        case unsupported(reason: String)
        /// It could not be started, or was not ready in time.
        case failed(reason: String)
        /// The timeline sent it a command of the driver protocol; `refused` says why it did not get it.
        case told(command: String, refused: String? = nil)
        /// It ran without a pause or flooded its output, and was ended for that: no machine could go on with it.
        case runaway(reason: String)
        /// Its log passed the bound and the rest is counted, not kept.
        case logTruncated(after: Int)
    }
    package var instance: Instance
    package var change: Change

    package init(_ instance: Instance, _ change: Change) {
        self.instance = instance
        self.change = change
    }
}

/// A line that a driver said: a JSON object with an "event" key (docs/driver-protocol.md).
package struct DriverReport: Equatable, Sendable {
    /// Who stamped the event's time.
    package enum Stamp: String, CaseIterable, Sendable {
        /// The driver, with its own CLOCK_MONOTONIC ("t").
        case driver
        /// The engine, when it read the line: late by the time the line waited in the pipe.
        case reader
    }
    /// The protocol's event names. Unknown ones are kept as `note`.
    package enum Kind: String, CaseIterable, Sendable {
        case hello, state, attempt, connected, sent, received, acked, request, response, resumed, refused, queue
        case breaker, error, note, unsupported
    }
    package var instance: Instance
    /// The driver's own name for one of several sessions; empty when it has one.
    package var session: String
    package var kind: Kind
    package var stamp: Stamp
    /// Stream and sequence number of `sent`, `received`, `acked`.
    package var stream: String?
    package var sequence: Int64?
    /// `state`: its name; `breaker`: its state; `error`, `note` and `refused`: the text;
    /// `unsupported`: the reason.
    package var text: String?
    /// Whatever else the driver said, as it said it (without event, t, session, stream, seq and text's key).
    package var extra: [JSON.Member]

    package init(
        _ instance: Instance, _ kind: Kind, session: String = "", stamp: Stamp = .driver, stream: String? = nil,
        sequence: Int64? = nil, text: String? = nil, extra: [JSON.Member] = []
    ) {
        self.instance = instance
        self.session = session
        self.kind = kind
        self.stamp = stamp
        self.stream = stream
        self.sequence = sequence
        self.text = text
        self.extra = extra
    }
}

/// The life of one fault of the timeline.
package struct FaultChange: Equatable, Sendable {
    package enum Change: Equatable, Sendable {
        /// The kernel acknowledged it. `late`: nanoseconds from due time to acknowledgement.
        case applied(late: Int64)
        /// It has acted: `total` hits so far. Written when first seen and whenever sampled with a new total.
        case hit(total: Int64)
        /// What it did is undone; `total` hits in all. Moments (kill, hang-up...) are healed as soon as they have
        /// acted.
        case healed(late: Int64, total: Int64)
        /// It could not be applied or healed.
        case failed(reason: String)
    }
    /// Its place among the plan's faults.
    package var index: Int
    /// Its kind, such as `blackhole`.
    package var name: String
    package var change: Change

    package init(_ index: Int, _ name: String, _ change: Change) {
        self.index = index
        self.name = name
        self.change = change
    }
}

/// What a packet on a link said about a TCP connection, seen by a passive capture inside the link.
///
/// The point of capture is where packets enter the link, before its impairment and before faults: a SYN into a
/// blackhole is seen. Behind a NAT router the same connection has other addresses; `MappingChange` tells which.
package struct WireChange: Equatable, Sendable {
    package enum Change: String, CaseIterable, Sendable {
        /// A SYN without ACK; `repeated` when this connection's SYN was seen before (a retransmission).
        case attempt
        /// The handshake's last ACK was seen.
        case established
        /// First payload from the side that sent the SYN.
        case firstRequest = "first-request"
        /// First payload from the other side.
        case firstResponse = "first-response"
        /// First FIN from `from`.
        case fin
        /// A RST from `from`.
        case reset
        /// Payload after at least 100 ms without any new payload in this direction: the beginning of a burst.
        /// `repeated`: nothing in it is new, and for at least 100 ms there was no payload at all.
        ///
        /// Only in recordings whose header names `payload`.
        case data
        /// At most one byte from before the next one that is due, where nothing waits to be acknowledged: a TCP
        /// keep-alive probe, or one of a closed window, which looks the same. As `data`, in some recordings only.
        case keepAlive = "keep-alive"
    }
    /// The link's name.
    package var link: String
    package var change: Change
    /// Who sent this packet, and to whom (for `established`: the side that sent the SYN).
    package var from: Endpoint
    package var to: Endpoint
    package var repeated: Bool
    /// Of `data`: how many bytes of payload this packet has.
    package var bytes: Int64?
    /// Of `data`, and of `fin` where `data` is told: nanoseconds since the last (new) payload in this direction; nil
    /// when there was none.
    package var quiet: Int64?

    package init(
        link: String, _ change: Change, from: Endpoint, to: Endpoint, repeated: Bool = false, bytes: Int64? = nil,
        quiet: Int64? = nil
    ) {
        self.link = link
        self.change = change
        self.from = from
        self.to = to
        self.repeated = repeated
        self.bytes = bytes
        self.quiet = quiet
    }
}

/// A NAT router's connection tracking changed.
package struct MappingChange: Equatable, Sendable {
    package enum Change: String, Sendable { case new, established, expired, forgotten, closed }
    /// The router's host name.
    package var router: String
    package var change: Change
    /// Inside client and server as the client sees it.
    package var from: Endpoint
    package var to: Endpoint
    /// The client as the server sees it.
    package var translated: Endpoint

    package init(router: String, _ change: Change, from: Endpoint, to: Endpoint, translated: Endpoint) {
        self.router = router
        self.change = change
        self.from = from
        self.to = to
        self.translated = translated
    }
}

/// Totals that crossed a link in one direction since the lab was built.
package struct Traffic: Equatable, Sendable {
    package var link: String
    /// Host that the packets came from.
    package var from: String
    package var packets: Int64
    package var bytes: Int64
    /// Dropped by the link's impairment.
    package var dropped: Int64

    package init(link: String, from: String, packets: Int64, bytes: Int64, dropped: Int64) {
        self.link = link
        self.from = from
        self.packets = packets
        self.bytes = bytes
        self.dropped = dropped
    }
}

/// TCP sockets of a host by state, sampled.
package struct SocketTable: Equatable, Sendable {
    package var host: String
    /// State name as the kernel has it (ESTABLISHED, CLOSE_WAIT...) and how many; in the kernel's order of states.
    package var states: [StateCount]
    /// Connections that the host's listening sockets had no room for, since the lab was built (`ListenOverflows`).
    package var overflows: Int64
    /// SYNs and connections that they dropped for whatever reason (`ListenDrops`).
    package var drops: Int64

    package struct StateCount: Equatable, Sendable {
        package var state: String
        package var count: Int
        package init(_ state: String, _ count: Int) {
            self.state = state
            self.count = count
        }
    }

    package init(host: String, states: [StateCount], overflows: Int64 = 0, drops: Int64 = 0) {
        self.host = host
        self.states = states
        self.overflows = overflows
        self.drops = drops
    }
}

/// Resources of an actor's process tree, sampled.
package struct ProcessSample: Equatable, Sendable {
    package var instance: Instance
    /// CPU time of all its processes so far, nanoseconds. In the virtual lab CPU work takes no time and this stays near
    /// 0.
    package var cpu: Int64
    /// Resident memory, bytes, in whole MiB.
    package var memory: Int64
    package var descriptors: Int
    package var threads: Int
    /// How often its threads that live have gone to sleep so far, and so were woken (voluntary context switches); nil
    /// in recordings of format 1.
    package var wakeups: Int64?

    package init(
        _ instance: Instance, cpu: Int64, memory: Int64, descriptors: Int, threads: Int, wakeups: Int64? = nil
    ) {
        self.instance = instance
        self.cpu = cpu
        self.memory = memory
        self.descriptors = descriptors
        self.threads = threads
        self.wakeups = wakeups
    }
}

/// A program asked the lab's name server for a name. Only in labs that have one.
package struct NameLookup: Equatable, Sendable {
    /// How it was answered.
    package enum Answer: String, CaseIterable, Sendable {
        case addresses
        /// The name has nothing of this type (NODATA).
        case empty
        case noSuchName = "nxdomain"
        case serverFailure = "servfail"
        case refused
        /// By UDP: ask again by TCP.
        case truncated
        /// Not at all.
        case silence
        /// By TCP: the connection was closed.
        case hangUp = "hang-up"
    }
    /// The host whose program asked.
    package var host: String
    package var name: String
    /// Type of the record: `A`, `AAAA`, `TYPE65`.
    package var type: String
    package var answer: Answer
    /// With `addresses` only.
    package var addresses: [String]
    /// For how long `addresses` may be remembered, seconds.
    package var ttl: Int64?
    /// How much later than the question the answer was sent, nanoseconds; 0 for at once.
    package var delay: Int64

    package init(
        host: String, name: String, type: String, _ answer: Answer, addresses: [String] = [], ttl: Int64? = nil,
        delay: Int64 = 0
    ) {
        self.host = host
        self.name = name
        self.type = type
        self.answer = answer
        self.addresses = addresses
        self.ttl = ttl
        self.delay = delay
    }
}

/// A probe missed events (a kernel buffer overflowed): a verdict that needs them cannot be given.
package struct LostEvents: Equatable, Sendable {
    package var probe: String
    package var count: Int64
    package init(probe: String, count: Int64) {
        self.probe = probe
        self.count = count
    }
}

/// The last event of a recording. A recording without one was cut off.
package struct End: Equatable, Sendable {
    package enum Reason: String, Sendable {
        /// The timeline was played to its end.
        case finished
        /// An actor failed, and the timeline was not or not fully played.
        case actorFailed = "actor-failed"
        /// The lab, or a fault, could not be made on this machine.
        case unsupported
        /// Our own error.
        case error
        case interrupted
    }
    package var reason: Reason
    /// Why, in a sentence; empty when finished.
    package var message: String
    /// Events before this one.
    package var events: Int

    package init(_ reason: Reason, message: String = "", events: Int) {
        self.reason = reason
        self.message = message
        self.events = events
    }
}
