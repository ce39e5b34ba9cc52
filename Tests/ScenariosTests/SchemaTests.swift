import JSONLines
import Testing

@testable import Scenarios

/// The part of JSON Schema that our schema uses, so that the schema itself is tested and not only its spelling.
private struct Validator {
    /// Why `node` does not fit; nil when it does. `path` names the place.
    func complaint(_ schema: JSON, _ node: Node, _ path: String = "") -> String? {
        guard case .object(let members) = schema else { return "\(path): the schema is no object" }
        for member in members {
            if let complaint = complaint(member, schema, node, path) { return complaint }
        }
        return nil
    }

    private func complaint(_ member: JSON.Member, _ schema: JSON, _ node: Node, _ path: String) -> String? {
        let value = member.value
        switch member.key {
        case "$schema", "title", "description": return nil
        case "properties", "additionalProperties":
            guard member.key == "properties" || schema["properties"] == nil else { return nil }
            return properties(schema, node, path)
        case "type":
            let types = value.array?.compactMap(\.string) ?? [value.string ?? ""]
            return types.contains { fits($0, node) } ? nil : "\(path): is \(node.kindInWords), not \(types)"
        case "required":
            let missing = (value.array ?? []).compactMap(\.string).first { node[$0] == nil }
            return node.entries == nil ? nil : missing.map { "\(path): lacks \($0)" }
        case "items":
            return (node.items ?? []).enumerated().lazy.compactMap { complaint(value, $1, "\(path)/\($0)") }.first
        case "anyOf":
            return value.array!.contains { complaint($0, node) == nil } ? nil : "\(path): fits none"
        case "oneOf":
            let count = value.array!.count { complaint($0, node) == nil }
            return count == 1 ? nil : "\(path): fits \(count)"
        case "const": return scalars(node).contains(value) ? nil : "\(path): is not \(value.line)"
        case "enum":
            return scalars(node).contains { value.array!.contains($0) } ? nil : "\(path): not one of \(value.line)"
        case "pattern":
            guard let text = node.text, isString(node) else { return nil }
            guard let pattern = try? Regex(value.string!) else { return "\(path): \(value.line) is no pattern" }
            return text.firstMatch(of: pattern) == nil ? "\(path): \(text) does not match \(value.string!)" : nil
        case "minimum": return number(node).map { $0 >= value.number! ? nil : "\(path): too small" } ?? nil
        case "maximum": return number(node).map { $0 <= value.number! ? nil : "\(path): too large" } ?? nil
        case "minLength": return (node.text?.count ?? .max) >= value.integer! ? nil : "\(path): too short"
        case "maxLength": return (node.text?.count ?? 0) <= value.integer! ? nil : "\(path): too long"
        case "minItems": return (node.items?.count ?? .max) >= value.integer! ? nil : "\(path): too few"
        case "maxItems": return (node.items?.count ?? 0) <= value.integer! ? nil : "\(path): too many"
        case "minProperties": return (node.entries?.count ?? .max) >= value.integer! ? nil : "\(path): too few"
        case "maxProperties": return (node.entries?.count ?? 0) <= value.integer! ? nil : "\(path): too many"
        default: return "\(path): the schema says \(member.key), which this test does not know"
        }
    }

    private func properties(_ schema: JSON, _ node: Node, _ path: String) -> String? {
        for entry in node.entries ?? [] {
            let place = "\(path)/\(entry.key)"
            if let property = schema["properties"]?[key: entry.key] {
                if let complaint = complaint(property, entry.value, place) { return complaint }
            } else if schema["additionalProperties"] == false {
                return "\(place): unknown key"
            } else if let others = schema["additionalProperties"] {
                if let complaint = complaint(others, entry.value, place) { return complaint }
            }
        }
        return nil
    }

    private func fits(_ type: String, _ node: Node) -> Bool {
        switch type {
        case "object": node.entries != nil
        case "array": node.items != nil
        case "null": node.isEmpty
        case "string": isString(node)
        case "boolean": ["true", "false"].contains(node.text)
        case "integer": number(node).map { $0 == $0.rounded() } ?? false
        case "number": number(node) != nil
        default: false
        }
    }

    /// YAML's core schema, which editors follow: a plain 5 or true is no string.
    private func isString(_ node: Node) -> Bool {
        guard case .scalar(let text, let quoted) = node.content else { return false }
        return quoted || !node.isEmpty && Double(text) == nil && text != "true" && text != "false"
    }

    private func number(_ node: Node) -> Double? { node.text.flatMap { Double($0) } }

    /// What an editor may take a plain scalar for.
    private func scalars(_ node: Node) -> [JSON] {
        guard let text = node.text else { return [] }
        return [.string(text)] + (Int64(text).map { [.integer($0)] } ?? [])
    }
}

