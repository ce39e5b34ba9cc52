extension Plan: CustomStringConvertible {
    /// A line for everything that will be made or done, the seed and what is derived from it first.
    package var description: String {
        (derived + lab + commands + timeline + expectations).joined(separator: "\n") + "\n"
    }

    private var derived: [String] {
        var lines = ["scenario \(scenario.name)", "seed \(seed)", "seed of the lab kernel \(kernelSeed)"]
        lines += linkSeeds.map { "seed of link \($0.link) from \($0.from) \($0.seed)" }
        return lines
    }

    private var lab: [String] {
        var lines = ["lab of \(Units.text(date: scenario.lab.start)), memory \(Units.sizeText(scenario.lab.memory))"]
        if let server = scenario.lab.nameServer {
            let dead = server.hasDeadIPv6 ? ", IPv6 that leads nowhere" : ""
            lines.append("name server in every host, answers hold for \(Units.text(server.ttl))\(dead)")
        }
        for host in scenario.lab.hosts {
            var line = "host \(host.name)"
            if !host.addresses.isEmpty { line += " \(host.addresses.joined(separator: " "))" }
            if let nat = host.nat {
                line +=
                    ", NAT to \(nat.outside), idle timeout \(Units.text(nat.idleTimeout)), \(nat.onExpiry) on expiry"
            }
            lines.append(line)
        }
        for link in scenario.lab.links {
            let back = link.back == link.impairment ? "" : "; from \(link.second.host) \(link.back.inWords)"
            lines.append("link \(link.name): \(link.impairment.inWords)\(back)")
            for end in [link.first, link.second] {
                let reached = end.reaches.isEmpty ? "nothing" : end.reaches.joined(separator: " ")
                lines.append("  \(end.host) \(end.hostAddress) by \(end.wireAddress) reaches \(reached)")
            }
        }
        return lines
    }

    private var commands: [String] {
        startOrder.map { index in
            let actor = scenario.actors[index]
            // The two folders are known to a run only.
            let command = actor.substituted(index: 0, seed: seed, folder: "{folder}", work: "{work}", in: scenario)
            let variables = command.environment.map { "\($0.name)=\(shown($0.value))" }
            let words = (variables + command.arguments.map(shown)).joined(separator: " ")
            let count = actor.count == 1 ? "" : " x \(actor.count)"
            let certificate = actor.certificate == nil ? "" : ", with a certificate"
            return "start \(actor.name)\(count) (\(actor.role)) on \(actor.host)\(certificate), "
                + "ready \(actor.ready.inWords): \(words)"
        }
    }

    /// As one could paste it into a shell.
    private func shown(_ word: String) -> String {
        let isPlain =
            !word.isEmpty && word.utf8.allSatisfy { (0x2B...0x7D).contains($0) && !";<>?[\\]`{|}".utf8.contains($0) }
        return isPlain
            ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    private var timeline: [String] {
        ["play within \(Units.text(scenario.healthyWithin))"]
            + actions.map { planned in
                let at = Units.text(planned.at)
                switch planned.action {
                case .strike(let index): return "\(at) strike \(scenario.faults[index].inWords)"
                case .heal(let index):
                    return "\(at) heal \(scenario.faults[index].kind) of \(scenario.faults[index].target.inWords)"
                case .tell(let index): return "\(at) tell \(scenario.tells[index].inWords)"
                case .end: return "\(at) end, then settle for \(Units.text(scenario.settle))"
                }
            }
    }

    private var expectations: [String] { scenario.expectations.map { "expect \($0.text)" } }
}

extension Impairment {
    /// `delay 20ms, jitter 2ms, loss 0.1%, rate 2 Mbit/s, limit 1000`.
    package var inWords: String {
        var words = ["delay \(Units.text(delay))"]
        if jitter > .zero { words.append("jitter \(Units.text(jitter))") }
        if loss > 0 { words.append("loss \(Units.text(fraction: loss))") }
        if let rate { words.append("rate \(Units.text(rate: rate))") }
        return (words + ["limit \(limit)"]).joined(separator: ", ")
    }
}

extension ActorPlan.Readiness {
    package var inWords: String {
        switch self {
        case .started: "when started"
        case .port(let port): "on port \(port)"
        case .log(let text): "with log \(quoted(text))"
        case .event(let name): "with event \(name)"
        }
    }
}

extension FaultTarget {
    package var inWords: String {
        switch self {
        case .link(let link, from: nil): "link \(link)"
        case .link(let link, from: let host?): "link \(link) from \(host)"
        case .host(let host): "host \(host)"
        case .actor(let actor): "actor \(actor)"
        case .actors(let actors): "actors \(actors.joined(separator: ", "))"
        case .connections(let choice): "connections of \(choice.inWords)"
        case .name(let name): "name \(name)"
        case .lab: "the lab"
        case .groups(let groups): groups.map { $0.joined(separator: " and ") }.joined(separator: " from ")
        }
    }
}

extension ConnectionChoice {
    /// `broker with phone, port 1883`
    package var inWords: String {
        actor + (peer.map { " with \($0)" } ?? "") + (port.map { ", port \($0)" } ?? "")
    }
}

extension FaultPlan {
    /// Kind, target and parameters by name: `latency of link home-cloud, delay 1.5s`.
    package var inWords: String {
        let values = parameters.sorted { $0.key < $1.key }.map { ", \($0.key) \($0.value.inFile)" }
        return "\(kind) of \(target.inWords)\(values.joined())"
    }
}

extension TellPlan {
    /// Actor, command and fields: `ticker publish, stream "orders", seq 4`.
    package var inWords: String {
        "\(actor) \(command)\(fields.map { ", \(shown($0.key)) \($0.value.line)" }.joined())"
    }
}
