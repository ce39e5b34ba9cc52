import JSONLines

extension ClientMessage {
    /// With the line's end.
    package var line: [UInt8] {
        var line = JSONLineWriter()
        switch self {
        case .hello(let token, let resume):
            line.field("type", "hello")
            line.field("version", FeedMessage.version)
            line.field("token", token)
            if let resume {
                line.field("resume", ["epoch": .string(resume.epoch), "last": .integer(resume.last)])
            }
        case .heartbeat: line.field("type", "heartbeat")
        }
        line.end()
        return line.bytes
    }

    /// Nil for a type that this version does not know.
    package init?(parsing line: [UInt8]) throws(MalformedMessage) {
        let fields = try Fields(line)
        switch fields.type {
        case "hello":
            let version = try fields.integer("version", in: 0...Int64.max)
            guard version == FeedMessage.version else {
                throw MalformedMessage(reason: "version \(version), and only \(FeedMessage.version) is spoken here")
            }
            self = .hello(token: try fields.string("token"), resume: try Position(fields))
        case "heartbeat": self = .heartbeat
        default: return nil
        }
    }
}

extension ServerMessage {
    /// With the line's end.
    package var line: [UInt8] {
        var line = JSONLineWriter()
        switch self {
        case .welcome(let epoch, let next, let heartbeat):
            line.field("type", "welcome")
            line.field("epoch", epoch)
            line.field("next", next)
            line.field("heartbeat", heartbeat.nanoseconds)
        case .refused(let reason, let retry, let pause):
            line.field("type", "refused")
            line.field("reason", reason)
            line.field("retry", retry)
            if let pause { line.field("retry_after", pause.nanoseconds) }
        case .goodbye(let pause):
            line.field("type", "goodbye")
            if let pause { line.field("retry_after", pause.nanoseconds) }
        case .message(let sequence, let text):
            line.field("type", "message")
            line.field("seq", sequence)
            line.field("text", text)
        case .heartbeat: line.field("type", "heartbeat")
        }
        line.end()
        return line.bytes
    }

    /// Nil for a type that this version does not know.
    package init?(parsing line: [UInt8]) throws(MalformedMessage) {
        let fields = try Fields(line)
        switch fields.type {
        case "welcome":
            let heartbeat = try fields.integer("heartbeat", in: FeedMessage.heartbeats)
            self = .welcome(
                epoch: try fields.string("epoch"), next: try fields.integer("next", in: FeedMessage.numbers),
                heartbeat: .nanoseconds(heartbeat))
        case "refused":
            self = .refused(
                reason: try fields.string("reason"), retry: try fields.flag("retry"), after: try fields.pause())
        case "goodbye": self = .goodbye(after: try fields.pause())
        case "message":
            self = .message(
                sequence: try fields.integer("seq", in: FeedMessage.numbers), text: try fields.string("text"))
        case "heartbeat": self = .heartbeat
        default: return nil
        }
    }
}

extension Position {
    fileprivate init?(_ fields: Fields) throws(MalformedMessage) {
        guard let resume = fields.json["resume"] else { return nil }
        let resumed = Fields(json: resume)
        self.init(
            epoch: try resumed.string("epoch"),
            last: try resumed.integer("last", in: 0...FeedMessage.numbers.upperBound))
    }
}

/// The fields of one line, each asked for with the type it must have.
private struct Fields {
    var json: JSON

    init(json: JSON) { self.json = json }

    init(_ line: [UInt8]) throws(MalformedMessage) {
        do throws(JSON.ParsingError) {
            json = try JSON(parsing: line)
        } catch {
            throw MalformedMessage(reason: error.description)
        }
    }

    var type: String? { json["type"]?.string }

    func string(_ key: String) throws(MalformedMessage) -> String {
        guard let value = json[key]?.string else { throw missing(key, "text") }
        return value
    }

    func integer(_ key: String, in range: ClosedRange<Int64>) throws(MalformedMessage) -> Int64 {
        guard let value = json[key]?.integer, range.contains(value) else {
            throw missing(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func flag(_ key: String) throws(MalformedMessage) -> Bool {
        guard let value = json[key]?.bool else { throw missing(key, "true or false") }
        return value
    }

    /// Nil when none is asked for.
    func pause() throws(MalformedMessage) -> Duration? {
        if json["retry_after"] == nil { return nil }
        return .nanoseconds(try integer("retry_after", in: FeedMessage.pauses))
    }

    private func missing(_ key: String, _ form: String) -> MalformedMessage {
        MalformedMessage(reason: "\"\(key)\" is not \(form)")
    }
}
