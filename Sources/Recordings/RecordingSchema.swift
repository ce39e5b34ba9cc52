import JSONLines

/// What each line of a recording holds: the written schema (docs/recording.schema.json and the tables of
/// docs/recording-format.md) is made from this, and the tests hold the encoder and the decoder to it.
package enum RecordingSchema {
    package struct Field: Sendable {
        package enum Form: Sendable {
            case integer, count, string, strings, boolean, object, endpoint
            case name([String])
        }
        package var name: String
        package var form: Form
        package var isRequired: Bool
        /// With the unit.
        package var meaning: String

        init(_ name: String, _ form: Form, required: Bool = true, _ meaning: String) {
            self.name = name
            self.form = form
            self.isRequired = required
            self.meaning = meaning
        }
    }

    /// A kind of line: an event, and for most events what happened.
    package struct Line: Sendable {
        package var event: Event.Kind
        package var what: [String]
        package var meaning: String
        package var fields: [Field]
    }

    private static let instance = [
        Field("actor", .string, "the actor's name"),
        Field("index", .count, "which of its instances, from 0"),
    ]
    private static let fault = [
        Field("index", .count, "its place among the faults of the timeline, from 0"),
        Field("fault", .string, "its kind"),
    ]
    private static let lookup = [
        Field("host", .string, "the host whose program asked"), Field("name", .string, "what it asked for"),
        Field("type", .string, "the type of record that it asked for: `A`, `AAAA`, `TYPE65`"),
    ]
    private static let delay = Field(
        "delay", .count, required: false, "how much later than the question the answer was sent, ns")
    private static let late = Field("late", .integer, "from the time due to the kernel's acknowledgement, ns")

    package static let lines: [Line] =
        actorLines + otherLines + [
            Line(
                event: .end, what: [], meaning: "The last line. A recording without one was cut off.",
                fields: [
                    Field(
                        "reason", .name(["finished", "actor-failed", "unsupported", "error", "interrupted"]),
                        "why it ends here"),
                    Field("message", .string, "why, in a sentence; empty when finished"),
                    Field("events", .count, "events before this one"),
                ])
        ]

    private static let actorLines: [Line] = [
        Line(
            event: .phase, what: [], meaning: "The run entered a stage. `play` is zero of the timeline.",
            fields: [Field("phase", .name(Phase.allCases.map(\.rawValue)), "the stage")]),
        Line(
            event: .actor, what: ["started"], meaning: "An actor's process was started.",
            fields: instance + [Field("pid", .integer, "its process number inside the lab")]),
        Line(event: .actor, what: ["ready"], meaning: "It is ready, as the scenario defines that.", fields: instance),
        Line(
            event: .actor, what: ["exited"], meaning: "It ended by itself or by a fault.",
            fields: instance + [
                Field("status", .integer, required: false, "exit status, when it exited"),
                Field("signal", .integer, required: false, "the signal that killed it, when one did"),
            ]),
        Line(
            event: .actor, what: ["stopped"], meaning: "The run stopped it.",
            fields: instance + [Field("killed", .boolean, "whether it ignored SIGTERM and SIGKILL was needed")]),
        Line(
            event: .actor, what: ["unsupported"], meaning: "It said that it cannot play this scenario.",
            fields: instance + [Field("reason", .string, "why")]),
        Line(
            event: .actor, what: ["failed"], meaning: "It could not be started, or was not ready in time.",
            fields: instance + [Field("reason", .string, "why")]),
        Line(
            event: .actor, what: ["told"], meaning: "The timeline sent it a command (docs/driver-protocol.md).",
            fields: instance + [
                Field("command", .string, "the command"),
                Field("refused", .string, required: false, "why it did not get the command"),
            ]),
        Line(
            event: .actor, what: ["runaway"],
            meaning: "It ran without a pause or flooded its output, and was ended for that.",
            fields: instance + [Field("reason", .string, "why")]),
        Line(
            event: .actor, what: ["log-truncated"], meaning: "Its log passed the bound.",
            fields: instance + [Field("after", .integer, "bytes kept")]),
        Line(
            event: .driver, what: DriverReport.Kind.allCases.map(\.rawValue),
            meaning: "A driver said an event (docs/driver-protocol.md); names it does not know are kept as `note`.",
            fields: instance + [
                Field("stamp", .name(["driver", "reader"]), "who stamped the time: the driver, or the run as it read"),
                Field("session", .string, required: false, "the driver's name for one of several sessions"),
                Field("stream", .string, required: false, "stream of `sent`, `received`, `acked`"),
                Field("seq", .integer, required: false, "sequence number in its stream"),
                Field("text", .string, required: false, "name of the state, or text of an error, note or refusal"),
                Field("extra", .object, required: false, "whatever else the driver said, as it said it"),
            ]),
    ]

    private static let otherLines: [Line] =
        connectionLines + [
            Line(
                event: .fault, what: ["applied"], meaning: "The kernel acknowledged a fault.", fields: fault + [late]),
            Line(
                event: .fault, what: ["hit"], meaning: "A fault acted: seen first, or sampled with a new total.",
                fields: fault + [Field("total", .count, "hits so far")]),
            Line(
                event: .fault, what: ["healed"], meaning: "What a fault did is undone; a moment heals as it has acted.",
                fields: fault + [late, Field("total", .count, "hits in all")]),
            Line(
                event: .fault, what: ["failed"], meaning: "It could not be applied or healed.",
                fields: fault + [Field("reason", .string, "why")]),
            Line(
                event: .wire, what: WireChange.Change.allCases.map(\.rawValue),
                meaning:
                    "A packet on a link said something about a TCP connection. Captured where packets enter the link.",
                fields: [
                    Field("link", .string, "the link's name"),
                    Field("from", .endpoint, "who sent the packet (`established`: who sent the SYN)"),
                    Field("to", .endpoint, "to whom"),
                    Field(
                        "repeated", .boolean, required: false,
                        "true on an `attempt` whose SYN was seen before, and on `data` that had been sent before"),
                    Field("bytes", .count, required: false, "of `data`: payload of this packet"),
                    Field(
                        "quiet", .count, required: false,
                        "of `data` and `fin`: since the last payload this way (new, unless `repeated`), ns"),
                ]),
            Line(
                event: .mapping, what: ["new", "established", "expired", "forgotten", "closed"],
                meaning: "A NAT router's connection tracking changed.",
                fields: [
                    Field("router", .string, "the router's host"),
                    Field("from", .endpoint, "the client, inside"), Field("to", .endpoint, "the server"),
                    Field("translated", .endpoint, "the client as the server sees it"),
                ]),
            Line(
                event: .traffic, what: [], meaning: "What crossed a link in one direction since the lab was built.",
                fields: [
                    Field("link", .string, "the link's name"), Field("from", .string, "the host the packets came from"),
                    Field("packets", .count, "packets"), Field("bytes", .count, "bytes"),
                    Field("dropped", .count, "packets dropped by the link's impairment"),
                ]),
            Line(
                event: .sockets, what: [], meaning: "TCP sockets of a host, sampled.",
                fields: [
                    Field("host", .string, "the host"),
                    Field("states", .object, "state names as the kernel has them, and how many sockets are in each"),
                    Field(
                        "overflows", .count, required: false,
                        "connections that its listening sockets had no room for, so far; missing when there were none"),
                    Field(
                        "drops", .count, required: false,
                        "SYNs and connections that they dropped, so far; missing as well"),
                ]),
            Line(
                event: .process, what: [], meaning: "Resources of an actor's processes, sampled.",
                fields: instance + [
                    Field("cpu", .count, "CPU time so far, ns"),
                    Field("memory", .count, "resident, bytes, in whole MiB"),
                    Field("descriptors", .count, "open descriptors"), Field("threads", .count, "threads"),
                    Field(
                        "wakeups", .count, required: false,
                        "how often its threads that live have slept and were woken, so far; missing in format 1"),
                ]),
            Line(
                event: .lookup, what: [NameLookup.Answer.addresses.rawValue],
                meaning: "A program asked the lab's name server for a name, and was told addresses.",
                fields: lookup + [
                    Field("addresses", .strings, "the addresses that it was told"),
                    Field("ttl", .count, required: false, "for how long they may be remembered, s"), delay,
                ]),
            Line(
                event: .lookup, what: NameLookup.Answer.allCases.filter { $0 != .addresses }.map(\.rawValue),
                meaning: "A program asked the lab's name server for a name, and was told none.",
                fields: lookup + [delay]),
            Line(
                event: .lost, what: [], meaning: "A probe missed events.",
                fields: [
                    Field("probe", .string, "which"), Field("count", .count, "how many it missed, as far as known"),
                ]),
        ]
}

