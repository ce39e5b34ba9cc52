import JSONLines

/// Why a line is no event.
struct FieldError: Error {
    var reason: String
    init(_ reason: String) { self.reason = reason }
}

/// The members of a line, taken by name. Members that nobody asks for are ignored, so that later versions of a program
/// may add some.
struct EventFields {
    private let line: JSONObjectLine
    /// Where the next member is expected: ours are written in the order in which they are read.
    private var next = 0

    init(_ line: JSONObjectLine) { self.line = line }

    private mutating func place(_ key: StaticString) -> Int? { line.place(of: key, next: &next) }

    /// As a tree, for what has no form of its own.
    mutating func value(_ key: StaticString) -> JSON? { place(key).map(line.value) }

    mutating func objects(_ key: StaticString) throws(FieldError) -> [EventFields] {
        guard let objects = place(key).flatMap(line.objects) else {
            throw FieldError("'\(key)' is no array of objects")
        }
        return objects.map { EventFields($0) }
    }

    mutating func optionalString(_ key: StaticString) throws(FieldError) -> String? {
        guard let place = place(key) else { return nil }
        guard let text = line.string(at: place) else { throw FieldError("'\(key)' is not a string") }
        return text
    }

    mutating func string(_ key: StaticString) throws(FieldError) -> String {
        guard let text = try optionalString(key) else { throw FieldError("'\(key)' is missing") }
        return text
    }

    mutating func strings(_ key: StaticString) throws(FieldError) -> [String] {
        guard let value = value(key) else { throw FieldError("'\(key)' is missing") }
        guard case .array(let items) = value else { throw FieldError("'\(key)' is not an array") }
        var texts: [String] = []
        for item in items {
            guard case .string(let text) = item else { throw FieldError("'\(key)' holds something that is no string") }
            texts.append(text)
        }
        return texts
    }

    mutating func optionalInteger(_ key: StaticString) throws(FieldError) -> Int64? {
        guard let place = place(key) else { return nil }
        guard let number = line.integer(at: place) else { throw FieldError("'\(key)' is not a whole number") }
        return number
    }

    mutating func integer(_ key: StaticString) throws(FieldError) -> Int64 {
        guard let number = try optionalInteger(key) else { throw FieldError("'\(key)' is missing") }
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
        guard let value = value(key) else { return nil }
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

    mutating func instance() throws(FieldError) -> Instance {
        Instance(try string("actor"), Int(try count("index")))
    }

    mutating func endpoint(_ key: StaticString) throws(FieldError) -> Endpoint {
        guard let place = place(key) else { throw FieldError("'\(key)' is missing") }
        if let text = line.plainText(at: place), let endpoint = Endpoint(text) { return endpoint }
        guard let text = line.string(at: place) else { throw FieldError("'\(key)' is not a string") }
        guard let endpoint = Endpoint(text) else {
            throw FieldError("'\(key)' is not an address with a port: '\(text)'")
        }
        return endpoint
    }
}
