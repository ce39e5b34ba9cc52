import Recordings
import Scenarios

/// What a client session let see of its connection, from its driver and, where it can only be its own, from the wire.
struct ClientSigns {
    enum Kind {
        /// It knows that its connection is gone, or tries to make one.
        case down
        /// A try to connect. It is also a sign of `down`.
        case attempt
        case up
        /// The server's first payload on a new connection.
        case response
        /// Its driver complained; the connection may still stand.
        case complaint
    }

    struct Sign {
        let moment: Moment
        let kind: Kind
        let fromDriver: Bool
        let words: Words
        // Plain, as said of `RunView`: the run outlives it.
        unowned(unsafe) let run: RunView
    }

    /// What evidence makes of a sign's line. A handful of the signs of twenty thousand sessions are told: their words
    /// are made then.
    enum Words {
        /// What its driver said, and what its host sent or got.
        case said, sends, gets
        /// The end of a connection, by whom, and by whom to the client.
        case ended, wasEnded
        case wrote
        case received
    }

    let name: RunView.SessionName
    let received: [RunView.Message]
    /// When it sent something, as its driver said.
    let sent: [RunView.Message]
    /// What else its driver said.
    let reports: [RunView.Report]
    /// In time order.
    let signs: [Sign]
    /// Whether the driver says when it is connected.
    let driverSpeaksOfUp: Bool
    /// Nil when the wire does not tell this session from others.
    let wire: [RunView.Wire]?
    /// Its connections and its tries to make one; none when the wire does not tell this session from others.
    let dials: [Dial]

    /// Those of clients have been read when the run was indexed.
    init(_ run: RunView, _ name: RunView.SessionName) {
        self = run.clientSigns[name] ?? ClientSigns(reading: run, name)
    }

    init(reading run: RunView, _ name: RunView.SessionName) {
        self.name = name
        let session = run.sessions[name]
        received = session?.received ?? []
        sent = session?.sent ?? []
        reports = session?.reports ?? []
        wire = run.wire(of: name)
        dials =
            run.inventory.dials(of: name) ?? Dial.dials(wire ?? [], sends: \.sends, gets: \.gets)
        var signs: [Sign] = []
        signs.reserveCapacity(reports.count + (wire?.count ?? 0))
        var rest = reports[...]
        // Both are in the order of the recording.
        for seen in wire ?? [] {
            guard let sign = ClientSigns.sign(of: seen) else { continue }
            while let said = rest.first, said.moment.line < seen.moment.line {
                if let sign = ClientSigns.sign(of: said) { signs.append(sign) }
                rest.removeFirst()
            }
            signs.append(sign)
        }
        signs += rest.compactMap(ClientSigns.sign(of:))
        self.signs = signs
        driverSpeaksOfUp = signs.contains { $0.kind == .up && $0.fromDriver }
    }

    /// The first thing from then on that the application wanted sent, as its driver said.
    func handedOver(since time: Timestamp) -> Moment? {
        let asked = reports.lazy.filter { $0.kind == .request }.map(\.moment)
        let first = [sent.lazy.map(\.moment).first { $0.time >= time }, asked.first { $0.time >= time }]
        return first.compactMap { $0 }.min { $0.time < $1.time }
    }

    /// A driver names states in its client's own words; these mean that it works.
    static let upStates: Set<String> = ["connected", "subscribed", "ready", "online", "streaming"]

    private static func sign(of said: RunView.Report) -> Sign? {
        switch said.kind {
        case .connected: Sign(said, .up)
        case .state: Sign(said, said.isUpState ? .up : .down)
        case .attempt: Sign(said, .attempt)
        case .error, .refused: Sign(said, .complaint)
        case .hello, .sent, .received, .acked, .request, .response, .resumed, .queue, .breaker, .note, .unsupported:
            nil
        }
    }

    private static func sign(of seen: RunView.Wire) -> Sign? {
        let kind: Kind
        switch seen.kind {
        case .attempt: kind = .attempt
        case .established: kind = .up
        case .fin, .reset: kind = .down
        case .firstResponse: kind = .response
        case .firstRequest, .data, .keepAlive: return nil
        }
        if seen.sends == (kind == .response) || (kind == .attempt && seen.isRepeated) { return nil }
        return Sign(seen, kind, seen.sends ? .sends : .gets)
    }

