import JSONLines
import Reporting
import Running
import Scenarios

extension Command {
    private static let kinds = ["faults", "expectations", "profiles", "presets", "scenarios", "formats"]

    static let list = Command(
        name: "list", operands: "faults|expectations|profiles|presets|scenarios|formats [PATH...]",
        summary: "Lists what scenarios may name, the scenarios of a folder, or the formats of reports.",
        details: """
            Each name that a scenario may have can be looked up with halfopen explain.

              halfopen list faults
              halfopen list scenarios scenarios/demo
            """,
        options: [
            Option(name: "--format", value: "text|json", summary: "json: one object, for machines (default text)")
        ]
    ) { arguments in
        guard let kind = arguments.operands.first, kinds.contains(kind) else {
            throw UsageError("halfopen list needs one of \(kinds.joined(separator: ", "))")
        }
        let format = try arguments.choice("--format", ["text", "json"], default: "text")
        guard let rows = try rows(kind, paths: Array(arguments.operands.dropFirst())) else { return .invalidScenario }
        if format == "json" {
            let items = rows.map { JSON.object([.init("name", .string($0.0)), .init("summary", .string($0.1))]) }
            Output.print((["format": 1, "kind": .string(kind), "items": .array(items)] as JSON).line)
        } else {
            let width = rows.map(\.0.count).max() ?? 0
            for (name, summary) in rows {
                Output.print(name + String(repeating: " ", count: width - name.count + 2) + summary)
            }
        }
        return .pass
    }

    private static func rows(_ kind: String, paths: [String]) throws -> [(String, String)]? {
        let catalog = Catalog.standard
        switch kind {
        case "faults": return catalog.faults.map { ($0.name, $0.summary) }
        case "expectations": return catalog.expectations.map { ($0.name, $0.summary) }
        case "profiles": return catalog.profiles.map { ($0.name, $0.summary) }
        case "formats": return ReportFormat.all.map { ($0.name, "\($0.summary) (\($0.takes))") }
        case "presets": return NATPreset.shipped.map { ($0.name, $0.summary) }
        default:
            let loaded = try Loading.scenarios(paths.isEmpty ? ["scenarios"] : paths)
            return loaded?.map { ($0.scenario.scenario.name, $0.scenario.scenario.summary) }
        }
    }

    static let explain = Command(
        name: "explain", operands: "NAME", summary: "Explains a fault, an expectation, a profile or a preset.",
        details: """
            What it does on the wire or what it measures, its parameters with units and ranges, and an example.

              halfopen explain blackhole
              halfopen explain recovery
            """
    ) { arguments in
        guard let name = arguments.operands.first, arguments.operands.count == 1 else {
            throw UsageError("halfopen explain needs one name; halfopen list faults shows some")
        }
        guard let text = Explanation.of(name, in: .standard) else {
            let known = Catalog.standard
            let own = known.faults.map(\.name) + known.expectations.map(\.name)
            let names = own + known.profiles.map(\.name) + NATPreset.shipped.map(\.name)
            throw UsageError("nothing is called \"\(name)\"; known are \(names.joined(separator: ", "))")
        }
        Output.print(text)
        return .pass
    }
}
