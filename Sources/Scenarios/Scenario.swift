import JSONLines

/// One scenario, checked: every name in it is known, every value in range. Made only by `ScenarioLoader`.
package struct Scenario: Equatable, Sendable {
    package var name: String
    package var summary: String
    package var tags: [String]
    package var lab: LabPlan
    package var actors: [ActorPlan]
    /// In the order of the file.
    package var faults: [FaultPlan]
    /// In the order of the file.
    package var tells: [TellPlan] = []
    /// Length of the timeline, from `play` to `settle`.
    package var end: Duration
    /// How long what is under way may take after the last heal or the end (default 0 s).
    package var settle: Duration
    /// How long all actors may take to become ready and healthy (default 60 s).
    package var healthyWithin: Duration
    package var expectations: [ExpectationPlan]
}

/// Hosts and links, with addresses assigned.
package struct LabPlan: Equatable, Sendable {
    package var hosts: [HostPlan]
    package var links: [LinkPlan]
    /// Wall-clock date at which the virtual lab boots, seconds since 1970 (default 2026-01-01T00:00:00Z).
    package var start: Int64
    /// Guest memory, bytes (default 512 MiB).
    package var memory: Int64
    /// Nil when names are resolved by a hosts file.
    package var nameServer: NameServerPlan?
}

/// Names are resolved by asking a name server, which listens in every host.
package struct NameServerPlan: Equatable, Sendable {
    /// For how long an answer may be remembered, in whole seconds.
    package var ttl: Duration
    /// Every host has an IPv6 address too, and whatever it sends by IPv6 vanishes: what names with an IPv6 address lead
    /// to in a network whose IPv6 is broken.
    package var hasDeadIPv6 = false

    package static let usualTTL = Duration.seconds(60)

    package init(ttl: Duration = usualTTL, hasDeadIPv6: Bool = false) {
        self.ttl = ttl
        self.hasDeadIPv6 = hasDeadIPv6
    }
}

extension LabPlan {
    /// In a lab with dead IPv6; nil for a host without links. 2001:db8::/32 is for documentation (RFC 3849).
    package func deadIPv6Address(of host: String) -> String? {
        guard nameServer?.hasDeadIPv6 ?? false, let number = hosts.firstIndex(where: { $0.name == host }),
            !hosts[number].addresses.isEmpty
        else { return nil }
        return "2001:db8::\(String(number + 1, radix: 16))"
    }
}

/// A machine of the lab: a network namespace with its actors.
package struct HostPlan: Equatable, Sendable {
    package var name: String
    /// Set when this host is a NAT router.
    package var nat: NATPlan?
    /// Every address, in link order; the first is what the host's name resolves to.
    package var addresses: [String]
}

/// How a router masquerades what leaves it, and what it forgets.
package struct NATPlan: Equatable, Sendable {
    package enum OnExpiry: String, CaseIterable, Sendable { case drop, reset }
    /// After this long without a packet a mapping is forgotten. Linux's default is 5 days (nf_conntrack-sysctl).
    package var idleTimeout: Duration
    /// What becomes of a packet of a forgotten connection.
    package var onExpiry: OnExpiry
    /// Name of the link whose far side is outside: packets that leave by it are masqueraded, and nobody beyond it has a
    /// route to what is behind this host.
    package var outside: String
}

/// A link: `first` -- wire -- `second`. The wire is a router namespace of its own that impairs both directions on its
/// egress; so no endpoint's TCP ever learns of a loss from its own device.
package struct LinkPlan: Equatable, Sendable {
    /// Given, or `first-second`.
    package var name: String
    package var first: LinkEnd
    package var second: LinkEnd
    /// Of packets that the first host sends.
    package var impairment: Impairment
    /// Of packets that the second host sends.
    package var back: Impairment

    /// - Parameter back: the same as `impairment` when not given.
    package init(name: String, first: LinkEnd, second: LinkEnd, impairment: Impairment, back: Impairment? = nil) {
        self.name = name
        self.first = first
        self.second = second
        self.impairment = impairment
        self.back = back ?? impairment
    }

    /// Of packets that this end of the link sends.
    package func impairment(from host: String) -> Impairment { host == first.host ? impairment : back }
}

/// One end of a link. Each end is a /30 subnet of two: the host's address and the wire's.
package struct LinkEnd: Equatable, Sendable {
    package var host: String
    package var hostAddress: String
    package var wireAddress: String
    /// The other side's interfaces that are reached through this end, as host routes: every address behind it.
    package var reaches: [String]
}

/// A program on a host.
package struct ActorPlan: Equatable, Sendable {
    package enum Role: String, CaseIterable, Sendable { case server, publisher, client }
    package enum Readiness: Equatable, Sendable {
        /// Started is ready (the default for publishers and clients).
        case started
        /// A TCP port of its host is listened on.
        case port(Int)
        /// A line of its output contains this text.
        case log(String)
        /// Its driver said this event, such as `connected`.
        case event(String)
    }
    package var name: String
    package var role: Role
    /// Host name.
    package var host: String
    /// Program and arguments, `{name}` not yet substituted.
    package var run: [String]
    package var environment: [Variable]
    /// Relative to the scenario's folder; the scenario's folder when nil.
    package var folder: String?
    package var ready: Readiness
    package var count: Int
    /// How long after SIGTERM SIGKILL follows (default 5 s).
    package var stopWithin: Duration
    /// Bytes of log kept for each instance (default 1 MiB).
    package var logLimit: Int
    /// Nil when it needs none.
    package var certificate: CertificatePlan?

    package struct Variable: Equatable, Sendable {
        package var name: String
        package var value: String
    }
}