@Suite struct SchemaTests {
    static let schema = ScenarioSchema.json(Fixture.catalog)

    private func complaint(_ text: String) throws -> String? {
        let root = try #require(YAMLReader.read(Array(text.utf8), file: "a.yaml").root)
        return Validator().complaint(Self.schema, root)
    }

    @Test func itIsADraftOfItsTime() {
        #expect(Self.schema["$schema"]?.string == "https://json-schema.org/draft/2020-12/schema")
        #expect(Self.schema["properties"]?["format"]?["enum"] == [1, "1"])
    }

    @Test(arguments: [Fixture.valid, PartsTests.main, PartsTests.matrix])
    func itAcceptsWhatTheCheckerAccepts(text: String) throws {
        #expect(try complaint(text) == nil)
    }

    /// Every key of the valid scenarios, renamed: both must see it.
    @Test func itRefusesAMisspeltKeyWhereTheCheckerDoes() throws {
        var renamed = 0
        let text = Fixture.valid
        let names = Self.allKeys(Shapes(catalog: Fixture.catalog).scenario)
        for name in names.sorted() {
            for range in text.ranges(of: "\(name): ")
            where text[..<range.lowerBound].last.map({ " {\n".contains($0) }) ?? true {
                let wrong = text.replacingCharacters(in: range, with: "\(name)x: ")
                #expect(try complaint(wrong) != nil, "\(name) of the schema")
                #expect(!Fixture.problems(wrong).isEmpty, "\(name) of the checker")
                renamed += 1
            }
        }
        #expect(renamed > 60)
    }

    /// Both refuse these, each by its own rule.
    @Test(arguments: [
        ("format: 1", "format: 2"), ("delay: 20ms", "delay: 20"), ("loss: 0.1%", "loss: 0.1"),
        ("rate: 2 Mbit/s", "rate: 2"), ("memory: 512 MiB", "memory: 512"), ("limit: 50", "limit: 0"),
        ("start: 2026-01-01T00:00:00Z", "start: yesterday"), ("tags: [nat, mqtt]", "tags: nat"),
        ("name: nat-forgets-idle-subscriber", "name: Nat"), ("[mosquitto, -p, \"1883\"]", "[]"),
        ("ready: { port: 1883 }", "ready: { port: 1883, log: up }"), ("ready: { port: 1883 }", "ready: {}"),
        ("between: [phone, home], profile", "between: [phone], profile"), ("on-expiry: drop", "on-expiry: dorp"),
        ("until: 15m, ", ""), (", delay: 1.5s", ""), ("link: home-cloud, direction", "direction"),
        ("factor: 1.5", "factor: 11"), ("first: 1 }", "first: 1.5 }"), ("- { end: 40m }", "- { end: 40m, at: 1s }"),
        ("command: publish, ", ""), ("command: publish", "command: shout"), ("seq: 4,", "seq: [4],"),
    ])
    func itRefusesWhatTheCheckerRefuses(old: String, new: String) throws {
        let wrong = Fixture.changed(old, new)
        #expect(try complaint(wrong) != nil)
        #expect(!Fixture.problems(wrong).isEmpty)
    }

    /// Every key of the checker's tables is a property of the schema, and the other way round.
    @Test func bothKnowTheSameKeys() {
        let shapes = Shapes(catalog: Fixture.catalog)
        #expect(Self.properties(Self.schema) == Self.allKeys(shapes.scenario))
        #expect(Self.allKeys(shapes.scenario).count > 50)
    }

    private static func allKeys(_ shape: Shape) -> Set<String> {
        shape.keys.reduce(into: []) { keys, key in
            keys.insert(key.name)
            switch key.form {
            case .shape(let inner): keys.formUnion(allKeys(inner))
            case .named(let inner, let hasParts):
                keys.formUnion(allKeys(inner))
                if hasParts { keys.insert("from") }
            case .list(let shapes): for inner in shapes { keys.formUnion(allKeys(inner)) }
            case .parameter(.durations(let names)): keys.formUnion(names)
            case .parameter, .constant, .format, .name, .size, .date, .texts, .pair, .groups, .environment, .fields,
                .files, .matrix:
                break
            }
        }
    }

    private static func properties(_ schema: JSON) -> Set<String> {
        switch schema {
        case .object(let members):
            var keys: Set<String> = []
            for member in members {
                if member.key == "properties", case .object(let properties) = member.value {
                    keys.formUnion(properties.map(\.key))
                    for property in properties { keys.formUnion(self.properties(property.value)) }
                } else {
                    keys.formUnion(self.properties(member.value))
                }
            }
            return keys
        case .array(let values): return values.reduce(into: []) { $0.formUnion(properties($1)) }
        case .null, .bool, .integer, .number, .string: return []
        }
    }
}

extension JSON {
    fileprivate subscript(key key: String) -> JSON? { self[key] }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
