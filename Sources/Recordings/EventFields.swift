import JSONLines

/// Why a line is no event.
struct FieldError: Error {
    var reason: String
    init(_ reason: String) { self.reason = reason }
}

/// The members of a line, taken by name. Members that nobody asks for are ignored, so that later versions of a program
/// may add some.
struct EventFields {
    private let members: [JSON.Member]
    /// Where the next member is expected: ours are written in the order in which they are read.
    private var next = 0

    init(_ json: JSON) throws(FieldError) {
        guard case .object(let members) = json else { throw FieldError("not an object") }
        self.members = members
    }

    mutating func value(_ key: String) -> JSON? {
        for index in next..<members.count where members[index].key == key {
            next = index + 1
            return members[index].value
        }
        for index in 0..<min(next, members.count) where members[index].key == key {
            next = index + 1
            return members[index].value
        }
        return nil
    }

    mutating func optionalString(_ key: String) throws(FieldError) -> String? {
        guard let value = value(key) else { return nil }
        guard case .string(let text) = value else { throw FieldError("'\(key)' is not a string") }
        return text
    }

    mutating func string(_ key: String) throws(FieldError) -> String {
        guard let text = try optionalString(key) else { throw FieldError("'\(key)' is missing") }
        return text
    }

    mutating func strings(_ key: String) throws(FieldError) -> [String] {
        guard let value = value(key) else { throw FieldError("'\(key)' is missing") }
        guard case .array(let items) = value else { throw FieldError("'\(key)' is not an array") }
        var texts: [String] = []
        for item in items {
            guard case .string(let text) = item else { throw FieldError("'\(key)' holds something that is no string") }
            texts.append(text)
        }
        return texts
    }

    mutating func optionalInteger(_ key: String) throws(FieldError) -> Int64? {
        guard let value = value(key) else { return nil }
        guard case .integer(let number) = value else { throw FieldError("'\(key)' is not a whole number") }
        return number
    }

    mutating func integer(_ key: String) throws(FieldError) -> Int64 {
        guard let number = try optionalInteger(key) else { throw FieldError("'\(key)' is missing") }
        return number
    }

    /// A number that counts something: 0 or more, and far enough from the limit that sums of a few stay in range.
    mutating func count(_ key: String) throws(FieldError) -> Int64 {
        let number = try integer(key)
        guard number >= 0, number < 1 << 62 else { throw FieldError("'\(key)' is out of range: \(number)") }
        return number
    }

    mutating func optionalCount(_ key: String) throws(FieldError) -> Int64? {
        guard let number = try optionalInteger(key) else { return nil }
        guard number >= 0, number < 1 << 62 else { throw FieldError("'\(key)' is out of range: \(number)") }
        return number
    }

    mutating func flag(_ key: String) throws(FieldError) -> Bool? {
        guard let value = value(key) else { return nil }
        guard case .bool(let flag) = value else { throw FieldError("'\(key)' is not true or false") }
        return flag
    }

    mutating func name<Name: RawRepresentable<String>>(
        _ key: String, as type: Name.Type
    ) throws(FieldError) -> Name {
        let text = try string(key)
        guard let name = Name(rawValue: text) else { throw FieldError("'\(key)' has an unknown name: '\(text)'") }
        return name
    }

    mutating func instance() throws(FieldError) -> Instance {
        Instance(try string("actor"), Int(try count("index")))
    }

    mutating func endpoint(_ key: String) throws(FieldError) -> Endpoint {
        let text = try string(key)
        guard let endpoint = Endpoint(text) else {
            throw FieldError("'\(key)' is not an address with a port: '\(text)'")
        }
        return endpoint
    }
}

extension Endpoint {
    /// From `10.77.1.2:1883` or `[fd00::1]:1883`; nil when it is neither.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")),
            let port = Int(text[bytes.index(after: colon)...]), (0...65535).contains(port)
        else { return nil }
        let address = text[..<colon]
        if address.utf8.first == UInt8(ascii: "["), address.utf8.last == UInt8(ascii: "]"), address.utf8.count > 1 {
            self.init(address: String(address.dropFirst().dropLast()), port: port)
        } else {
            self.init(address: String(address), port: port)
        }
    }
}