// The schema in two written forms.
extension RecordingSchema {
    /// JSON Schema of one line.
    package static var jsonSchema: JSON {
        [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": .string("A line of a Halfopen recording, format \(Header.format)"),
            "oneOf": .array([headerSchema] + lines.map(\.jsonSchema)),
        ]
    }

    private static var headerSchema: JSON {
        [
            "title": "The first line",
            "type": "object",
            "properties": [
                "recording": ["enum": [.integer(Int64(Header.oldestFormat)), .integer(Int64(Header.format))]],
                "scenario": ["type": "string"],
                "seed": ["type": ["integer", "string"], "pattern": "^[0-9]{1,20}$", "minimum": 0],
                "lab": ["enum": ["virtual", "host"]],
                "kernel": ["type": "string"],
                "uncertainty": ["type": "integer", "minimum": 0],
                "records": [
                    "type": "array", "items": ["enum": .array(Header.Record.allCases.map { .string($0.rawValue) })],
                ],
                "sources": [
                    "type": "array",
                    "items": [
                        "type": "object",
                        "properties": ["path": ["type": "string"], "text": ["type": "string"]],
                        "required": ["path", "text"], "additionalProperties": false,
                    ],
                ],
            ],
            "required": ["recording", "scenario", "seed", "lab", "kernel", "uncertainty", "sources"],
            "additionalProperties": false,
        ]
    }

