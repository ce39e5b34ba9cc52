import Faults
import Running
import Scenarios
import Testing

/// What the definitions promise to the checker and to people. Needs no kernel.
@Suite struct FaultCatalogTests {
    private func load(timeline: String) throws -> [FaultPlan] {
        let text = ExampleScenario.text(timeline: [timeline])
        let loader = ScenarioLoader(catalog: .standard) {
            Array(($0 == ExampleScenario.trace.path ? ExampleScenario.trace.text : text).utf8)
        }
        let loaded = try loader.load(path: "example.yaml")
        return try #require(loaded.first).scenario.faults
    }

    @Test(arguments: FaultCatalog.definitions.map(\.name))
    func `an example is a line of a timeline, and makes that fault`(name: String) throws {
        let definition = try #require(FaultCatalog.definitions.first { $0.name == name })
        let plans = try load(timeline: definition.example)
        #expect(plans.map(\.kind) == [name])
        let fault = FaultCatalog.make(try #require(plans.first))
        #expect(type(of: fault).definition.name == name)
    }

    @Test(arguments: FaultCatalog.definitions.map(\.name))
    func `a definition says everything, in sentences`(name: String) throws {
        let definition = try #require(FaultCatalog.definitions.first { $0.name == name })
        let parameters = definition.parameters
        let texts =
            [definition.summary, definition.wire, definition.heals, definition.hit, definition.mechanism]
            + parameters.map(\.summary)
        for text in texts {
            #expect(text.hasSuffix(".") || text.hasSuffix(".)"), "\(text)")
            #expect(text.count > 20, "\(text)")
            #expect(!text.contains("  "), "\(text)")
        }
        #expect(!definition.summary.contains("\n"))
        // Whoever copies the example has every parameter to play with.
        for parameter in parameters { #expect(definition.example.contains("\(parameter.name):")) }
    }

    @Test(arguments: [
        (
            "fault: link-down, between: [phone, home], direction: phone -> home",
            #"unknown key "direction" in link-down"#
        ),
        (
            "fault: firewall-cutoff, between: [phone, home]",
            #"firewall-cutoff has no "bytes" and no "time""#
        ),
    ])
    func `what a fault cannot do is a problem`(keys: String, problem: String) {
        do {
            _ = try load(timeline: "- { at: 1m, until: 2m, \(keys) }")
            Issue.record("it loads")
        } catch let problems as Problems {
            #expect(problems.all.count == 1)
            #expect(problems.all[0].description.contains(problem))
        } catch {
            Issue.record(error)
        }
    }

    @Test func `every fault has a name of its own`() {
        let names = FaultCatalog.definitions.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.allSatisfy { $0 == "-" || $0.isLowercase || $0.isNumber } })
    }
}
