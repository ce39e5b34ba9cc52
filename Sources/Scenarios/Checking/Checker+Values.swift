// Values of parameters: quantities with units, numbers, choices.
extension Checker {
    /// Nil, and a problem, when the value is not of this kind or out of range.
    mutating func value(_ node: Node, _ key: String, _ kind: Parameter.Kind) -> Value? {
        switch kind {
        case .durations(let names): return durations(node, key, names)
        case .steps(let parameters): return steps(node, key, parameters)
        case .trace: return trace(node, key).map { .trace($0) }
        case .texts: return texts(parameter: node, key)
        case .duration, .rate, .fraction, .count, .size, .number, .flag, .choice, .text, .fault, .place: break
        }
        guard let text = text(node, key, kind.inWords) else { return nil }
        do throws(Units.Complaint) {
            switch kind {
            case .duration(let range):
                let value = try Units.duration(text)
                try inRange(value, range) { Units.text($0) }
                return .duration(value)
            case .rate(let range):
                let value = try Units.rate(text)
                try inRange(value, range) { Units.text(rate: $0) }
                return .rate(value)
            case .fraction(let range):
                let value = try Units.fraction(text)
                try inRange(value, range) { Units.text(fraction: $0) }
                return .fraction(value)
            case .count(let range):
                guard let value = Int64(text), text.first != "+" else {
                    throw Units.Complaint(clause: "is not a whole number")
                }
                try inRange(value, range) { String($0) }
                return .count(value)
            case .size(let range):
                let value = try Units.size(text)
                try inRange(value, range) { Units.sizeText($0) }
                return .size(value)
            case .number(let range):
                guard let value = number(text) else { throw Units.Complaint(clause: "is not a number, such as 1.5") }
                try inRange(value, range) { Units.text(number: $0) }
                return .number(value)
            case .flag:
                guard text == "true" || text == "false" else {
                    throw Units.Complaint(clause: "is neither true nor false")
                }
                return .flag(text == "true")
            case .choice(let choices):
                if choices.contains(text) { return .text(text) }
                add(node, "unknown \(key) \(quoted(text))\(suggestion(for: text, among: choices))")
                return nil
            case .text: return .text(text)
            case .fault: return fault(text, node, key)
            case .place: return isActorOrHost(text, node) ? .text(text) : nil
            case .durations, .steps, .trace, .texts: return nil
            }
        } catch {
            add(node, "\(key) \(quoted(text)) \(error.clause)")
            return nil
        }
    }

    private func number(_ text: String) -> Double? {
        text.hasPrefix("-") ? Units.decimal(text.dropFirst()).map { -$0 } : Units.decimal(text)
    }

    private func inRange<T: Comparable>(
        _ value: T, _ range: ClosedRange<T>, _ shown: (T) -> String
    ) throws(Units.Complaint) {
        if range.contains(value) { return }
        let bounds = "\(shown(range.lowerBound)) to \(shown(range.upperBound))"
        throw Units.Complaint(clause: "is out of range: \(bounds)")
    }

    private mutating func fault(_ text: String, _ node: Node, _ key: String) -> Value? {
        let known = catalog.faults.map(\.name)
        if faultKinds.contains(text) || !knowsAllFaults && known.contains(text) { return .text(text) }
        if known.contains(text) {
            let struck = faultKinds.isEmpty ? "no fault" : "only \(faultKinds.joined(separator: ", "))"
            add(node, "\(key) names \(quoted(text)), which is not in the timeline: it has \(struck)")
        } else {
            add(node, "unknown fault \(quoted(text))\(suggestion(for: text, among: known))")
        }
        return nil
    }

    private mutating func texts(parameter node: Node, _ key: String) -> Value? {
        let before = problems.count
        let texts = texts(node, key)
        if problems.count == before && texts.isEmpty { add(node, "\(key) is empty: it is a list of texts") }
        return problems.count == before ? .texts(texts) : nil
    }

