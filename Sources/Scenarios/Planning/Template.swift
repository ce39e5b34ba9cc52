/// A text with `{name}` in it: an argument of an actor or a value of its environment. `{{` and `}}` stand for braces.
struct Template {
    enum Piece: Equatable {
        case text(String)
        /// `{broker}` (field nil) or `{broker.port}`.
        case placeholder(name: String, field: String?)
    }

    /// Placeholders that are neither actors nor hosts.
    static let reserved = ["index", "seed", "folder", "work", "ca"]
    static let fields = ["address", "port", "certificate", "key"]

    let pieces: [Piece]

    init(_ text: String) throws(Units.Complaint) {
        var pieces: [Piece] = []
        var plain = ""
        var rest = Substring(text)
        while let character = rest.first {
            if rest.hasPrefix("{{") || rest.hasPrefix("}}") {
                plain.append(character)
                rest = rest.dropFirst(2)
            } else if character == "}" {
                throw Units.Complaint(clause: "has a } without its {; write }} for a brace")
            } else if character == "{" {
                guard let end = rest.firstIndex(of: "}") else {
                    throw Units.Complaint(clause: "has a { without its }; write {{ for a brace")
                }
                let inside = rest[rest.index(after: rest.startIndex)..<end]
                let parts = inside.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
                if !plain.isEmpty { pieces.append(.text(plain)) }
                plain = ""
                pieces.append(.placeholder(name: String(parts[0]), field: parts.count == 2 ? String(parts[1]) : nil))
                rest = rest[rest.index(after: end)...]
            } else {
                plain.append(character)
                rest = rest.dropFirst()
            }
        }
        if !plain.isEmpty { pieces.append(.text(plain)) }
        self.pieces = pieces
    }
}

/// What an instance of an actor is started with.
package struct ActorCommand: Equatable, Sendable {
    /// Program and arguments.
    package var arguments: [String]
    package var environment: [ActorPlan.Variable]
}

extension ActorPlan {
    /// The command of one instance, with everything in braces replaced.
    ///
    /// `{NAME}` is the resolvable name of an actor or host, `{NAME.address}` its address, `{ACTOR.port}` the port by
    /// which that actor is ready; `{index}` the instance's number from 0, `{seed}` a number of its own (0 to 2^31 - 1,
    /// so that every language's integers hold it); `{folder}` and `{work}` the two folders given here;
    /// `{ACTOR.certificate}`, `{ACTOR.key}` and `{ca}` files in PEM.
    /// - Parameters:
    ///   - index: the instance's number, 0..<count.
    ///   - seed: the run's seed.
    ///   - folder: the scenario's folder, as the actor sees it.
    ///   - work: a folder that this instance may write to.
    package func substituted(
        index: Int, seed: UInt64, folder: String, work: String, in scenario: Scenario
    ) -> ActorCommand {
        func replacement(_ name: String, _ field: String?) -> String {
            switch name {
            case "index": return String(index)
            case "seed": return String(Seed.derived(from: seed, for: "actor \(self.name) \(index)") >> 33)
            case "folder": return folder
            case "work": return work
            case "ca": return CertificatePlan.authority
            default:
                guard let field else { return name }
                if field == "certificate" { return CertificatePlan.certificate(of: name) }
                if field == "key" { return CertificatePlan.key(of: name) }
                let actor = scenario.actors.first { $0.name == name }
                if field == "port", case .port(let port) = actor?.ready { return String(port) }
                let host = scenario.lab.hosts.first { $0.name == actor?.host ?? name }
                // A host without links has the loopback address only.
                return host.map { $0.addresses.first ?? "127.0.0.1" } ?? "{\(name).\(field)}"
            }
        }
        func substituted(_ text: String) -> String {
            // The checker has parsed every text of a plan before.
            guard let template = try? Template(text) else { return text }
            return template.pieces.map { piece in
                switch piece {
                case .text(let text): text
                case .placeholder(let name, let field): replacement(name, field)
                }
            }.joined()
        }
        return ActorCommand(
            arguments: run.map(substituted),
            environment: environment.map { Variable(name: $0.name, value: substituted($0.value)) })
    }
}
