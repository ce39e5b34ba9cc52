/// Writes one JSON object as a line, field by field in the order of the calls.
///
/// Recordings hold a line for every packet of interest; building a `JSON` for each of them would cost several
/// allocations a line on the engine's thread.
package struct JSONLineWriter {
    package private(set) var bytes: [UInt8]
    /// Where the object's brace stands: what comes before it is not ours.
    private var isEmpty = true

    package init() { bytes = [UInt8(ascii: "{")] }

    /// Starts an object behind `other`, which is empty until `giveBack`: two owners would copy all that stands there.
    package init(takingOver other: inout [UInt8]) {
        bytes = []
        swap(&bytes, &other)
        bytes.append(UInt8(ascii: "{"))
    }

    package mutating func giveBack(to other: inout [UInt8]) { swap(&bytes, &other) }

    private mutating func key(_ key: StaticString) {
        if !isEmpty { bytes.append(UInt8(ascii: ",")) }
        isEmpty = false
        bytes.append(UInt8(ascii: "\""))
        key.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    /// Keys are written as they stand: plain ASCII without quotes or backslashes.
    package mutating func field(_ key: StaticString, _ value: String) {
        self.key(key)
        JSON.write(string: value, to: &bytes)
    }

    /// A string whose bytes `write` appends: plain ASCII without quotes or backslashes.
    package mutating func field(_ key: StaticString, plain write: (inout [UInt8]) -> Void) {
        self.key(key)
        bytes.append(UInt8(ascii: "\""))
        write(&bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    package mutating func field(_ key: StaticString, _ value: Int64) {
        self.key(key)
        JSON.write(integer: value, to: &bytes)
    }

    package mutating func field(_ key: StaticString, _ value: Int) { field(key, Int64(value)) }

    package mutating func field(_ key: StaticString, _ value: Bool) {
        self.key(key)
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    package mutating func field(_ key: StaticString, _ value: JSON) {
        self.key(key)
        value.write(to: &bytes)
    }

    /// Closes the object and the line.
    package mutating func end() {
        bytes.append(UInt8(ascii: "}"))
        bytes.append(0x0A)
    }
}

extension JSON {
    package static func write(integer: Int64, to bytes: inout [UInt8]) {
        if integer < 0 { bytes.append(UInt8(ascii: "-")) }
        var magnitude = integer.magnitude
        let start = bytes.count
        repeat {
            let (quotient, remainder) = magnitude.quotientAndRemainder(dividingBy: 10)
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: remainder))
            magnitude = quotient
        } while magnitude > 0
        bytes[start...].reverse()
    }

    /// A whole number that readers get back exactly: a number up to 2^53 - 1, beyond that its digits as a string,
    /// because many readers hold numbers as doubles (RFC 7493, section 2.2).
    package init(exact value: UInt64) {
        self = value < 1 << 53 ? .integer(Int64(value)) : .string(String(value))
    }

    /// The value that `init(exact:)` stands for; nil when this is none.
    package var exact: UInt64? {
        switch self {
        case .integer(let value): UInt64(exactly: value)
        case .string(let digits): UInt64(digits)
        case .null, .bool, .number, .array, .object: nil
        }
    }
}