    private mutating func steps(_ node: Node, _ key: String, _ parameters: [Parameter]) -> Value? {
        guard let items = items(node, key, "[{ for: 10s, ... }, { for: 20s, ... }]") else { return nil }
        let before = problems.count
        if items.isEmpty { add(node, "\(key) is empty: it is a list of steps") }
        let shape = Shape("a step", parameters.map(Shapes.key))
        let values = items.compactMap { item in fields(item, shape).map { self.parameters($0, parameters) } }
        return problems.count == before ? .steps(values) : nil
    }

    private mutating func durations(_ node: Node, _ key: String, _ names: [String]) -> Value? {
        let keys = names.map { Shape.Key($0, .parameter(Shapes.anyDuration), "") }
        let before = problems.count
        guard let fields = fields(node, Shape(key, keys)) else { return nil }
        let given = names.compactMap { name in
            value(fields, name)?.duration.map { Value.NamedDuration(name: name, duration: $0) }
        }
        if problems.count == before && given.isEmpty {
            add(node, "\(key) is empty; it takes \(names.joined(separator: ", "))")
        }
        return problems.count == before ? .durations(given) : nil
    }
}

extension Parameter.Kind {
    /// What must stand there, with an example.
    var inWords: String {
        switch self {
        case .duration: "a duration such as 30s"
        case .rate: "a rate such as 2 Mbit/s"
        case .fraction: "a percentage such as 0.1%"
        case .count: "a whole number"
        case .size: "a size such as 64 KiB"
        case .number: "a number"
        case .flag: "true or false"
        case .choice(let choices): "one of \(choices.joined(separator: ", "))"
        case .text: "a text"
        case .fault: "the name of a fault"
        case .place: "an actor or a host"
        case .texts: "a list of texts"
        case .durations: "a mapping of names to durations"
        case .steps: "a list of steps"
        case .trace: "a file"
        }
    }
}

extension Value {
    package var duration: Duration? { if case .duration(let value) = self { value } else { nil } }
    package var rate: Int64? { if case .rate(let value) = self { value } else { nil } }
    package var fraction: Double? { if case .fraction(let value) = self { value } else { nil } }
    package var count: Int64? { if case .count(let value) = self { value } else { nil } }
    package var size: Int64? { if case .size(let value) = self { value } else { nil } }
    package var number: Double? { if case .number(let value) = self { value } else { nil } }
    package var flag: Bool? { if case .flag(let value) = self { value } else { nil } }
    package var text: String? { if case .text(let value) = self { value } else { nil } }
    package var texts: [String]? { if case .texts(let value) = self { value } else { nil } }
    package var steps: [[String: Value]]? { if case .steps(let value) = self { value } else { nil } }
    package var trace: DeliveryTrace? { if case .trace(let value) = self { value } else { nil } }
    package var durations: [NamedDuration]? { if case .durations(let value) = self { value } else { nil } }

    /// As a scenario file has it: `30s`, `0.1%`, `{ detect: 20s }`.
    package var inFile: String {
        switch self {
        case .duration(let value): Units.text(value)
        case .rate(let value): Units.text(rate: value)
        case .fraction(let value): Units.text(fraction: value)
        case .count(let value): String(value)
        case .size(let value): Units.sizeText(value)
        case .number(let value): Units.text(number: value)
        case .flag(let value): String(value)
        case .text(let value): value
        case .texts(let texts): "[\(texts.joined(separator: ", "))]"
        case .trace(let trace): trace.path
        case .steps(let steps):
            "["
                + steps.map { step in
                    let values = step.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.inFile)" }
                    return "{ \(values.joined(separator: ", ")) }"
                }.joined(separator: ", ") + "]"
        case .durations(let values):
            "{ \(values.map { "\($0.name): \(Units.text($0.duration))" }.joined(separator: ", ")) }"
        }
    }
}
