import JSONLines
import Recordings
import Scenarios

/// A recording and its scenario, indexed in one pass: what expectations look at.
///
/// A class, so that what one of twenty thousand findings holds of it is a reference. Unchecked, because nothing changes
/// once its initialiser is done. What it hands out in large numbers (`Report`, `Wire`, signs) is a place in the
/// recording and a plain pointer to the run: a counted reference in each would cost more than all that is judged. So a
/// run must outlive them; `Judge` sees to that.
package final class RunView: @unchecked Sendable {
    package let recording: Recording
    package let scenario: Scenario
    let workers: Workers
    /// Beginning of each stage that the run came to.
    package private(set) var phases: [Phase: Moment] = [:]
    /// One for each fault of the plan, in its order.
    package private(set) var strikes: [FaultStrike]
    /// The life of each process, in time order.
    package private(set) var lives: [Instance: [Life]] = [:]
    package private(set) var sessions: [SessionName: Session] = [:]
    /// The names of all of them, sorted.
    private(set) var sessionOrder: [SessionName] = []
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
    /// What the clients' sessions let see of their connections: what most expectations begin with.
    private(set) var clientSigns: [SessionName: ClientSigns] = [:]
    /// Where connections of this run begin and end.
    package private(set) var endpoints = Endpoints()
    /// Addresses of each host.
    private var addresses: [String: Set<IPAddress>] = [:]
    /// How long a message may be under way without anybody being at fault: twice the whole lab's delays, and a second
    /// for the programs.
    package let underWay: Duration
    package private(set) var play: Timestamp?
    /// The end of the timeline; the end of the recording when it did not come to that.
    package private(set) var playEnd: Timestamp
    /// What drivers told of themselves.
    package private(set) var hellos: [Report] = []
    /// From here on the run takes the actors down: what they do then says nothing.
    package private(set) var stop: Timestamp
    /// From when on numbers may begin anew although nobody said what was sent: starts of servers and publishers in
    /// play.
    package private(set) var restarts: [Timestamp] = []

    package struct MessageKey: Hashable, Sendable {
        package var stream: Int
        package var sequence: Int64
    }

    package struct SessionName: Hashable, Comparable, Sendable, CustomStringConvertible {
        package var instance: Instance
        package var session: String
        package var description: String { session.isEmpty ? "\(instance)" : "\(instance) session \(session)" }
        /// By what mostly tells two apart: there are few actors, and many sessions.
        package func hash(into hasher: inout Hasher) {
            hasher.combine(session)
            hasher.combine(instance.index)
        }

        package static func < (a: Self, b: Self) -> Bool { (a.instance, a.session) < (b.instance, b.session) }
    }

    /// What one session of a driver said.
    package struct Session: Sendable {
        package var received: [Message] = []
        package var sent: [Message] = []
        /// Everything else.
        package var reports: [Report] = []
        /// Its own ends of connections, where its driver named them (`local`).
        var ends: [(moment: Moment, end: Endpoint)] = []

        fileprivate mutating func take(_ said: Report, from end: Endpoint?) {
            reports.append(said)
            if let end { ends.append((said.moment, end)) }
        }

        var showsLife: Bool {
            !received.isEmpty || !sent.isEmpty
                || reports.contains { $0.kind != .hello && $0.kind != .note && $0.kind != .unsupported }
        }
    }

    package struct Message: Sendable {
        package var moment: Moment
        package var stream: Int
        package var sequence: Int64?

        package var key: MessageKey? { sequence.map { MessageKey(stream: stream, sequence: $0) } }
    }

    package struct Report: Sendable {
        package let moment: Moment
        package let kind: DriverReport.Kind
        /// It is a `state` that means that the client works.
        package let isUpState: Bool
        // Plain, as said above: the run outlives it.
        unowned(unsafe) let run: RunView

        package var report: DriverReport {
            guard case .driver(let report) = run.body(at: moment) else { preconditionFailure("a report that is none") }
            return report
        }
    }

    package struct Life: Sendable {
        package var moment: Moment
        package var change: ActorChange.Change
    }

    package struct Wire: Sendable {
        package let moment: Moment
        package let kind: WireChange.Change
        package let isRepeated: Bool
        /// Whether an address of the host whose wire this is sent it, and whether it was sent to one.
        package fileprivate(set) var sends = false
        package fileprivate(set) var gets = false
        let ends: ConnectionEnds
        // Plain, as said above: the run outlives it.
        unowned(unsafe) let run: RunView

        package var from: Endpoint { run.endpoints[ends.from] }
        package var to: Endpoint { run.endpoints[ends.to] }

        /// All that the recording says of it: whoever looks through many asks for the above.
        package var change: WireChange {
            guard case .wire(let change) = run.body(at: moment) else {
                preconditionFailure("a change of the wire that is none")
            }
            return change
        }
    }

    package struct Mapping: Sendable {
        package var moment: Moment
        package var change: MappingChange
    }

    package struct Lookup: Sendable {
        package var moment: Moment
        package var lookup: NameLookup
    }

    package init(_ recording: Recording, scenario: Scenario, catalog: Catalog, workers: Workers = .none) {
        let scenario = scenario.withChangedAddresses
        self.recording = recording
        self.workers = workers
        self.scenario = scenario
        strikes = scenario.faults.map { plan in
            FaultStrike(plan: plan, definition: catalog.faults.first { $0.name == plan.kind })
        }
        for host in scenario.lab.hosts { addresses[host.name] = Set(host.addresses.map { IPAddress($0) }) }
        underWay = scenario.lab.links.reduce(.seconds(1)) { sum, link in
            sum + link.impairment.delay + link.impairment.jitter + link.back.delay + link.back.jitter
        }
        stop = recording.events.last?.time ?? Timestamp(nanoseconds: 0)
        playEnd = stop
        // What is on the wire and what was said are two halves of a storm's recording, and nothing in either needs the
        // other.
        workers.together({ takeWire() }, { takeOthers() })
        play = phases[.play]?.time
        stop = phases[.stop]?.time ?? stop
        playEnd = phases[.settle]?.time ?? stop
        nameRestarts()
        nameSessions()
        inventory.complete(self)
        for client in scenario.actors where client.role == .client {
            let names = sessionNames(of: client.name)
            clientSigns.reserveCapacity(clientSigns.count + names.count)
            for signs in workers.map(names, { ClientSigns(reading: self, $0) }) { clientSigns[signs.name] = signs }
        }
    }

    private func takeWire() {
        var (hosts, recent) = (HostWires(scenario.lab, room: recording.events.count), RecentEndpoints())
        recording.events.withUnsafeBufferPointer { events in
            for index in events.indices where events[index].kind == .wire {
                guard case .wire(let change) = events[index].body else { continue }
                take(change, at: Moment(time: events[index].time, line: index + 2), &hosts, &recent)
            }
        }
        wire = hosts.wire
        inventory = ConnectionInventory(wireOf: self)
    }

    private func takeOthers() {
        recording.events.withUnsafeBufferPointer { events in
            // What the other thread looks at is not even copied.
            for index in events.indices where events[index].kind != .wire {
                take(events[index].body, at: Moment(time: events[index].time, line: index + 2))
            }
        }
        sessionOrder = sessions.keys.sorted()
    }

    /// None of a host that is not in the lab.
    package func addresses(of host: String) -> Set<IPAddress> { addresses[host] ?? [] }

    /// What this line of the recording says.
    func body(at moment: Moment) -> Event.Body { recording.events[moment.line - 2].body }

    private func nameRestarts() {
        let servers = Set(scenario.actors.filter { $0.role != .client }.map(\.name))
        let starts = lives.filter { servers.contains($0.key.actor) }.values.joined().filter { life in
            if case .started = life.change, let play { life.moment.time >= play } else { false }
        }
        restarts = starts.map(\.moment.time).sorted()
    }

    private func nameSessions() {
        var found: [Instance: [SessionName]] = [:]
        for name in sessionOrder where sessions[name]?.showsLife ?? false {
            found[name.instance, default: []].append(name)
        }
        for actor in Set(found.keys.map(\.actor)) {
            sessionsOfActors[actor] = instances(of: actor).flatMap { instance in
                found[instance] ?? [SessionName(instance: instance, session: "")]
            }
        }
    }

    private func take(_ body: Event.Body, at moment: Moment) {
        switch body {
        case .phase(let phase): phases[phase] = phases[phase] ?? moment
        case .actor(let change): lives[change.instance, default: []].append(Life(moment: moment, change: change.change))
        case .driver(let report): take(report, at: moment)
        case .fault(let change):
            if let place = strikes.firstIndex(where: { $0.plan.index == change.index }) {
                strikes[place].take(change.change, at: moment)
            }
        case .tls(let change): tls.append((moment, change))
        case .connection(let totals): self.totals.append((moment, totals))
        case .owner(let owner): owners.append((moment, owner))
        case .sockets(let table): sockets[table.host, default: []].append((moment, table))
        case .process(let sample): samples[sample.instance, default: []].append((moment, sample))
        case .mapping(let change): mappings.append(Mapping(moment: moment, change: change))
        case .lost(let lost): self.lost.append(lost)
        case .lookup(let lookup): lookups.append(Lookup(moment: moment, lookup: lookup))
        case .wire, .traffic, .end: break
        }
    }

    private func take(_ report: DriverReport, at moment: Moment) {
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
            let isUpState = report.kind == .state && ClientSigns.upStates.contains(report.text ?? "")
            let said = Report(moment: moment, kind: report.kind, isUpState: isUpState, run: self)
            if report.kind == .hello { hellos.append(said) }
            let namesEnd = report.kind == .attempt || report.kind == .connected
            let local = namesEnd ? report.extra.first { $0.key == "local" }?.value.string : nil
            sessions[name, default: Session()].take(said, from: local.flatMap(Endpoint.init))
        }
    }

    private func take(
        _ change: WireChange, at moment: Moment, _ hosts: inout HostWires, _ recent: inout RecentEndpoints
    ) {
        let ends = ConnectionEnds(
            from: recent.place(change.from, in: &endpoints), to: recent.place(change.to, in: &endpoints))
        hosts.take(
            change,
            Wire(moment: moment, kind: change.change, isRepeated: change.repeated, ends: ends, run: self))
    }

    private func message(_ report: DriverReport, at moment: Moment) -> Message {
        let name = report.stream ?? ""
        if let number = streamNumbers[name] {
            return Message(moment: moment, stream: number, sequence: report.sequence)
        }
        streamNumbers[name] = streams.count
        streams.append(name)
        return Message(moment: moment, stream: streams.count - 1, sequence: report.sequence)
    }
}

