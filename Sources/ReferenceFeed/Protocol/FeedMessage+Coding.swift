import JSONLines

extension ClientMessage {
    /// With the line's end.
    package var line: [UInt8] {
        var line = JSONLineWriter()
        switch self {
        case .hello(let token, let resume, let client):
            line.field("type", "hello")
            line.field("version", FeedMessage.version)
            line.field("token", token)
            if !client.isEmpty { line.field("client", client) }
            if let resume {
                var fields: [JSON.Member] = [
                    JSON.Member("epoch", .string(resume.epoch)),
                    JSON.Member("last", .integer(resume.last)),
                ]
                if !resume.token.isEmpty { fields.append(JSON.Member("token", .string(resume.token))) }
                line.field("resume", .object(fields))
            }
        case .heartbeat: line.field("type", "heartbeat")
        case .ack(let sequence):
            line.field("type", "ack")
            line.field("seq", sequence)
        case .request(let id, let priority):
            line.field("type", "request")
            line.field("id", id)
            line.field("class", priority.rawValue)
        case .publish(let stream, let sequence, let priority):
            line.field("type", "publish")
            line.field("stream", stream)
            line.field("seq", sequence)
            line.field("class", priority.rawValue)
        case .goodbye: line.field("type", "goodbye")
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
            self = .hello(
                token: try fields.string("token"), resume: try Position(fields),
                client: try fields.string("client", whenAbsent: ""))
        case "heartbeat": self = .heartbeat
        case "ack": self = .ack(sequence: try fields.integer("seq", in: FeedMessage.numbers))
        case "request": self = .request(id: try fields.string("id"), try fields.priority())
        case "publish":
            self = .publish(
                stream: try fields.string("stream"), sequence: try fields.integer("seq", in: FeedMessage.numbers),
                try fields.priority())
        case "goodbye": self = .goodbye
        default: return nil
        }
    }
}

extension ServerMessage {
    /// With the line's end.
    package var line: [UInt8] {
        var line = JSONLineWriter()
        switch self {
        case .welcome(let epoch, let next, let heartbeat, let token, let isFresh):
            line.field("type", "welcome")
            line.field("epoch", epoch)
            line.field("next", next)
            line.field("heartbeat", heartbeat.nanoseconds)
            if !token.isEmpty { line.field("token", token) }
            if isFresh { line.field("fresh", isFresh) }
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
        case .response(let id, let ok, let reason):
            line.field("type", "response")
            line.field("id", id)
            line.field("ok", ok)
            if !ok { line.field("reason", reason) }
        case .taken(let stream, let sequence):
            line.field("type", "taken")
            line.field("stream", stream)
            line.field("seq", sequence)
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
                heartbeat: .nanoseconds(heartbeat), token: try fields.string("token", whenAbsent: ""),
                isFresh: fields.json["fresh"] == nil ? false : try fields.flag("fresh"))
        case "refused":
            self = .refused(
                reason: try fields.string("reason"), retry: try fields.flag("retry"), after: try fields.pause())
        case "goodbye": self = .goodbye(after: try fields.pause())
        case "message":
            self = .message(
                sequence: try fields.integer("seq", in: FeedMessage.numbers), text: try fields.string("text"))
        case "heartbeat": self = .heartbeat
        case "response":
            let ok = try fields.flag("ok")
            self = .response(id: try fields.string("id"), ok: ok, reason: ok ? "" : try fields.string("reason"))
        case "taken":
            self = .taken(
                stream: try fields.string("stream"), sequence: try fields.integer("seq", in: FeedMessage.numbers))
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
            last: try resumed.integer("last", in: 0...FeedMessage.numbers.upperBound),
            token: try resumed.string("token", whenAbsent: ""))
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

    func string(_ key: String, whenAbsent other: String) throws(MalformedMessage) -> String {
        json[key] == nil ? other : try string(key)
    }

    func priority() throws(MalformedMessage) -> Priority {
        guard let priority = json["class"]?.string.flatMap(Priority.init) else { throw missing("class", "a class") }
        return priority
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
