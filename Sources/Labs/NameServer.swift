import Kernel
import Netlink
import Scenarios

/// The lab's name server. It listens in every host, at a loopback address, as the stub of systemd-resolved does: so
/// every resolver asks it by /etc/resolv.conf, and no fault of a link is in its way unless a scenario says so.
///
/// Faults lay rules on names; a rule changes answers while it lies.
package final class NameServer {
    /// Somebody has asked.
    package struct Lookup: Equatable, Sendable {
        /// CLOCK_MONOTONIC, nanoseconds.
        package var time: Int64
        package var host: String
        package var name: String
        /// `A`, `AAAA`...
        package var kind: String
        package var answer: NameAnswer
    }

    /// For how long answers may be remembered, unless a fault says otherwise.
    package let plan: NameServerPlan
    private let lab: LabPlan
    /// Names, each with the host that it leads to.
    private let names: [String: String]
    private var rules: [NameRule] = []
    private let onLookup: (Lookup) -> Void
    private let loop: EventLoop
    private var listeners: [NameListener] = []

    /// Answers questions from now on, whenever the loop runs.
    /// - Parameters:
    ///   - actors: each actor's name and the host that it runs on.
    ///   - onLookup: is told of each question, when it comes.
    init(
        _ plan: NameServerPlan, in lab: Lab, actors: [(name: String, host: String)], loop: EventLoop,
        onLookup: @escaping (Lookup) -> Void
    ) throws {
        self.plan = plan
        self.lab = lab.plan
        self.loop = loop
        self.onLookup = onLookup
        var names: [String: String] = [:]
        for host in lab.plan.hosts { names[host.name] = host.name }
        for actor in actors { names[actor.name] = actor.host }
        self.names = names
        for host in lab.hosts {
            listeners.append(
                try NameListener(in: host, loop: loop) { [unowned self] question, isStream in
                    reply(to: question, from: host.name, isStream: isStream)
                })
        }
    }

    // MARK: Faults

    package func lay(_ rule: NameRule) { rules.append(rule) }

    /// Fine for one that does not lie.
    package func remove(_ rule: NameRule) { rules.removeAll { $0 === rule } }

    /// Where a host is reached: by its name's address.
    package func address(of place: String) -> String? { names[place].flatMap(address(ofHost:)) }

    private func address(ofHost name: String) -> String? {
        lab.hosts.first { $0.name == name }.map { $0.addresses.first ?? "127.0.0.1" }
    }

    // MARK: Answers

    private func reply(to question: NameQuestion, from host: String, isStream: Bool) -> NameAnswer {
        var answer = plain(question)
        let asked = NameRule.Asked(host: host, kind: question.kind, isStream: isStream)
        let laid = rules.filter { $0.name == question.name }
        for rule in laid { rule.change(asked, &answer) }
        let now = Clock.now
        for rule in laid where rule.proves(asked, answer) { rule.hit(at: now) }
        onLookup(
            Lookup(
                time: now, host: host, name: question.name, kind: question.kind.description, answer: answer))
        return answer
    }

    /// What it answers without faults.
    private func plain(_ question: NameQuestion) -> NameAnswer {
        let ttl = plan.ttl
        guard let address = address(of: question.name) else { return NameAnswer(.noSuchName, ttl: ttl) }
        return question.kind == .a ? NameAnswer(.addresses([address]), ttl: ttl) : NameAnswer(.empty, ttl: ttl)
    }
}

/// What becomes of a question.
package struct NameAnswer: Equatable, Sendable {
    package enum Outcome: Equatable, Sendable {
        /// IPv4 or IPv6, as the question's type has them; at least one.
        case addresses([String])
        /// The name is there, and has nothing of this type (NODATA, RFC 2308).
        case empty
        /// NXDOMAIN
        case noSuchName
        /// SERVFAIL
        case serverFailure
        case refused
        /// TC and nothing else: ask again by TCP.
        case truncated
        /// Nothing at all.
        case silence
        /// The connection is closed instead.
        case hangUp
    }
    package var outcome: Outcome
    /// For how long it may be remembered; whole seconds.
    package var ttl: Duration
    /// How late it comes.
    package var delay: Duration = .zero

    package init(_ outcome: Outcome, ttl: Duration, delay: Duration = .zero) {
        self.outcome = outcome
        self.ttl = ttl
        self.delay = delay
    }

    /// Nil for silence.
    func message(_ question: NameQuestion) -> [UInt8]? {
        let seconds = UInt32(clamping: ttl.components.seconds)
        switch outcome {
        case .addresses(let addresses):
            let bytes = addresses.compactMap(Self.bytes)
            return NameMessage.answer(question, .noError, addresses: bytes, ttl: seconds)
        case .empty: return NameMessage.answer(question, .noError, ttl: seconds)
        case .noSuchName: return NameMessage.answer(question, .noSuchName, ttl: seconds)
        case .serverFailure: return NameMessage.answer(question, .serverFailure)
        case .refused: return NameMessage.answer(question, .refused)
        case .truncated: return NameMessage.answer(question, .noError, isTruncated: true)
        case .silence, .hangUp: return nil
        }
    }

    private static func bytes(_ address: String) -> [UInt8]? {
        if let four = IPv4Address(address) { return withUnsafeBytes(of: four.networkOrder) { Array($0) } }
        return IPv6Address(address)?.bytes
    }
}

/// A change of the answers about one name.
package final class NameRule {
    /// What a rule may look at, beside the answer.
    package struct Asked: Sendable {
        /// Who asks.
        package var host: String
        package var kind: NameQuestion.Kind
        /// By TCP, and not by UDP.
        package var isStream: Bool
    }
    package let name: String
    let change: (Asked, inout NameAnswer) -> Void
    /// Whether the final answer, after all rules, shows this one.
    let proves: (Asked, NameAnswer) -> Bool
    /// Questions so answered.
    package private(set) var hits: Int64 = 0
    /// When the first of them came (CLOCK_MONOTONIC, nanoseconds).
    package private(set) var firstHit: Int64?

    package init(
        _ name: String, change: @escaping (Asked, inout NameAnswer) -> Void,
        proves: @escaping (Asked, NameAnswer) -> Bool
    ) {
        self.name = name
        self.change = change
        self.proves = proves
    }

    func hit(at time: Int64) {
        hits += 1
        firstHit = firstHit ?? time
    }
}