/// A TLS certificate for an actor, with its key, from an authority that the lab has made for itself.
package struct CertificatePlan: Equatable, Sendable {
    /// Names that it is good for, beside the actor's, its host's, their addresses and localhost.
    package var names: [String] = []
    /// From the lab's start (default 400 days: longer than any timeline).
    package var validFor = usualValidity

    package static let usualValidity = Duration.seconds(400 * 86_400)

    package init(names: [String] = [], validFor: Duration = usualValidity) {
        self.names = names
        self.validFor = validFor
    }

    // Always there, so that files of programs that know no placeholders may name them.
    package static let folder = "/run/certificates"
    package static let authority = folder + "/ca.pem"
    package static func certificate(of actor: String) -> String { "\(folder)/\(actor)/certificate.pem" }
    package static func key(of actor: String) -> String { "\(folder)/\(actor)/key.pem" }
}

/// A fault of the timeline: a moment (`until` nil) or an interval, counted from `play`.
package struct FaultPlan: Equatable, Sendable {
    /// Its place in the timeline, 0...
    package var index: Int
    /// Kind, such as `blackhole`.
    package var kind: String
    package var at: Duration
    package var until: Duration?
    package var target: FaultTarget
    /// Every parameter of its definition that was given or has a default.
    package var parameters: [String: Value]
    /// Where it stands in the file, `nat.yaml:12:5`.
    package var position: String

    /// An address that nobody has, for a host whose own it takes away: of the block for tests between networks
    /// (RFC 2544), one for each fault.
    package var freshAddress: String { "198.18.\((index + 1) >> 8).\((index + 1) & 255)" }
}

extension Scenario {
    /// With the addresses that hosts have for a while, behind their own: who reads the wire has to know whose they are.
    package var withChangedAddresses: Scenario {
        var scenario = self
        for fault in faults where fault.kind == "address-change" {
            guard case .host(let name) = fault.target,
                let place = scenario.lab.hosts.firstIndex(where: { $0.name == name })
            else { continue }
            scenario.lab.hosts[place].addresses.append(fault.freshAddress)
        }
        return scenario
    }
}

/// What a fault strikes.
package enum FaultTarget: Equatable, Sendable {
    /// A link; `from` names the host whose packets are struck, nil for both directions.
    case link(String, from: String?)
    case host(String)
    case actor(String)
    /// In the order of the file, which is the order in which they are struck.
    case actors([String])
    case connections(ConnectionChoice)
    /// A host's or an actor's name, as programs look it up.
    case name(String)
    case groups([[String]])
    /// All of it.
    case lab

    /// The actors whose processes or sockets it strikes.
    package var actors: [String] {
        switch self {
        case .actor(let name): [name]
        case .actors(let names): names
        case .connections(let choice): [choice.actor]
        case .link, .host, .name, .groups, .lab: []
        }
    }
}

/// Which TCP connections a fault strikes: those that an actor holds, all of them or those that fit.
package struct ConnectionChoice: Equatable, Sendable {
    package var actor: String
    /// The host at the other end; nil for any.
    package var peer: String?
    /// The server's port, 1...65535; nil for any.
    package var port: Int?

    package init(actor: String, peer: String? = nil, port: Int? = nil) {
        self.actor = actor
        self.peer = peer
        self.port = port
    }
}

/// A command that the timeline sends to every live instance of an actor (docs/driver-protocol.md).
package struct TellPlan: Equatable, Sendable {
    /// The protocol's commands.
    package enum Command: String, CaseIterable, Sendable { case publish, request, cancel, drain, close }

    /// A command is one line of at most this many bytes, its newline included: so much goes into a pipe whole or not at
    /// all (PIPE_BUF, pipe(7)).
    package static let longestLine = 4096

    /// Its place among the commands of the timeline, 0...
    package var index: Int
    /// Counted from `play`.
    package var at: Duration
    package var actor: String
    package var command: Command
    /// In the order of the file; values are whole numbers, booleans and strings.
    package var fields: [JSON.Member]
    /// Where it stands in the file, `drain.yaml:12:5`.
    package var position: String

    /// What the driver reads: `{"command":"publish","stream":"orders","seq":4}`.
    package var json: JSON { .object([JSON.Member("command", .string(command.rawValue))] + fields) }
}

/// What the scenario owes its user: a kind of expectation with its parameters.
package struct ExpectationPlan: Equatable, Sendable {
    package var index: Int
    /// Kind, such as `recovery`.
    package var kind: String
    /// The value that stands beside the kind itself: `recovery: subscriber`, `no-gaps: ticker -> subscriber`.
    package var subject: Subject
    package var parameters: [String: Value]
    package var position: String
    /// As the file has it, for reports: `recovery: subscriber, after: blackhole, within: 30s`.
    package var text: String
}

/// Whom an expectation is about.
package enum Subject: Equatable, Sendable {
    case actor(String)
    /// Messages that one actor sends and another receives.
    case flow(from: String, to: String)
    /// Whatever a statement names.
    case assertion(Assertion)
}

/// A checked value of a parameter.
package indirect enum Value: Equatable, Sendable {
    case duration(Duration)
    /// Bits per second.
    case rate(Int64)
    /// 0...1
    case fraction(Double)
    case count(Int64)
    /// Bytes.
    case size(Int64)
    case number(Double)
    case flag(Bool)
    case text(String)
    case texts([String])
    /// Named durations: `stages: { detect: 20s }`.
    case durations([NamedDuration])
    /// In the order of the file, each with the parameters that it names.
    case steps([[String: Value]])
    case trace(DeliveryTrace)

    package struct NamedDuration: Equatable, Sendable {
        package var name: String
        package var duration: Duration
        package init(name: String, duration: Duration) {
            self.name = name
            self.duration = duration
        }
    }
}