    /// The tables of docs/recording-format.md.
    package static var markdown: String {
        lines.map { line in
            let what = line.what.isEmpty ? "" : ", what: " + line.what.map { "`\($0)`" }.joined(separator: " ")
            let rows = line.fields.map { field in
                "| `\(field.name)`\(field.isRequired ? "" : "?") | \(field.form.words) | \(field.meaning) |"
            }
            let table = ["| field | is | meaning |", "|---|---|---|"] + rows
            return "### `\(line.event.rawValue)`\(what)\n\n\(line.meaning)\n\n\(table.joined(separator: "\n"))\n"
        }.joined(separator: "\n")
    }
}

extension RecordingSchema.Line {
    fileprivate var jsonSchema: JSON {
        var properties: [JSON.Member] = [
            JSON.Member("t", ["type": "integer", "minimum": 0]),
            JSON.Member("event", ["const": .string(event.rawValue)]),
        ]
        if !what.isEmpty { properties.append(JSON.Member("what", ["enum": .array(what.map { .string($0) })])) }
        properties += fields.map { JSON.Member($0.name, $0.form.jsonSchema) }
        let optional = Set(fields.filter { !$0.isRequired }.map(\.name))
        let required = properties.map(\.key).filter { !optional.contains($0) }
        return [
            "title": .string(meaning), "type": "object", "properties": .object(properties),
            "required": .array(required.map { .string($0) }), "additionalProperties": false,
        ]
    }
}

extension RecordingSchema.Field.Form {
    fileprivate var jsonSchema: JSON {
        switch self {
        case .integer: ["type": "integer"]
        case .count: ["type": "integer", "minimum": 0]
        case .string: ["type": "string"]
        case .strings: ["type": "array", "items": ["type": "string"]]
        case .boolean: ["type": "boolean"]
        case .object: ["type": "object"]
        case .endpoint: ["type": "string", "pattern": "^(\\[[0-9a-f:]+\\]|[0-9.]+):[0-9]{1,5}$"]
        case .name(let names): ["enum": .array(names.map { .string($0) })]
        }
    }

    fileprivate var words: String {
        switch self {
        case .integer: "whole number"
        case .count: "whole number, 0 or more"
        case .string: "text"
        case .strings: "list of texts"
        case .boolean: "true or false"
        case .object: "object"
        case .endpoint: "address:port"
        case .name(let names): "one of " + names.map { "`\($0)`" }.joined(separator: " ")
        }
    }
}
