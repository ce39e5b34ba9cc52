import JSONLines

/// The JSON Schema (draft 2020-12) of a scenario file, for editors. It is written from the tables that the checker
/// reads; the checker knows more (names, reachability, times), so a file that the schema accepts may still have
/// problems.
package enum ScenarioSchema {
    package static func json(_ catalog: Catalog) -> JSON {
        let shapes = Shapes(catalog: catalog)
        var members: [JSON.Member] = [
            JSON.Member("$schema", "https://json-schema.org/draft/2020-12/schema"),
            JSON.Member("title", "Halfopen scenario"),
        ]
        members += self.members(of: shapes.scenario)
        return .object(members)
    }

    private static func members(of shape: Shape) -> [JSON.Member] {
        let properties = shape.keys.map { JSON.Member($0.name, schema(of: $0.form, $0.summary)) }
        var members = [
            JSON.Member("type", shape.mayBeEmpty ? ["object", "null"] : "object"),
            JSON.Member("properties", .object(properties)),
            JSON.Member("additionalProperties", false),
        ]
        let required = shape.keys.filter(\.isRequired).map { JSON.string($0.name) }
        if !required.isEmpty { members.append(JSON.Member("required", .array(required))) }
        switch shape.rule {
        case .any: break
        case .exactlyOne: members += [JSON.Member("minProperties", 1), JSON.Member("maxProperties", 1)]
        case .oneOf(let lists):
            let needs = lists.map { keys in
                JSON.Member("anyOf", .array(keys.map { ["required": .array([.string($0)])] }))
            }
            if needs.count > 1 {
                members.append(JSON.Member("allOf", .array(needs.map { .object([$0]) })))
            } else {
                members += needs
            }
        }
        return members
    }

    private static func schema(of form: Shape.Form, _ summary: String = "") -> JSON {
        let description = summary.isEmpty ? [] : [JSON.Member("description", .string(summary))]
        return .object(description + members(of: form))
    }

    private static func members(of form: Shape.Form) -> [JSON.Member] {
        switch form {
        case .parameter(let kind): members(of: kind)
        case .constant(let word): [JSON.Member("const", .string(word))]
        case .format: [JSON.Member("enum", [1, "1"])]
        case .name(let longest):
            pattern("[a-z]([a-z0-9-]*[a-z0-9])?") + [JSON.Member("maxLength", .integer(Int64(longest)))]
        case .size: pattern(orMatrix: Units.sizePattern)
        case .date: pattern(orMatrix: Units.datePattern)
        case .texts(let least):
            [
                JSON.Member("type", "array"), JSON.Member("items", text),
                JSON.Member("minItems", .integer(Int64(least))),
            ]
        case .pair:
            [
                JSON.Member("type", "array"), JSON.Member("items", text), JSON.Member("minItems", 2),
                JSON.Member("maxItems", 2),
            ]
        case .environment: [JSON.Member("type", "object"), JSON.Member("additionalProperties", text)]
        case .fields: [JSON.Member("type", "object"), JSON.Member("additionalProperties", text)]
        case .files: [JSON.Member("anyOf", [text, ["type": "array", "items": text]])]
        case .matrix:
            [
                JSON.Member("type", "object"), JSON.Member("minProperties", 1),
                JSON.Member("additionalProperties", ["type": "array", "items": text, "minItems": 1]),
            ]
        case .groups:
            [
                JSON.Member("type", "array"), JSON.Member("minItems", 2),
                JSON.Member("items", ["type": "array", "items": text, "minItems": 1]),
            ]
        case .shape(let shape): members(of: shape)
        case .named(let shape, let hasParts):
            [JSON.Member("type", "object")]
                + (hasParts ? [JSON.Member("properties", ["from": schema(of: .files, "files with more of them")])] : [])
                // What stands in a part may be changed here by single keys, so no key is required.
                + [
                    JSON.Member(
                        "additionalProperties",
                        .object(members(of: shape).filter { !hasParts || $0.key != "required" }))
                ]
        case .list(let shapes):
            [
                JSON.Member("type", "array"),
                JSON.Member("items", ["oneOf": .array(shapes.map { .object(members(of: $0)) })]),
            ]
        }
    }

    private static func members(of kind: Parameter.Kind) -> [JSON.Member] {
        switch kind {
        case .duration: pattern(orMatrix: Units.durationPattern)
        case .rate: pattern(orMatrix: Units.ratePattern)
        case .fraction: pattern(orMatrix: Units.fractionPattern)
        case .count(let range):
            orText("-?[0-9]+", "integer", .integer(range.lowerBound), .integer(range.upperBound))
        case .size: pattern(orMatrix: Units.sizePattern)
        case .number(let range):
            orText("-?[0-9]+([.][0-9]+)?", "number", .number(range.lowerBound), .number(range.upperBound))
        case .flag: [JSON.Member("enum", [true, false, "true", "false"])]
        case .choice(let choices):
            [JSON.Member("anyOf", [["enum": .array(choices.map { .string($0) })], .object(pattern(matrix))])]
        case .text, .fault, .place: [JSON.Member("type", scalar), JSON.Member("minLength", 1)]
        case .texts: members(of: .texts(least: 1))
        case .steps(let parameters):
            members(of: .list(of: [Shape("step", parameters.map(Shapes.key))]))
        case .trace: [JSON.Member("type", scalar), JSON.Member("minLength", 1)]
        case .durations(let names):
            members(of: Shape("durations", names.map { Shape.Key($0, .parameter(Shapes.anyDuration), "") }))
        }
    }

    // MARK: Small parts

    /// An unquoted `5` or `true` is no string to an editor, but a text to us.
    private static let scalar: JSON = ["string", "number", "boolean"]
    private static let text: JSON = ["type": scalar]
    /// A value of the matrix, which may stand for anything.
    private static let matrix = ".*[$][{].*"

    private static func pattern(_ pattern: String) -> [JSON.Member] {
        [JSON.Member("type", "string"), JSON.Member("pattern", .string("^(\(pattern))$"))]
    }

    private static func pattern(orMatrix pattern: String) -> [JSON.Member] {
        self.pattern("\(pattern)|\(matrix)")
    }

    private static func orText(_ pattern: String, _ type: String, _ least: JSON, _ most: JSON) -> [JSON.Member] {
        let number: JSON = ["type": .string(type), "minimum": least, "maximum": most]
        return [JSON.Member("anyOf", [number, .object(self.pattern(orMatrix: pattern))])]
    }
}
