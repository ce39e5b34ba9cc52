import JSONLines
import Testing

@testable import ReferenceFeed

/// Every mutant errs, and errs in its own point only.
@Suite struct MutantTests {
    @Test(arguments: ClientProbe.all) func aProbeFailsTheMutantsThatItIsMeantFor(probe: ClientProbe) {
        #expect(probe.holds(nil), "the good client")
        for mutant in ClientMutant.allCases {
            #expect(probe.holds(mutant) == !probe.failed.contains(mutant), "\(mutant.rawValue)")
        }
    }

    @Test func everyMutantOfTheClientFailsAProbe() {
        let failed = ClientProbe.all.reduce(into: Set<ClientMutant>()) { $0.formUnion($1.failed) }
        #expect(Set(ClientMutant.allCases).subtracting(failed).map(\.rawValue).sorted() == [])
    }

    @Test(arguments: ServerProbe.all) func aProbeFailsTheServersThatItIsMeantFor(probe: ServerProbe) {
        #expect(probe.holds(nil), "the good server")
        for mutant in ServerMutant.allCases {
            #expect(probe.holds(mutant) == !probe.failed.contains(mutant), "\(mutant.rawValue)")
        }
    }

    @Test func everyMutantOfTheServerFailsAProbe() {
        let failed = ServerProbe.all.reduce(into: Set<ServerMutant>()) { $0.formUnion($1.failed) }
        #expect(Set(ServerMutant.allCases).subtracting(failed).map(\.rawValue).sorted() == [])
    }

    // MARK: the table

    @Test func theTableHasARowForEachInTheirOrder() {
        #expect(Mutants.client.map(\.name) == ClientMutant.allCases.map(\.rawValue))
        #expect(Mutants.server.map(\.name) == ServerMutant.allCases.map(\.rawValue))
        #expect(Mutants.client.count >= 40 && Mutants.server.count >= 10)
        #expect(Mutants.all.allSatisfy { !$0.caughtBy.isEmpty && !$0.scenarios.isEmpty })
        #expect(Set(Mutants.all.map(\.name)).count == Mutants.all.count)
    }

    @Test func theTableIsPrinted() throws {
        let json = try JSON(parsing: Array(Feed.mutants(["--format", "json"]).utf8))
        guard case .array(let rows)? = json["mutants"] else { return #expect(Bool(false), "no list") }
        #expect(rows.compactMap { $0["name"]?.string } == Mutants.all.map(\.name))
        #expect(try Feed.mutants([]).contains("\nno-jitter (client): waits the whole ceiling each time"))
        #expect(throws: UsageError.self) { try Feed.mutants(["--format", "xml"]) }
    }

    @Test func mutantsAreChosenByName() throws {
        let client = ["--to", "h", "--mutant"]
        #expect(try ClientOptions(parsing: client + ["no-jitter"]).settings.mutant == .noJitter)
        #expect(try ClientOptions(parsing: client + ["good"]).settings.mutant == nil)
        let server = try ServerOptions(parsing: ["--mutant", "server-no-hint"])
        #expect(server.settings.mutant == .serverNoHint)
        #expect(try ServerOptions(parsing: ["--mutant", "good"]).settings.mutant == nil)
    }

    @Test(arguments: [
        ("no-jiter", "; did you mean no-jitter?"), ("xyzzy", ""),
        ("server-no-hint", "; it is one of the other side's"),
    ]) func namesThatNobodyKnowsAreErrors(name: String, hint: String) {
        let message = "--mutant \(name): no such mutant\(hint) (halfopen feed mutants lists them)"
        #expect(throws: UsageError(message: message)) {
            try ClientOptions(parsing: ["--to", "h", "--mutant", name])
        }
    }
}