    /// Why the client counts as not connected at `time`: the sign that nothing but downs and attempts followed; nil
    /// when it was connected, or nobody can tell.
    func lossBefore(_ time: Timestamp) -> Sign? {
        guard driverSpeaksOfUp else { return wireLoss(before: time) }
        guard let loss = driverLoss(before: time) else { return nil }
        // An error may be about anything: it counts as a loss only if the wire shows one.
        return loss.kind == .complaint && wireLoss(before: time) == nil ? nil : loss
    }

    /// The connections that came up among `signs`. A driver's word counts more than the wire's: it comes later and
    /// means more (logged in, subscribed).
    static func ups(_ signs: some Sequence<Sign>) -> [Sign] {
        let ups = signs.filter { $0.kind == .up }
        let said = ups.filter(\.fromDriver)
        return said.isEmpty ? ups : said
    }

    private func driverLoss(before time: Timestamp) -> Sign? {
        var loss: Sign?
        for sign in signs[..<signs.partitioningIndex { $0.moment.time >= time }] where sign.fromDriver {
            switch sign.kind {
            case .down, .attempt: loss = loss.flatMap { $0.kind == .complaint ? nil : $0 } ?? sign
            case .complaint: loss = loss ?? sign
            case .up: loss = nil
            case .response: break
            }
        }
        return loss
    }

    /// On the wire: connections were there, and every one was closed or reset by either side.
    private func wireLoss(before time: Timestamp) -> Sign? {
        var open: Set<ConnectionEnds> = []
        var loss: Sign?
        for wire in wire ?? [] where wire.moment.time < time {
            switch wire.kind {
            case .established:
                open.insert(wire.ends)
                loss = nil
            case .fin, .reset:
                let closed = open.remove(wire.ends) ?? open.remove(wire.ends.turned)
                if closed != nil, open.isEmpty {
                    loss = Sign(wire, .down, .ended)
                }
            case .attempt, .firstRequest, .firstResponse, .data, .keepAlive: break
            }
        }
        return loss
    }
}

extension ClientSigns.Sign {
    init(_ said: RunView.Report, _ kind: ClientSigns.Kind, _ words: ClientSigns.Words = .said) {
        self.init(moment: said.moment, kind: kind, fromDriver: true, words: words, run: said.run)
    }

    init(_ seen: RunView.Wire, _ kind: ClientSigns.Kind, _ words: ClientSigns.Words) {
        self.init(moment: seen.moment, kind: kind, fromDriver: false, words: words, run: seen.run)
    }

    /// As evidence words it.
    var text: String {
        switch run.body(at: moment) {
        case .driver(let report): text(report)
        case .wire(let change): text(change)
        case .phase, .actor, .fault, .tls, .connection, .owner, .mapping, .traffic, .sockets, .process, .lookup, .lost,
            .end:
            preconditionFailure("a sign of neither driver nor wire")
        }
    }

    private func text(_ said: DriverReport) -> String {
        switch words {
        case .wrote: return "it sent something"
        case .received:
            guard let sequence = said.sequence else { return "received a message without a sequence number" }
            return "received \(said.stream.flatMap { $0.isEmpty ? nil : $0 } ?? "message") \(sequence)"
        case .said, .sends, .gets, .ended, .wasEnded:
            let text = said.text.map { " (\($0))" } ?? ""
            return "its driver said \(said.kind.rawValue)\(said.kind == .connected ? "" : text)"
        }
    }

    private func text(_ seen: WireChange) -> String {
        let ending = seen.change == .fin ? "FIN" : "RST"
        switch words {
        case .wrote: return "it sent something"
        case .ended: return "\(seen.from) sent a \(ending)"
        case .wasEnded: return "\(seen.from) sent it a \(ending)"
        case .gets: return "the first answer came from \(seen.from) (link \(seen.link))"
        case .said, .sends, .received: break
        }
        let peer = "\(seen.to) (link \(seen.link))"
        switch seen.change {
        case .attempt: return "it sent a SYN to \(peer)"
        case .established: return "its connection to \(peer) was established"
        case .fin, .reset: return "it sent a \(ending) to \(peer)"
        case .firstRequest, .firstResponse, .data, .keepAlive: return "it sent something"
        }
    }
}
