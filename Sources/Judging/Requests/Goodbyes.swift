import Recordings
import Scenarios

/// The times at which sessions of an actor were told to go, and when their connections ended.
struct Goodbyes {
    struct Goodbye {
        var moment: Moment
        /// `drain at 10m of broker`, `the command drain`.
        var what: String
        /// The server that says it; nil for a command to the client itself.
        var server: String?
        /// Until the server takes everyone in again.
        var until: Timestamp
        /// Only this instance was told; nil for all.
        var instance: Instance?
    }

    private let run: RunView
    let all: [Goodbye]

    init(_ run: RunView, actor: String, fault: String) {
        self.run = run
        var all = run.strikes.filter { $0.plan.kind == fault && $0.hits > 0 }.compactMap { strike in
            strike.struck.map { struck in
                Goodbye(
                    moment: struck, what: strike.name, server: strike.plan.target.actors.first,
                    until: strike.healed?.time ?? run.stop, instance: nil)
            }
        }
        for instance in run.instances(of: actor) {
            for life in run.lives[instance] ?? [] {
                guard case .told(command: "drain", refused: nil) = life.change else { continue }
                all.append(
                    Goodbye(
                        moment: life.moment, what: "the command drain", server: nil, until: run.stop,
                        instance: instance))
            }
        }
        self.all = all.sorted { $0.moment.time < $1.moment.time }
    }

    /// What a driver calls a connection that is still there and being finished.
    private static let finishing: Set<String> = ["draining", "closing", "quiescing"]

    /// The first word or packet by which a session's connection is gone; nil when there was none.
    enum Ending {
        case ended(Moment, String)
        case stays
        /// It was not connected, or nobody can tell.
        case untold
    }

    /// The first close of each connection of a host since a goodbye, by either end of it.
    func closes(_ goodbye: Goodbye, host: String) -> [String: Moment] {
        var closes: [String: Moment] = [:]
        for wire in run.wire[host] ?? [] where wire.moment.time >= goodbye.moment.time && wire.moment.time < run.stop {
            guard wire.kind == .fin || wire.kind == .reset else { continue }
            for end in [wire.from, wire.to] where closes["\(end)"] == nil {
                closes["\(end)"] = wire.moment
            }
        }
        return closes
    }

    func ending(_ name: RunView.SessionName, _ goodbye: Goodbye, _ closes: [String: Moment]) -> Ending {
        var (isUp, local) = (false, nil as String?)
        var word: (Moment, String)?
        for said in run.sessions[name]?.reports ?? [] where said.moment.time < run.stop {
            let isAfter = said.moment.time >= goodbye.moment.time
            switch said.kind {
            case .attempt, .connected:
                if isAfter, word == nil { word = (said.moment, "its driver said \(said.kind.rawValue)") }
                if isAfter { break }
                isUp = said.kind == .connected
                local = said.report.extra("local")?.string ?? local
            case .state:
                let text = said.report.text ?? ""
                let isAtWork = ClientSigns.upStates.contains(text) || Goodbyes.finishing.contains(text)
                if isAfter, !isAtWork, word == nil { word = (said.moment, "its driver said state (\(text))") }
                if !isAfter { isUp = isAtWork }
            default: break
            }
        }
        guard isUp else { return .untold }
        if let local {
            // The wire knows better than a driver that speaks when it has noticed.
            if let close = closes[local] { return .ended(close, "\(local) was closed on the wire") }
            return .stays
        }
        return word.map { .ended($0.0, $0.1) } ?? .stays
    }
}
