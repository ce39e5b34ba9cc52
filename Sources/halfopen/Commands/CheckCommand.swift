import Running
import Scenarios

extension Command {
    static let check = Command(
        name: "check", operands: "PATH...", summary: "Loads and checks scenarios without playing them.",
        details: """
            Tells all problems at once, each with file, line and column. Nothing is started, no kernel is needed.

              halfopen check scenarios/
              halfopen check --schema > halfopen.schema.json    a JSON Schema for editors
            """,
        options: [
            Option(name: "--schema", value: nil, summary: "print the JSON Schema of scenario files and stop"),
            Loading.with,
        ]
    ) { arguments in
        if arguments.has("--schema") {
            Output.print(ScenarioSchema.json(.standard).pretty())
            return .pass
        }
        guard !arguments.operands.isEmpty else {
            throw UsageError("halfopen check needs the path of a scenario or folder")
        }
        guard let loaded = try Loading.scenarios(arguments.operands, with: try Loading.choices(arguments)) else {
            return .invalidScenario
        }
        for item in loaded { Output.print("\(item.path): \(item.scenario.scenario.name) is valid") }
        return .pass
    }

    static let plan = Command(
        name: "plan", operands: "PATH", summary: "Prints what a run would do, without a kernel.",
        details: """
            Everything that a seed decides stands in the plan: addresses, the seeds of every link, the commands of every
            actor, every fault with its time. The same scenario and seed give the same plan on every machine.

              halfopen plan scenarios/demo/mqtt-paho-blackhole.yaml --seed 7
            """,
        options: [Option(name: "--seed", value: "N", summary: "the seed of the run (default 1)"), Loading.with]
    ) { arguments in
        guard !arguments.operands.isEmpty else { throw UsageError("halfopen plan needs the path of a scenario") }
        let seed = try arguments.whole("--seed", in: 0...UInt64.max, default: 1)
        guard let loaded = try Loading.scenarios(arguments.operands, with: try Loading.choices(arguments)) else {
            return .invalidScenario
        }
        for item in loaded { Output.print(Plan(item.scenario.scenario, seed: seed).description) }
        return .pass
    }
}
