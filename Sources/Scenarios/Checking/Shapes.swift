/// The shape of a scenario file, with the faults, expectations and profiles of a catalog.
package struct Shapes: Sendable {
    package static let longestDuration = Duration.seconds(366 * 86_400)
    static let anyDuration = Parameter.Kind.duration(.zero...longestDuration)
    /// The driver protocol's events that may stand for readiness.
    static let events = [
        "hello", "state", "attempt", "connected", "sent", "received", "acked", "request", "response", "resumed",
        "breaker", "error", "note",
    ]

    package let scenario: Shape
    let lab: Shape
    let labPart: Shape
    let actor: Shape
    let faults: [String: Shape]
    let expectations: [String: Shape]

    package init(catalog: Catalog) {
        let link = Self.link(profiles: catalog.profiles.map(\.name))
        let labPart = Self.labPart(link: link)
        let from = Shape.Key("from", .files, "files with hosts and links to begin with")
        let lab = Shape("lab", [from] + labPart.keys, rule: .oneOf([["hosts", "from"]]))
        let faults = catalog.faults.map(Self.fault)
        let expectations = catalog.expectations.map(Self.expectation)
        self.lab = lab
        self.labPart = labPart
        self.faults = Dictionary(uniqueKeysWithValues: zip(catalog.faults.map(\.name), faults))
        self.expectations = Dictionary(uniqueKeysWithValues: zip(catalog.expectations.map(\.name), expectations))
        actor = Self.actor
        scenario = Shape(
            "scenario",
            [
                Shape.Key("format", .format, required: true, "the version of this file's format, 1"),
                Shape.Key("name", .name(longest: 64), required: true, "the scenario's name, such as nat-forgets"),
                Shape.Key("summary", .parameter(.text), "what happens and what is owed, in a sentence or two"),
                Shape.Key("tags", .texts(least: 0), "words to choose scenarios by"),
                Shape.Key("matrix", .matrix, "lists of values: one scenario for each combination, as ${name}"),
                Shape.Key("lab", .shape(lab), required: true, "the hosts and the links between them"),
                Shape.Key("actors", .named(Self.actor, hasParts: true), required: true, "the programs on the hosts"),
                Shape.Key(
                    "timeline", .list(of: faults + [Self.tell, Self.end]), required: true,
                    "which faults strike and what actors are told, and when"),
                Shape.Key("expect", .list(of: expectations), required: true, "what the clients owe their users"),
                Shape.Key(
                    "healthy-within", .parameter(.duration(.seconds(1) ... .seconds(3600))),
                    "how long all actors may take to be ready and healthy; 60s when not given"),
                Shape.Key(
                    "settle", .parameter(Self.anyDuration),
                    "how long what is under way at the end may still take; 0s when not given"),
            ])
    }

    private static func labPart(link: Shape) -> Shape {
        Shape(
            "lab",
            [
                Shape.Key("hosts", .named(host, hasParts: false), "names of hosts, each {} or { nat: ... }"),
                Shape.Key("links", .list(of: [link]), "links, each { between: [a, b], ... }"),
                Shape.Key(
                    "start", .date, "the date at which the virtual lab boots; 2026-01-01T00:00:00Z when not given"),
                Shape.Key(
                    "name-server", .shape(nameServer),
                    "names are resolved by asking a name server; by a hosts file when not given"),
                Shape.Key(
                    "memory", .size((64 << 20)...(64 << 30)), "memory of the virtual lab; 512 MiB when not given"),
            ])
    }

    static let nameServer = Shape(
        "name-server",
        [
            // RFC 2181, section 8, takes 31 bits; this is a week, as long as caches keep anything.
            Shape.Key(
                "ttl", .parameter(.duration(.zero ... .seconds(604_800))),
                "for how long answers may be remembered; 60s when not given")
        ], mayBeEmpty: true)

    static let nat = Shape(
        "nat",
        [
            Shape.Key(
                "preset", .parameter(.choice(NATPreset.shipped.map(\.name))),
                "what the field really has (halfopen list presets); the keys beside it change its values"),
            Shape.Key(
                "idle-timeout", .parameter(.duration(.seconds(1)...longestDuration)),
                "after this long without a packet a mapping is forgotten; 5d (Linux's default) when not given"),
            Shape.Key(
                "on-expiry", .parameter(.choice(NATPlan.OnExpiry.allCases.map(\.rawValue))),
                "what becomes of a packet of a forgotten connection; drop when not given"),
            Shape.Key(
                "outside", .parameter(.text),
                "the link, or the neighbour, on the outside; the last link that names this host when not given"),
        ], mayBeEmpty: true)

    static let host = Shape(
        "host", [Shape.Key("nat", .shape(nat), "makes this host a NAT router")], mayBeEmpty: true)

    static let impairment = [
        Shape.Key("delay", .parameter(.duration(.zero ... .seconds(3600))), "one-way delay; 1ms when not given"),
        Shape.Key(
            "jitter", .parameter(.duration(.zero ... .seconds(3600))), "uniform variation of delay, plus or minus"),
        Shape.Key("loss", .parameter(.fraction(0...1)), "share of packets lost, each way"),
        Shape.Key("rate", .parameter(.rate(1000...100_000_000_000)), "rate limit, each way"),
        Shape.Key("limit", .parameter(.count(1...1_000_000)), "queue in front of the rate limit, in packets"),
    ]

    static let back = Shape("back", impairment)

    private static let directed =
        impairment + [Shape.Key("back", .shape(back), "what differs for packets from the second host to the first")]

    static let profile = Shape(
        "profile",
        [Shape.Key("summary", .parameter(.text), required: true, "what it stands for, and its source")]
            + directed)

    private static func link(profiles: [String]) -> Shape {
        Shape(
            "link",
            [
                Shape.Key("between", .pair, required: true, "the two hosts that it joins"),
                Shape.Key("name", .name(longest: 32), "its name; a-b when not given"),
                Shape.Key(
                    "profile", .parameter(.choice(profiles)), "a link profile; the keys beside it change its values"),
            ] + directed)
    }

    static let ready = Shape(
        "ready",
        [
            Shape.Key("port", .parameter(.count(1...65535)), "this TCP port of its host is listened on"),
            Shape.Key("log", .parameter(.text), "a line of its output contains this"),
            Shape.Key("event", .parameter(.choice(events)), "its driver said this event"),
        ], rule: .exactlyOne)

    static let certificate = Shape(
        "certificate",
        [
            Shape.Key(
                "names", .texts(least: 1), "names that it is good for, beside the actor's and its host's"),
            Shape.Key(
                "valid-for", .parameter(.duration(.seconds(1) ... .seconds(36_500 * 86_400))),
                "for how long it is valid, from the lab's start; 400d when not given"),
        ], mayBeEmpty: true)

    private static let actor = Shape(
        "actor",
        [
            Shape.Key(
                "role", .parameter(.choice(ActorPlan.Role.allCases.map(\.rawValue))), required: true,
                "server, publisher or client"),
            Shape.Key("on", .parameter(.text), required: true, "the host that it runs on"),
            Shape.Key("run", .texts(least: 1), required: true, "its program and arguments"),
            Shape.Key("env", .environment, "environment variables"),
            Shape.Key("folder", .parameter(.text), "its working folder, relative to the scenario's"),
            Shape.Key("ready", .shape(ready), "how to tell that it is ready; as soon as it is started when not given"),
            Shape.Key("count", .parameter(.count(1...20_000)), "how many of this client; 1 when not given"),
            Shape.Key(
                "certificate", .shape(certificate), "a TLS certificate and its key are made for it, and an authority"),
            Shape.Key(
                "stop-within", .parameter(.duration(.zero ... .seconds(600))),
                "how long after SIGTERM SIGKILL follows; 5s when not given"),
            Shape.Key("log-limit", .size(1024...(1 << 30)), "how much of its log is kept; 1 MiB when not given"),
        ])

    static let tell = Shape(
        "tell",
        [
            Shape.Key("at", .parameter(anyDuration), required: true, "when it is told, from the timeline's zero"),
            Shape.Key("tell", .parameter(.text), required: true, "the actor that is told, every instance of it"),
            Shape.Key(
                "command", .parameter(.choice(TellPlan.Command.allCases.map(\.rawValue))), required: true,
                "publish, request, cancel, drain or close"),
            Shape.Key("with", .fields, "the command's fields, such as { stream: orders, seq: 4 }"),
        ])

    static let end = Shape(
        "end", [Shape.Key("end", .parameter(anyDuration), required: true, "when the timeline ends")])

    private static func fault(_ definition: FaultDefinition) -> Shape {
        let at = Shape.Key("at", .parameter(anyDuration), required: true, "when it strikes, from the timeline's zero")
        let until = Shape.Key("until", .parameter(anyDuration), required: true, "when it heals")
        let kind = Shape.Key("fault", .constant(definition.name), required: true, definition.summary)
        let extent =
            switch definition.extent {
            case .moment: [at]
            case .interval: [at, until]
            }
        let needed = (definition.target == .link ? [["between", "link"]] : []) + [definition.needsOne]
        return Shape(
            definition.name, extent + [kind] + target(definition) + definition.parameters.map(key),
            rule: .oneOf(needed.filter { !$0.isEmpty }))
    }

    private static func target(_ definition: FaultDefinition) -> [Shape.Key] {
        let direction = Shape.Key(
            "direction", .parameter(.text), "both, or a -> b for the packets from a to b; both when not given")
        return switch definition.target {
        case .link:
            [
                Shape.Key("between", .pair, "the two hosts of the link that it strikes"),
                Shape.Key("link", .parameter(.text), "the link that it strikes, by name"),
            ] + (definition.isDirected ? [direction] : [])
        case .router: [Shape.Key("on", .parameter(.text), required: true, "the NAT router that it strikes")]
        case .host: [Shape.Key("on", .parameter(.text), required: true, "the host that it strikes")]
        case .actor: [Shape.Key("of", .parameter(.text), required: true, "the actor that it strikes")]
        case .actors:
            [Shape.Key("of", .texts(least: 1), required: true, "the actors that it strikes, in this order")]
        case .connections:
            [
                Shape.Key("of", .parameter(.text), required: true, "the actor whose connections it strikes"),
                Shape.Key("with", .parameter(.text), "the actor or host at the other end; any when not given"),
                Shape.Key("port", .parameter(.count(1...65535)), "the server's TCP port; any when not given"),
            ]
        case .name: [Shape.Key("name", .parameter(.text), required: true, "the name that is looked up")]
        case .groups:
            [Shape.Key("groups", .groups, required: true, "groups of hosts, such as [[a, b], [c]]")]
        case .lab: []
        }
    }

    private static func expectation(_ definition: ExpectationDefinition) -> Shape {
        let subject =
            switch definition.subject {
            case .client: "the client that owes it"
            case .actor: "the actor that owes it"
            case .flow: "from whom to whom, a -> b"
            case .statement: "the statement, a text"
            }
        let kind = Shape.Key(
            definition.name, .parameter(.text), required: true, "\(definition.summary) Beside it: \(subject)")
        return Shape(definition.name, [kind] + definition.parameters.map(key))
    }

    static func key(_ parameter: Parameter) -> Shape.Key {
        let isRequired = parameter.isRequired && parameter.fallback == nil
        return Shape.Key(parameter.name, .parameter(parameter.kind), required: isRequired, parameter.summary)
    }
}
