import Faults
import Foundation
import Judging
import Running
import Scenarios
import Testing

/// The scenarios that ship, and what stands beside them.
@Suite struct ShippedScenarioTests {
    private let loader = ScenarioLoader(
        catalog: Catalog(
            faults: FaultCatalog.definitions, expectations: Expectations.definitions, profiles: LinkProfile.shipped)
    ) { path in Array(try Data(contentsOf: Repository.root.appending(path: path))) }

    private static let paths =
        (try? ["scenarios/demo", "scenarios/first"].flatMap { try Repository.files($0, ending: ".yaml") }) ?? []

    private func load(_ path: String) throws -> Scenario {
        do {
            return try #require(try loader.load(path: path).first).scenario
        } catch let problems as Problems {
            Issue.record("\(problems.all.map(\.description).joined(separator: "\n"))")
            throw problems
        }
    }

    @Test(arguments: paths) func isValidAndNamedAsItsFile(path: String) throws {
        let scenario = try load(path)
        #expect(path.hasSuffix("/demo/\(scenario.name).yaml") || path == "scenarios/first/scenario.yaml")
        #expect(!scenario.summary.isEmpty)
    }

    @Test func theDemoIsEveryClientAgainstEveryTheme() throws {
        let demo = try Self.paths.filter { $0.contains("/demo/") }.map(load)
        let cells = demo.map { scenario in
            scenario.tags.filter { $0.hasPrefix("client:") || $0.hasPrefix("theme:") }.sorted()
        }
        let clients = ["client:paho-mqtt", "client:redis-py", "client:reference"]
        let themes = ["theme:blackhole", "theme:frozen-server", "theme:hang-up", "theme:nat-expiry"]
        let all = clients.flatMap { client in themes.map { [client, $0] } }
        #expect(cells.sorted { $0.joined() < $1.joined() } == all)
        #expect(demo.allSatisfy { $0.end == .seconds(1800) })
    }

    /// Every program that an actor starts, and every file that it is given, is there.
    @Test(arguments: paths) func filesStandBesideIt(path: String) throws {
        let folder = Repository.root.appending(path: path).deletingLastPathComponent()
        for actor in try load(path).actors {
            for argument in actor.run where argument.hasSuffix(".py") || argument.hasSuffix(".conf") {
                let file = folder.appending(path: argument).path(percentEncoded: false)
                #expect(FileManager.default.fileExists(atPath: file), "\(actor.name): \(argument)")
            }
        }
    }

    /// A lab sees its scenario's folder and no other, so a link to the helper would lead nowhere.
    @Test(arguments: ["scenarios/demo/drivers", "scenarios/first"]) func theHelperBesideADriverIsTheHelper(
        folder: String
    ) throws {
        let copy = try Repository.text(folder + "/halfopen_driver.py")
        #expect(try copy == Repository.text("drivers/python/halfopen_driver.py"))
    }

    @Test func initWritesTheFirstScenario() throws {
        let folder = try TemporaryFolder()
        try FirstScenario.write(to: folder.path("new/mine"))
        let names = ["halfopen_driver.py", "scenario.yaml", "subscriber.py"]
        #expect(FirstScenario.files.map(\.name).sorted() == names)
        for name in names {
            let written = try String(contentsOf: folder.url.appending(path: "new/mine/\(name)"), encoding: .utf8)
            #expect(try written == Repository.text("scenarios/first/\(name)"), "\(name)")
        }
    }

    @Test(arguments: ["scenarios/demo/drivers", "scenarios/first", "scenarios/known-bugs/drivers"])
    func everyDriverCompiles(folder: String) throws {
        for file in try Repository.files(folder, ending: ".py") {
            let path = Repository.root.appending(path: file).path(percentEncoded: false)
            let output = try run(["python3", "-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", path])
            #expect(output.status == 0, "\(file)")
        }
    }
}
