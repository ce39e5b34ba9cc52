/// Everything that scenarios may name: the checker, the JSON Schema, `list` and `explain` all read these definitions,
/// so they cannot disagree. Faults and expectations define themselves beside their code; the top ring collects them.
package struct Catalog: Sendable {
    package var faults: [FaultDefinition]
    package var expectations: [ExpectationDefinition]
    package var profiles: [LinkProfile]

    package init(faults: [FaultDefinition], expectations: [ExpectationDefinition], profiles: [LinkProfile]) {
        self.faults = faults
        self.expectations = expectations
        self.profiles = profiles
    }
}

/// What a fault is, for the checker and for people.
package struct FaultDefinition: Sendable {
    package enum TargetKind: String, Sendable {
        /// `between: [a, b]`, with an optional `direction: a -> b`.
        case link
        /// `on: host`, which must be a NAT router.
        case router
        /// `on: host`, any host.
        case host
        /// `of: actor`.
        case actor
        /// `of: [actor, actor]`, in that order.
        case actors
        /// `of: actor`, with an optional `with: actor or host` and `port: 1883`: some of its TCP connections.
        case connections
        /// `name: broker`: what hosts call a host or an actor.
        case name
        /// `groups: [[a, b], [c]]`: hosts.
        case groups
        /// Nothing to name: all of the lab.
        case lab
    }
    package enum Extent: String, Sendable { case moment, interval }
    /// When a fault strikes the client, for judges.
    package enum Strike: Sendable {
        /// When it is applied.
        case applied
        /// At its first hit (an idle timeout strikes when the first mapping expires).
        case firstHit
    }

    /// What a lab must have from its start for a fault to find it there.
    package enum Need: Sendable {
        /// IPv6 that leads nowhere, in every host (`NameServerPlan.hasDeadIPv6`).
        case deadIPv6
        /// A certificate of the actor that it strikes (`CertificatePlan`).
        case certificate
    }

    /// Where it can act.
    package enum Labs: Equatable, Sendable {
        case both
        /// In the host lab only where the host's kernel has this, such as `sch_netem`.
        case hostNeeds(String)
        /// In the virtual lab only, and why.
        case virtualOnly(String)
    }

    package var name: String
    /// One sentence.
    package var summary: String
    /// What happens on the wire, what heals and what a hit is; the kernel mechanism. Paragraphs for `explain`.
    package var wire: String
    package var heals: String
    package var hit: String
    package var mechanism: String
    package var target: TargetKind
    /// Whether a fault on a link may strike one direction only.
    package var isDirected: Bool
    package var extent: Extent
    package var strike: Strike
    package var needs: [Need]
    package var labs: Labs
    package var parameters: [Parameter]
    /// Names of parameters of which at least one must be given; none when empty.
    package var needsOne: [String]
    /// A line of a timeline.
    package var example: String
    /// What is wrong with parameters that are right each by itself: the one to point at, and a sentence.
    package var objection: @Sendable ([String: Value]) -> (parameter: String, message: String)?
    /// A moment that is over only after a while, such as an orderly restart; it is healed then.
    package var takesTime: Bool
    /// The struck actor's own program makes it when it is told to: its hello must name it.
    package var isMadeByActor: Bool
    /// Why it cannot be played in a scenario although each of its values is right; nil when it can. A clear sentence.
    package var misfit: Misfit?

    package typealias Misfit =
        @Sendable (_ plan: FaultPlan, _ lab: LabPlan, _ actors: [ActorPlan]) -> String?

    package init(
        name: String, summary: String, wire: String, heals: String, hit: String, mechanism: String,
        target: TargetKind, isDirected: Bool = true, extent: Extent, strike: Strike = .applied, needs: [Need] = [],
        labs: Labs = .both, parameters: [Parameter] = [], needsOne: [String] = [], example: String,
        objection: @escaping @Sendable ([String: Value]) -> (parameter: String, message: String)? = { _ in nil },
        takesTime: Bool = false, isMadeByActor: Bool = false, misfit: Misfit? = nil
    ) {
        self.name = name
        self.summary = summary
        self.wire = wire
        self.heals = heals
        self.hit = hit
        self.mechanism = mechanism
        self.target = target
        self.isDirected = isDirected
        self.extent = extent
        self.strike = strike
        self.needs = needs
        self.labs = labs
        self.parameters = parameters
        self.needsOne = needsOne
        self.example = example
        self.takesTime = takesTime
        self.isMadeByActor = isMadeByActor
        self.misfit = misfit
        self.objection = objection
    }
}

/// What an expectation is, for the checker and for people.
package struct ExpectationDefinition: Sendable {
    package enum SubjectKind: String, Sendable {
        case client
        /// A client, a server or a publisher.
        case actor
        /// From one actor to another.
        case flow
        /// A statement about what was recorded.
        case statement
    }
    /// What a run records only for those who need it (docs/recording-format.md).
    package enum Need: String, CaseIterable, Sendable {
        /// Bursts of payload and keep-alive probes of every TCP connection.
        case payload
        /// Processes and sockets after each connection that a client's host has opened.
        case resources
    }
    package var name: String
    package var summary: String
    /// What is measured, against what, and when it is void. Paragraphs for `explain`.
    package var details: String
    package var subject: SubjectKind
    package var needs: [Need]
    package var parameters: [Parameter]
    /// A line of `expect:`.
    package var example: String

    package init(
        name: String, summary: String, details: String, subject: SubjectKind, needs: [Need] = [],
        parameters: [Parameter], example: String
    ) {
        self.name = name
        self.summary = summary
        self.details = details
        self.subject = subject
        self.needs = needs
        self.parameters = parameters
        self.example = example
    }
}

/// A parameter of a fault or an expectation.
package struct Parameter: Sendable {
    package indirect enum Kind: Sendable {
        /// `30s`, within a range.
        case duration(ClosedRange<Duration>)
        /// `2 Mbit/s`, bits per second.
        case rate(ClosedRange<Int64>)
        /// `0.1%`
        case fraction(ClosedRange<Double>)
        case count(ClosedRange<Int64>)
        /// `64 KiB`, bytes.
        case size(ClosedRange<Int64>)
        case number(ClosedRange<Double>)
        case flag
        case choice([String])
        case text
        /// A list of texts, one or more.
        case texts
        /// The kind of a fault in this scenario's timeline.
        case fault
        /// An actor or a host, elsewhere than the name that the fault strikes.
        case place
        /// A mapping from these names to durations.
        case durations([String])
        /// A list of mappings, one after the other, each with these parameters.
        case steps([Parameter])
        /// A file with a trace of delivery opportunities in the format of Mahimahi, relative to the scenario's folder.
        case trace
    }
    package var name: String
    package var kind: Kind
    package var isRequired: Bool
    package var fallback: Value?
    /// One sentence with the unit.
    package var summary: String

    package init(
        _ name: String, _ kind: Kind, required: Bool = false, default fallback: Value? = nil, _ summary: String
    ) {
        self.name = name
        self.kind = kind
        self.isRequired = required
        self.fallback = fallback
        self.summary = summary
    }
}

/// A named impairment from a file of `scenarios/profiles`.
package struct LinkProfile: Equatable, Sendable {
    package var name: String
    /// What it stands for and where the figures come from.
    package var summary: String
    /// Of packets from a link's first host to its second.
    package var impairment: Impairment
    /// Of packets from the second to the first.
    package var back: Impairment

    package init(name: String, summary: String, impairment: Impairment, back: Impairment? = nil) {
        self.name = name
        self.summary = summary
        self.impairment = impairment
        self.back = back ?? impairment
    }
}
