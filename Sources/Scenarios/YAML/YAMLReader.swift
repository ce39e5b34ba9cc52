import CYAML

/// Reads one YAML document into a tree with positions, by libyaml's event interface.
///
/// Everything that a hostile file could grow is bounded here, before anything recurses over the tree.
struct YAMLReader {
    /// Bytes of a file.
    static let largestFile = 1 << 20
    /// Levels of nesting, aliases followed.
    static let deepest = 32
    /// Nodes of a tree, aliases followed.
    static let mostNodes = 10_000

    /// The tree, or nil and at least one problem. Repeated keys are problems beside a tree with the first of each.
    static func read(_ bytes: [UInt8], file: String) -> (root: Node?, problems: [Problem]) {
        if bytes.count > largestFile {
            let message =
                "the file has \(Units.sizeText(Int64(bytes.count))); at most \(Units.sizeText(Int64(largestFile)))"
                + " are read. Is it a scenario?"
            return (nil, [Problem(file: file, message: message)])
        }
        if let place = firstInvalidUTF8(in: bytes) {
            let position = Self.position(ofByte: place, in: bytes, file: file)
            return (nil, [position.problem("not valid UTF-8 from here on; save the file as UTF-8")])
        }
        var builder = TreeBuilder(file: file)
        do throws(Problem) {
            try EventStream(bytes: bytes, file: file).forEach { event throws(Problem) in try builder.take(event) }
        } catch {
            return (nil, builder.problems + [error])
        }
        if builder.root == nil && builder.problems.isEmpty {
            builder.problems = [Problem(file: file, message: "the file is empty")]
        }
        return (builder.root, builder.problems)
    }

    private static func firstInvalidUTF8(in bytes: [UInt8]) -> Int? {
        if String(validating: bytes, as: UTF8.self) != nil { return nil }
        var valid = 0
        var decoder = UTF8()
        var source = bytes.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&source) { valid += UTF8.width(scalar) }
        return valid
    }

    /// Line and column of a byte offset.
    static func position(ofByte offset: Int, in bytes: [UInt8], file: String) -> Position {
        let before = bytes.prefix(offset)
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let line = before.count { $0 == 0x0A } + 1
        // Continuation bytes belong to the scalar before them.
        let column = before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1
        return Position(file: file, line: line, column: column)
    }
}

/// What libyaml saw, without its memory.
enum YAMLEvent {
    case document(Position)
    case alias(String, Position)
    case scalar(String, quoted: Bool, anchor: String?, Position)
    case sequenceStart(anchor: String?, Position)
    case mappingStart(anchor: String?, Position)
    case collectionEnd
}

/// libyaml's parser over bytes in memory.
private struct EventStream {
    let bytes: [UInt8]
    let file: String

    func forEach(_ body: (YAMLEvent) throws(Problem) -> Void) throws(Problem) {
        // The parser keeps a pointer to itself, so it must not move: allocated, not passed inout.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else {
            throw Problem(file: file, message: "libyaml could not be started: no memory")
        }
        defer { yaml_parser_delete(parser) }
        try bytes.withUnsafeBufferPointer { buffer throws(Problem) in
            yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
            while let event = try next(parser) {
                if let event = event.known { try body(event) }
            }
        }
    }

    /// Nil at the end of the stream; `known` nil for events without content.
    private func next(_ parser: UnsafeMutablePointer<yaml_parser_t>) throws(Problem) -> (known: YAMLEvent?, Void)? {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem(of: parser.pointee) }
        defer { yaml_event_delete(&event) }
        let position = position(event.start_mark)
        switch event.type {
        case YAML_STREAM_END_EVENT: return nil
        case YAML_DOCUMENT_START_EVENT: return (.document(position), ())
        case YAML_ALIAS_EVENT: return (.alias(text(event.data.alias.anchor) ?? "", position), ())
        case YAML_SCALAR_EVENT: return (try scalar(event, position), ())
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            try refuseTag(start.tag, position)
            return (.sequenceStart(anchor: text(start.anchor), position), ())
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            try refuseTag(start.tag, position)
            return (.mappingStart(anchor: text(start.anchor), position), ())
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return (.collectionEnd, ())
        default: return (nil, ())
        }
    }

    private func scalar(_ event: yaml_event_t, _ position: Position) throws(Problem) -> YAMLEvent {
        let scalar = event.data.scalar
        try refuseTag(scalar.tag, position)
        let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        if bytes.contains(0) {
            throw position.problem("this text holds a NUL character, which no program can be given; remove it")
        }
        let quoted = scalar.style != YAML_PLAIN_SCALAR_STYLE
        let text = String(decoding: bytes, as: UTF8.self)
        return .scalar(text, quoted: quoted, anchor: self.text(scalar.anchor), position)
    }

    private func refuseTag(_ tag: UnsafeMutablePointer<UInt8>?, _ position: Position) throws(Problem) {
        guard let tag = text(tag) else { return }
        throw position.problem("YAML tags such as \(quoted(tag)) are not used in scenarios; remove it")
    }

    private func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    private func position(_ mark: yaml_mark_t) -> Position {
        Position(file: file, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    /// libyaml's own words, with the place.
    private func problem(of parser: yaml_parser_t) -> Problem {
        let words = parser.problem.map { String(cString: $0) } ?? "no memory"
        if parser.error == YAML_READER_ERROR {
            // Reader errors carry a byte offset and no mark.
            let place = YAMLReader.position(ofByte: Int(parser.problem_offset), in: bytes, file: file)
            return place.problem("not YAML: \(words)")
        }
        var message = "not YAML: \(words)"
        if let context = parser.context {
            message += ", \(String(cString: context))"
            if parser.context_mark.line != parser.problem_mark.line {
                message += " that begins in line \(parser.context_mark.line + 1)"
            }
        }
        return position(parser.problem_mark).problem(message)
    }
}
