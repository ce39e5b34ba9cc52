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
        var moment: Moment
        var kind: Kind
        var fromDriver: Bool
        /// As evidence words it.
        var text: String
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

    init(_ run: RunView, _ name: RunView.SessionName) {
        self.name = name
        let session = run.sessions[name]
        received = session?.received ?? []
        sent = session?.sent ?? []
        reports = session?.reports ?? []
        let reported = reports.compactMap(ClientSigns.sign(of:))
        wire = run.wire(of: name)
        let isOurs = { run.isAddress($0, of: name.instance) }
        dials = Dial.dials(wire ?? [], isOurs: isOurs)
        let seen = (wire ?? []).compactMap { wire in ClientSigns.sign(of: wire, isOurs: isOurs) }
        driverSpeaksOfUp = reported.contains { $0.kind == .up }
        signs = (reported + seen)
            .sorted { ($0.moment.time, $0.moment.line) < ($1.moment.time, $1.moment.line) }
    }

    /// The first thing from then on that the application wanted sent, as its driver said.
    func handedOver(since time: Timestamp) -> Moment? {
        let asked = reports.lazy.filter { $0.report.kind == .request }.map(\.moment)
        let first = [sent.lazy.map(\.moment).first { $0.time >= time }, asked.first { $0.time >= time }]
        return first.compactMap { $0 }.min { $0.time < $1.time }
    }

    /// A driver names states in its client's own words; these mean that it works.
    static let upStates: Set<String> = ["connected", "subscribed", "ready", "online", "streaming"]

    private static func sign(of said: RunView.Report) -> Sign? {
        let text = said.report.text.map { " (\($0))" } ?? ""
        switch said.report.kind {
        case .connected:
            return Sign(moment: said.moment, kind: .up, fromDriver: true, text: "its driver said connected")
        case .state where upStates.contains(said.report.text ?? ""):
            return Sign(moment: said.moment, kind: .up, fromDriver: true, text: "its driver said state\(text)")
        case .state:
            return Sign(moment: said.moment, kind: .down, fromDriver: true, text: "its driver said state\(text)")
        case .attempt:
            return Sign(moment: said.moment, kind: .attempt, fromDriver: true, text: "its driver said attempt\(text)")
        case .error:
            return Sign(moment: said.moment, kind: .complaint, fromDriver: true, text: "its driver said error\(text)")
        case .refused:
            return Sign(moment: said.moment, kind: .complaint, fromDriver: true, text: "its driver said refused\(text)")
        case .hello, .sent, .received, .acked, .request, .response, .resumed, .queue, .breaker, .note, .unsupported:
            return nil
        }
    }

    private static func sign(of wire: RunView.Wire, isOurs: (String) -> Bool) -> Sign? {
        let change = wire.change
        let sends = isOurs(change.from.address)
        let peer = "\(sends ? change.to : change.from) (link \(change.link))"
        switch change.change {
        case .attempt where sends && !change.repeated:
            return Sign(moment: wire.moment, kind: .attempt, fromDriver: false, text: "it sent a SYN to \(peer)")
        case .established where sends:
            return Sign(
                moment: wire.moment, kind: .up, fromDriver: false, text: "its connection to \(peer) was established")
        case .fin where sends:
            return Sign(moment: wire.moment, kind: .down, fromDriver: false, text: "it sent a FIN to \(peer)")
        case .reset where sends:
            return Sign(moment: wire.moment, kind: .down, fromDriver: false, text: "it sent a RST to \(peer)")
        case .firstResponse where !sends:
            return Sign(
                moment: wire.moment, kind: .response, fromDriver: false, text: "the first answer came from \(peer)")
        case .attempt, .established, .firstRequest, .firstResponse, .fin, .reset, .data, .keepAlive: return nil
        }
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
    static func ups(_ signs: [Sign]) -> [Sign] {
        let ups = signs.filter { $0.kind == .up }
        let said = ups.filter(\.fromDriver)
        return said.isEmpty ? ups : said
    }

    private func driverLoss(before time: Timestamp) -> Sign? {
        var loss: Sign?
        for sign in signs where sign.fromDriver && sign.moment.time < time {
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
        var open: Set<[Endpoint]> = []
        var loss: Sign?
        for wire in wire ?? [] where wire.moment.time < time {
            let key = [wire.change.from, wire.change.to]
            switch wire.change.change {
            case .established:
                open.insert(key)
                loss = nil
            case .fin, .reset:
                let closed = open.remove(key) ?? open.remove(key.reversed())
                if closed != nil, open.isEmpty {
                    let word = wire.change.change == .fin ? "FIN" : "RST"
                    loss = Sign(
                        moment: wire.moment, kind: .down, fromDriver: false, text: "\(wire.change.from) sent a \(word)")
                }
            case .attempt, .firstRequest, .firstResponse, .data, .keepAlive: break
            }
        }
        return loss
    }
}
