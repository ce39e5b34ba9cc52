import JSONLines

/// Why a line is no event.
struct FieldError: Error {
    var reason: String
    init(_ reason: String) { self.reason = reason }
}

extension FieldError {
    /// The line is not of the kind that is read straight, or there is something wrong with it.
    fileprivate static let notStraight = FieldError("not straight")
}

/// The members of a line, taken by name. Members that nobody asks for are ignored, so that later versions of a program
/// may add some.
struct EventFields {
    /// Events are deeper than the driver's lines by two levels.
    static let depth = JSON.defaultDepth + 2

    /// Nil while the line is read straight.
    private let line: JSONObjectLine?
    private var straight: StraightLine
    /// Where the next member is expected: ours are written in the order in which they are read.
    private var next = 0

    init(_ line: JSONObjectLine) {
        self.line = line
        straight = StraightLine(UnsafeBufferPointer(start: nil, count: 0))
    }

    /// To be believed when it threw nothing and `isComplete` at the end: otherwise `JSONObjectLine` tells more.
    init(straight bytes: UnsafeBufferPointer<UInt8>) {
        line = nil
        straight = StraightLine(bytes)
    }

    var isComplete: Bool { straight.isComplete }

    /// As a tree, for what has no form of its own.
    mutating func value(_ key: StaticString) throws(FieldError) -> JSON? {
        if let line { return line.place(of: key, next: &next).map(line.value) }
        guard straight.steps(to: key) else { return nil }
        return try read(straight.value(depth: EventFields.depth))
    }

    /// What was read straight.
    private func read<Value>(_ value: Value?) throws(FieldError) -> Value {
        guard let value else { throw .notStraight }
        return value
    }

    mutating func objects(_ key: StaticString) throws(FieldError) -> [EventFields] {
        guard let line else { throw .notStraight }
        guard let objects = line.place(of: key, next: &next).flatMap(line.objects) else {
            throw FieldError("'\(key)' is no array of objects")
        }
        return objects.map { EventFields($0) }
    }

    mutating func optionalString(_ key: StaticString) throws(FieldError) -> String? {
        guard let line else {
            guard straight.steps(to: key) else { return nil }
            return String(decoding: try read(straight.text()), as: UTF8.self)
        }
        guard let place = line.place(of: key, next: &next) else { return nil }
        guard let text = line.string(at: place) else { throw FieldError("'\(key)' is not a string") }
        return text
    }

    mutating func string(_ key: StaticString) throws(FieldError) -> String {
        guard let text = try optionalString(key) else { throw missing(key) }
        return text
    }

    private func missing(_ key: StaticString) -> FieldError {
        line == nil ? .notStraight : FieldError("'\(key)' is missing")
    }

    mutating func strings(_ key: StaticString) throws(FieldError) -> [String] {
        guard let value = try value(key) else { throw missing(key) }
        guard case .array(let items) = value else { throw FieldError("'\(key)' is not an array") }
        var texts: [String] = []
        for item in items {
            guard case .string(let text) = item else { throw FieldError("'\(key)' holds something that is no string") }
            texts.append(text)
        }
        return texts
    }

    mutating func optionalInteger(_ key: StaticString) throws(FieldError) -> Int64? {
        guard let line else { return straight.steps(to: key) ? try read(straight.integer()) : nil }
        guard let place = line.place(of: key, next: &next) else { return nil }
        guard let number = line.integer(at: place) else { throw FieldError("'\(key)' is not a whole number") }
        return number
    }

    mutating func integer(_ key: StaticString) throws(FieldError) -> Int64 {
        guard let number = try optionalInteger(key) else { throw missing(key) }
        return number
    }

    /// A number that counts something: 0 or more, and far enough from the limit that sums of a few stay in range.
    mutating func count(_ key: StaticString) throws(FieldError) -> Int64 {
        let number = try integer(key)
        guard number >= 0, number < 1 << 62 else { throw FieldError("'\(key)' is out of range: \(number)") }
        return number
    }

    mutating func optionalCount(_ key: StaticString) throws(FieldError) -> Int64? {
        guard let number = try optionalInteger(key) else { return nil }
        guard number >= 0, number < 1 << 62 else { throw FieldError("'\(key)' is out of range: \(number)") }
        return number
    }

    mutating func flag(_ key: StaticString) throws(FieldError) -> Bool? {
        guard let value = try value(key) else { return nil }
        guard case .bool(let flag) = value else { throw FieldError("'\(key)' is not true or false") }
        return flag
    }

    mutating func name<Name: RawRepresentable<String>>(
        _ key: StaticString, as type: Name.Type
    ) throws(FieldError) -> Name {
        let text = try string(key)
        guard let name = Name(rawValue: text) else { throw FieldError("'\(key)' has an unknown name: '\(text)'") }
        return name
    }

    mutating func name<Name: Spelled>(_ key: StaticString, as type: Name.Type) throws(FieldError) -> Name {
        guard line == nil else { return try anyName(key) }
        guard straight.steps(to: key), let text = straight.text(), let name = Name.spellings[text] else {
            throw .notStraight
        }
        return name
    }

    private mutating func anyName<Name: RawRepresentable<String>>(_ key: StaticString) throws(FieldError) -> Name {
        try name(key, as: Name.self)
    }

    mutating func instance() throws(FieldError) -> Instance {
        Instance(try string("actor"), Int(try count("index")))
    }

    mutating func endpoint(_ key: StaticString) throws(FieldError) -> Endpoint {
        guard let line else {
            guard straight.steps(to: key), let text = straight.text(), let endpoint = Endpoint(text) else {
                throw .notStraight
            }
            return endpoint
        }
        guard let place = line.place(of: key, next: &next) else { throw FieldError("'\(key)' is missing") }
        if let text = line.plainText(at: place), let endpoint = Endpoint(text) { return endpoint }
        guard let text = line.string(at: place) else { throw FieldError("'\(key)' is not a string") }
        guard let endpoint = Endpoint(text) else {
            throw FieldError("'\(key)' is not an address with a port: '\(text)'")
        }
        return endpoint
    }
}