/// The wire changes of each host: a packet on a link belongs to those ends of the link whose own address it carries.
private struct HostWires {
    /// An address at one end of a link, and the place of its host.
    private struct Owner {
        var address: IPAddress
        var host: Int
        /// Programs of the host have it, and not only packets to nowhere.
        var isOwn: Bool
    }

    private var owners: [(link: String, ends: [Owner])] = []
    private var names: [String] = []
    private var changes: [[RunView.Wire]] = []

    /// A lab has few links, and a link few addresses: looking through them is faster than any table.
    /// - Parameter room: for how many changes of each host; what is not needed is never touched.
    init(_ lab: LabPlan, room: Int) {
        for link in lab.links {
            var ends: [Owner] = []
            for end in [link.first, link.second] {
                let host = names.firstIndex(of: end.host) ?? names.count
                if host == names.count { names.append(end.host) }
                let all = lab.hosts.filter { $0.name == end.host }.flatMap(\.addresses)
                let dead = [lab.deadIPv6Address(of: end.host)].compactMap { $0 }
                for text in [end.hostAddress] + all + dead {
                    let address = IPAddress(text)
                    // The end that comes last has the address that both have.
                    ends.removeAll { $0.address == address }
                    ends.append(Owner(address: address, host: host, isOwn: all.contains(text)))
                }
            }
            owners.append((link.name, ends))
        }
        changes = Array(repeating: [], count: names.count)
        for host in changes.indices { changes[host].reserveCapacity(room) }
    }

    mutating func take(_ change: WireChange, _ seen: RunView.Wire) {
        guard let ends = owners.first(where: { $0.link == change.link })?.ends else { return }
        let from = ends.first { $0.address == change.from.address }
        let to = ends.first { $0.address == change.to.address }
        var seen = seen
        seen.gets = to?.isOwn ?? false
        if let to, to.host != from?.host { changes[to.host].append(seen) }
        seen.sends = from?.isOwn ?? false
        if to?.host != from?.host { seen.gets = false }
        if let from { changes[from.host].append(seen) }
    }

    /// By the host's name, of hosts that have any.
    var wire: [String: [RunView.Wire]] {
        Dictionary(zip(names, changes).filter { !$0.1.isEmpty }) { first, _ in first }
    }
}
