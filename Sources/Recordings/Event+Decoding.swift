import JSONLines

extension Event {
    /// The event of a line.
    init(_ line: JSONObjectLine) throws(FieldError) {
        var fields = EventFields(line)
        try self.init(&fields)
    }

    /// Nil when the line cannot be read straight, which says nothing about it.
    init?(straight line: UnsafeBufferPointer<UInt8>) {
        var fields = EventFields(straight: line)
        guard let event = try? Event(&fields), fields.isComplete else { return nil }
        self = event
    }

    private init(_ fields: inout EventFields) throws(FieldError) {
        let time = Timestamp(nanoseconds: try fields.count("t"))
        switch try fields.name("event", as: Kind.self) {
        case .phase: self.init(time, .phase(try fields.name("phase", as: Phase.self)))
        case .actor: self.init(time, .actor(try ActorChange(&fields)))
        case .driver: self.init(time, .driver(try DriverReport(&fields)))
        case .fault: self.init(time, .fault(try FaultChange(&fields)))
        case .wire: self.init(time, .wire(try WireChange(&fields)))
        case .tls: self.init(time, .tls(try TLSChange(&fields)))
        case .connection: self.init(time, .connection(try ConnectionTotals(&fields)))
        case .owner: self.init(time, .owner(try ConnectionOwner(&fields)))
        case .mapping: self.init(time, .mapping(try MappingChange(&fields)))
        case .traffic: self.init(time, .traffic(try Traffic(&fields)))
        case .sockets: self.init(time, .sockets(try SocketTable(&fields)))
        case .process: self.init(time, .process(try ProcessSample(&fields)))
        case .lookup: self.init(time, .lookup(try NameLookup(&fields)))
        case .lost:
            self.init(time, .lost(LostEvents(probe: try fields.string("probe"), count: try fields.count("count"))))
        case .end: self.init(time, .end(try End(&fields)))
        }
    }
}

extension ActorChange {
    fileprivate init(_ fields: inout EventFields) throws(FieldError) {
        let name = try fields.name("what", as: Change.Name.self)
        let instance = try fields.instance()
        switch name {
        case .started: self.init(instance, .started(pid: Int(try fields.integer("pid"))))
        case .ready: self.init(instance, .ready)
        case .exited:
            let status = try fields.optionalInteger("status").map { Int($0) }
            let signal = try fields.optionalInteger("signal").map { Int($0) }
            self.init(instance, .exited(status: status, signal: signal))
        case .stopped:
            guard let killed = try fields.flag("killed") else { throw FieldError("'killed' is missing") }
            self.init(instance, .stopped(killed: killed))
        case .unsupported: self.init(instance, .unsupported(reason: try fields.string("reason")))
        case .failed: self.init(instance, .failed(reason: try fields.string("reason")))
        case .told:
            let command = try fields.string("command")
            self.init(instance, .told(command: command, refused: try fields.optionalString("refused")))
        case .runaway: self.init(instance, .runaway(reason: try fields.string("reason")))
        case .logTruncated: self.init(instance, .logTruncated(after: Int(try fields.integer("after"))))
        }
    }
}

extension DriverReport {
    fileprivate init(_ fields: inout EventFields) throws(FieldError) {
        let kind = try fields.name("what", as: Kind.self)
        let instance = try fields.instance()
        let stamp = try fields.name("stamp", as: Stamp.self)
        let session = try fields.optionalString("session") ?? ""
        let stream = try fields.optionalString("stream")
        let sequence = try fields.optionalInteger("seq")
        let text = try fields.optionalString("text")
        let extra = try fields.value("extra")
        var members: [JSON.Member] = []
        if let extra {
            guard case .object(let found) = extra else { throw FieldError("'extra' is not an object") }
            members = found
        }
        self.init(
            instance, kind, session: session, stamp: stamp, stream: stream, sequence: sequence, text: text,
            extra: members)
    }
}

extension FaultChange {
    fileprivate init(_ fields: inout EventFields) throws(FieldError) {
        let name = try fields.name("what", as: Change.Name.self)
        let index = Int(try fields.count("index"))
        let fault = try fields.string("fault")
        switch name {
        case .applied: self.init(index, fault, .applied(late: try fields.integer("late")))
        case .hit: self.init(index, fault, .hit(total: try fields.count("total")))
        case .healed:
            self.init(
                index, fault, .healed(late: try fields.integer("late"), total: try fields.count("total")))
        case .failed: self.init(index, fault, .failed(reason: try fields.string("reason")))
        }
    }
}

extension WireChange {
    fileprivate init(_ fields: inout EventFields) throws(FieldError) {
        let change = try fields.name("what", as: Change.self)
        self.init(
            link: try fields.string("link"), change, from: try fields.endpoint("from"), to: try fields.endpoint("to"),
            repeated: try fields.flag("repeated") ?? false, bytes: try fields.optionalCount("bytes"),
            quiet: try fields.optionalCount("quiet"))
    }
}

