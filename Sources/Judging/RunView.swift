import JSONLines
import Recordings
import Scenarios

/// A recording and its scenario, indexed in one pass: what expectations look at.
package struct RunView: Sendable {
    package let recording: Recording
    package let scenario: Scenario
    /// Beginning of each stage that the run came to.
    package private(set) var phases: [Phase: Moment] = [:]
    /// One for each fault of the plan, in its order.
    package private(set) var strikes: [FaultStrike]
    /// The life of each process, in time order.
    package private(set) var lives: [Instance: [Life]] = [:]
    package private(set) var sessions: [SessionName: Session] = [:]
    /// Wire changes of connections from or to a host, on the links it is an end of, in time order.
    package private(set) var wire: [String: [Wire]] = [:]
    package private(set) var mappings: [Mapping] = []
    /// Every TCP connection that programs of the lab opened.
    package private(set) var inventory = ConnectionInventory()
    /// What connections show of their encryption, their totals and whose they are, in time order.
    private(set) var tls: [(moment: Moment, change: TLSChange)] = []
    private(set) var totals: [(moment: Moment, totals: ConnectionTotals)] = []
    private(set) var owners: [(moment: Moment, owner: ConnectionOwner)] = []
    /// TCP sockets of each host, and resources of each process, in time order.
    package private(set) var sockets: [String: [(moment: Moment, table: SocketTable)]] = [:]
    package private(set) var samples: [Instance: [(moment: Moment, sample: ProcessSample)]] = [:]
    package private(set) var lookups: [Lookup] = []
    package private(set) var lost: [LostEvents] = []
    /// Names of streams; messages name them by their place here.
    package private(set) var streams: [String] = []
    /// When each message was sent first, as a driver said.
    package private(set) var sentTimes: [MessageKey: Timestamp] = [:]
    /// When a number was sent again: a publisher or server that was started anew begins at 1.
    package private(set) var resentTimes: [MessageKey: [Timestamp]] = [:]
    /// When anything was sent, numbered or not, in time order.
    package private(set) var sendings: [Timestamp] = []
    private var streamNumbers: [String: Int] = [:]
    /// See `sessionNames(of:)`: every expectation asks, and for each session.
    private(set) var sessionsOfActors: [String: [SessionName]] = [:]

    package struct MessageKey: Hashable, Sendable {
        package var stream: Int
        package var sequence: Int64
    }

    package struct SessionName: Hashable, Comparable, Sendable, CustomStringConvertible {
        package var instance: Instance
        package var session: String
        package var description: String { session.isEmpty ? "\(instance)" : "\(instance) session \(session)" }
        package static func < (a: Self, b: Self) -> Bool { (a.instance, a.session) < (b.instance, b.session) }
    }

    /// What one session of a driver said.
    package struct Session: Sendable {
        package var received: [Message] = []
        package var sent: [Message] = []
        /// Everything else.
        package var reports: [Report] = []

        var showsLife: Bool {
            !received.isEmpty || !sent.isEmpty
                || reports.contains { ![.hello, .note, .unsupported].contains($0.report.kind) }
        }
    }

    package struct Message: Sendable {
        package var moment: Moment
        package var stream: Int
        package var sequence: Int64?

        package var key: MessageKey? { sequence.map { MessageKey(stream: stream, sequence: $0) } }
    }

    package struct Report: Sendable {
        package var moment: Moment
        package var report: DriverReport
    }

    package struct Life: Sendable {
        package var moment: Moment
        package var change: ActorChange.Change
    }

    package struct Wire: Sendable {
        package var moment: Moment
        package var change: WireChange
    }

    package struct Mapping: Sendable {
        package var moment: Moment
        package var change: MappingChange
    }

    package struct Lookup: Sendable {
        package var moment: Moment
        package var lookup: NameLookup
    }

    package init(_ recording: Recording, scenario: Scenario, catalog: Catalog) {
        self.recording = recording
        self.scenario = scenario
        strikes = scenario.faults.map { plan in
            FaultStrike(plan: plan, definition: catalog.faults.first { $0.name == plan.kind })
        }
        let ends = LinkHosts(scenario.lab)
        for (index, event) in recording.events.enumerated() {
            take(event.body, at: Moment(time: event.time, line: index + 2), ends)
        }
        nameSessions()
        inventory = ConnectionInventory(self)
    }

    private mutating func nameSessions() {
        var found: [Instance: [SessionName]] = [:]
        for (name, session) in sessions where session.showsLife { found[name.instance, default: []].append(name) }
        for actor in Set(found.keys.map(\.actor)) {
            sessionsOfActors[actor] = instances(of: actor).flatMap { instance in
                found[instance]?.sorted() ?? [SessionName(instance: instance, session: "")]
            }
        }
    }

    private mutating func take(_ body: Event.Body, at moment: Moment, _ ends: LinkHosts) {
        switch body {
        case .phase(let phase): phases[phase] = phases[phase] ?? moment
        case .actor(let change): lives[change.instance, default: []].append(Life(moment: moment, change: change.change))
        case .driver(let report): take(report, at: moment)
        case .fault(let change):
            if let place = strikes.firstIndex(where: { $0.plan.index == change.index }) {
                strikes[place].take(change.change, at: moment)
            }
        case .wire(let change):
            for host in ends.hosts(of: change) { wire[host, default: []].append(Wire(moment: moment, change: change)) }
        case .tls(let change): tls.append((moment, change))
        case .connection(let totals): self.totals.append((moment, totals))
        case .owner(let owner): owners.append((moment, owner))
        case .sockets(let table): sockets[table.host, default: []].append((moment, table))
        case .process(let sample): samples[sample.instance, default: []].append((moment, sample))
        case .mapping(let change): mappings.append(Mapping(moment: moment, change: change))
        case .lost(let lost): self.lost.append(lost)
        case .lookup(let lookup): lookups.append(Lookup(moment: moment, lookup: lookup))
        case .traffic, .end: break
        }
    }

    private mutating func take(_ report: DriverReport, at moment: Moment) {
        let name = SessionName(instance: report.instance, session: report.session)
        switch report.kind {
        case .received:
            let message = message(report, at: moment)
            sessions[name, default: Session()].received.append(message)
        case .sent:
            let message = message(report, at: moment)
            sessions[name, default: Session()].sent.append(message)
            sendings.append(moment.time)
            if let sequence = message.sequence {
                let key = MessageKey(stream: message.stream, sequence: sequence)
                if sentTimes[key] == nil {
                    sentTimes[key] = moment.time
                } else {
                    resentTimes[key, default: []].append(moment.time)
                }
            }
        case .hello, .state, .attempt, .connected, .acked, .request, .response, .resumed, .refused, .queue, .breaker,
            .error, .note, .unsupported:
            sessions[name, default: Session()].reports.append(Report(moment: moment, report: report))
        }
    }

    private mutating func message(_ report: DriverReport, at moment: Moment) -> Message {
        let name = report.stream ?? ""
        if let number = streamNumbers[name] {
            return Message(moment: moment, stream: number, sequence: report.sequence)
        }
        streamNumbers[name] = streams.count
        streams.append(name)
        return Message(moment: moment, stream: streams.count - 1, sequence: report.sequence)
    }
}

/// Which hosts a packet on a link belongs to: those ends of the link whose own address it carries.
private struct LinkHosts {
    private var owners: [String: [String: String]] = [:]

    init(_ lab: LabPlan) {
        for link in lab.links {
            for end in [link.first, link.second] {
                owners[link.name, default: [:]][end.hostAddress] = end.host
                for host in lab.hosts where host.name == end.host {
                    let dead = [lab.deadIPv6Address(of: host.name)].compactMap { $0 }
                    for address in host.addresses + dead { owners[link.name, default: [:]][address] = end.host }
                }
            }
        }
    }

    func hosts(of change: WireChange) -> [String] {
        guard let owners = owners[change.link] else { return [] }
        let (from, to) = (owners[change.from.address], owners[change.to.address])
        return from == to ? [from].compactMap { $0 } : [from, to].compactMap { $0 }
    }
}