extension TLSChange {
    fileprivate init(_ fields: inout EventFields) throws(FieldError) {
        let name = try fields.name("what", as: Change.Name.self)
        let link = try fields.string("link")
        let (from, to) = (try fields.endpoint("from"), try fields.endpoint("to"))
        let change: Change
        switch name {
        case .clientHello:
            let version = try fields.optionalString("version")
            change = .clientHello(version: version, name: try fields.optionalString("name"))
        case .serverHello:
            let version = try fields.string("version")
            change = .serverHello(version: version, cipher: try fields.string("cipher"))
        case .alert: change = .alert(name: try fields.optionalString("alert"))
        case .finished: change = .finished
        case .data: change = .data
        case .plain: change = .plain(protocol: try fields.optionalString("protocol"))
        }
        self.init(link: link, change, from: from, to: to)
    }
}

extension ConnectionTotals {
    fileprivate init(_ fields: inout EventFields) throws(FieldError) {
        let ending = try fields.name("what", as: Ending.self)
        let link = try fields.string("link")
        let (from, to) = (try fields.endpoint("from"), try fields.endpoint("to"))
        var ways: [Way] = []
        let keys: [(bytes: StaticString, packets: StaticString, again: StaticString)] = [
            ("sent", "sent_packets", "sent_again"), ("received", "received_packets", "received_again"),
        ]
        for way in keys {
            let bytes = try fields.count(way.bytes)
            let packets = try fields.count(way.packets)
            ways.append(Way(packets: packets, bytes: bytes, retransmitted: try fields.count(way.again)))
        }
        self.init(
            link: link, ending, from: from, to: to, sent: ways[0], received: ways[1],
            quiet: try fields.count("quiet"))
    }
}

extension ConnectionOwner {
    fileprivate init(_ fields: inout EventFields) throws(FieldError) {
        let instance = try fields.instance()
        self.init(instance, from: try fields.endpoint("from"), to: try fields.endpoint("to"))
    }
}

extension MappingChange {
    fileprivate init(_ fields: inout EventFields) throws(FieldError) {
        let change = try fields.name("what", as: Change.self)
        self.init(
            router: try fields.string("router"), change, from: try fields.endpoint("from"),
            to: try fields.endpoint("to"), translated: try fields.endpoint("translated"))
    }
}

extension Traffic {
    fileprivate init(_ fields: inout EventFields) throws(FieldError) {
        self.init(
            link: try fields.string("link"), from: try fields.string("from"), packets: try fields.count("packets"),
            bytes: try fields.count("bytes"), dropped: try fields.count("dropped"))
    }
}

extension SocketTable {
    fileprivate init(_ fields: inout EventFields) throws(FieldError) {
        let host = try fields.string("host")
        guard case .object(let members)? = try fields.value("states") else {
            throw FieldError("'states' is not an object")
        }
        var states: [StateCount] = []
        for member in members {
            guard case .integer(let count) = member.value else {
                throw FieldError("'states' holds something that is not a count")
            }
            states.append(StateCount(member.key, Int(count)))
        }
        self.init(
            host: host, states: states, overflows: try fields.optionalCount("overflows") ?? 0,
            drops: try fields.optionalCount("drops") ?? 0)
    }
}

extension ProcessSample {
    fileprivate init(_ fields: inout EventFields) throws(FieldError) {
        self.init(
            try fields.instance(), cpu: try fields.count("cpu"), memory: try fields.count("memory"),
            descriptors: Int(try fields.count("descriptors")), threads: Int(try fields.count("threads")),
            wakeups: try fields.optionalCount("wakeups"))
    }
}

extension NameLookup {
    fileprivate init(_ fields: inout EventFields) throws(FieldError) {
        let answer = try fields.name("what", as: Answer.self)
        let (host, name) = (try fields.string("host"), try fields.string("name"))
        let type = try fields.string("type")
        let addresses = answer == .addresses ? try fields.strings("addresses") : []
        self.init(
            host: host, name: name, type: type, answer, addresses: addresses, ttl: try fields.optionalCount("ttl"),
            delay: try fields.optionalCount("delay") ?? 0)
    }
}

extension End {
    fileprivate init(_ fields: inout EventFields) throws(FieldError) {
        self.init(
            try fields.name("reason", as: Reason.self), message: try fields.string("message"),
            events: Int(try fields.count("events")))
    }
}

extension Header {
    init(_ line: JSONObjectLine) throws(FieldError) {
        var fields = EventFields(line)
        let format = try fields.integer("recording")
        guard (Int64(Header.oldestFormat)...Int64(Header.format)).contains(format) else {
            throw FieldError(
                "its format is \(format), and this program reads formats \(Header.oldestFormat) to \(Header.format)")
        }
        let scenario = try fields.string("scenario")
        guard let seed = try fields.value("seed")?.exact else { throw FieldError("'seed' is not a whole number") }
        let lab = try fields.string("lab")
        let kernel = try fields.string("kernel")
        let uncertainty = try fields.count("uncertainty")
        var records: [Record] = []
        for name in format == 1 ? [] : try fields.strings("records") {
            guard let record = Record(rawValue: name) else { throw FieldError("'records' names '\(name)'") }
            records.append(record)
        }
        var sources: [Source] = []
        for var fields in try fields.objects("sources") {
            sources.append(Source(path: try fields.string("path"), text: try fields.string("text")))
        }
        self.init(
            scenario: scenario, seed: seed, lab: lab, kernel: kernel, uncertainty: uncertainty, records: records,
            sources: sources)
    }
}
