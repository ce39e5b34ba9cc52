import Testing

@testable import Scenarios

/// Scenarios of several files, scenarios of several values, and scenarios of a recording.
@Suite struct PartsTests {
    static let main = """
        format: 1
        name: shared
        lab: { from: common/lab.yaml, links: [{ between: [phone, cloud] }] }
        actors:
          from: [common/servers.yaml]
          app: { role: client, on: phone, run: [app, "{broker}"] }
        timeline: [{ end: 1m }]
        expect: [{ backoff: app }]
        """
    static let lab = "hosts: { phone: {}, cloud: {} }\nmemory: 1 GiB\n"
    static let servers = "broker: { role: server, on: cloud, run: [mosquitto] }\n"

    private func problems(main: String = main, lab: String = lab, servers: String = servers) -> [String] {
        Fixture.problems(main, ["s/common/lab.yaml": lab, "s/common/servers.yaml": servers])
    }

    @Test func partsAreReadAndKept() throws {
        let all = try Fixture.load(
            Self.main, ["s/common/lab.yaml": Self.lab, "s/common/servers.yaml": Self.servers])
        #expect(all.count == 1)
        #expect(all[0].scenario.lab.hosts.map(\.name) == ["phone", "cloud"])
        #expect(all[0].scenario.lab.memory == 1 << 30)
        #expect(all[0].scenario.actors.map(\.name) == ["broker", "app"])
        #expect(all[0].sources.map(\.path) == ["nat.yaml", "common/lab.yaml", "common/servers.yaml"])
        #expect(all[0].sources.map(\.text) == [Self.main, Self.lab, Self.servers])
    }

    @Test func aRecordingsFilesGiveTheSameScenario() throws {
        let files = ["s/common/lab.yaml": Self.lab, "s/common/servers.yaml": Self.servers]
        let loaded = try Fixture.load(Self.main, files)[0]
        let loader = Fixture.loader([:])
        let again = try loader.load(sources: loaded.sources, name: "shared")
        #expect(again.scenario == loaded.scenario)
        #expect(again.sources == loaded.sources)
        let message = { (sources: [SourceFile], name: String) -> [String] in
            do throws(Problems) {
                _ = try loader.load(sources: sources, name: name)
                return []
            } catch {
                return error.all.map(\.description)
            }
        }
        #expect(message(loaded.sources, "other") == [#"nat.yaml: holds no scenario called "other""#])
        #expect(message([], "shared") == ["recording: holds no scenario file"])
        #expect(
            message([loaded.sources[0]], "shared") == [
                #"nat.yaml:3:14: from "common/lab.yaml": cannot be read: the recording does not hold it"#,
                #"nat.yaml:5:10: from "common/servers.yaml": cannot be read: the recording does not hold it"#,
            ])
    }

    @Test func aRecordingIsJudgedByOtherExpectations() throws {
        let source = SourceFile(path: "nat.yaml", text: Fixture.valid)
        func load(_ text: String) throws(Problems) -> [String] {
            let other = SourceFile(path: "other.yaml", text: text)
            let name = "nat-forgets-idle-subscriber"
            let loaded = try Fixture.loader([:]).load(sources: [source], name: name, expecting: other)
            return loaded.scenario.expectations.map { "\($0.position) \($0.text)" }
        }
        #expect(
            try load("name: whatever\nexpect: [{ backoff: subscriber, factor: 3 }]") == [
                "other.yaml:2:10 backoff: subscriber, factor: 3"
            ])
        func problems(_ text: String) -> [String] {
            do throws(Problems) { return try load(text) } catch { return error.all.map(\.description) }
        }
        #expect(problems("name: x") == [#"other.yaml:1:1: the file has no "expect": what the clients owe their users"#])
        #expect(
            problems("expect: [{ backoff: broker }]") == [
                #"other.yaml:1:21: backoff is owed by a client; "broker" is a server"#
            ])
        #expect(problems("") == ["other.yaml: the file is empty"])
    }

    @Test func aMissingFileMakesOneProblem() {
        #expect(
            Fixture.problems(Self.main, ["s/common/servers.yaml": Self.servers]) == [
                #"s/nat.yaml:3:14: from "common/lab.yaml": cannot be read: no such file"#
            ])
        #expect(
            Fixture.problems(Self.main, ["s/common/lab.yaml": Self.lab]) == [
                #"s/nat.yaml:5:10: from "common/servers.yaml": cannot be read: no such file"#
            ])
        let loader = Fixture.loader([:])
        do throws(Problems) {
            _ = try loader.load(path: "s/nat.yaml")
            Issue.record("it was read")
        } catch {
            #expect(error.all.map(\.description) == ["s/nat.yaml: cannot be read: no such file"])
        }
    }

    @Test func problemsNameTheFileOfThePart() {
        #expect(
            problems(lab: Self.lab + "from: x") == [
                #"s/common/lab.yaml:3:1: unknown key "from" in lab; known: hosts, links, start, name-server, memory"#
            ])
        #expect(problems(lab: "") == [#"s/nat.yaml:3:14: from "common/lab.yaml": the file is empty"#])
        #expect(
            problems(lab: "hosts: {\n") == [
                "s/common/lab.yaml:2:1: not YAML: did not find expected node content, while parsing a flow node"
            ])
        #expect(
            problems(servers: "broker: { role: server, on: clod, run: [mosquitto] }") == [
                #"s/common/servers.yaml:1:29: unknown host "clod"; did you mean "cloud"?"#
            ])
        #expect(
            problems(servers: "app: { role: server, on: cloud, run: [mosquitto] }") == [
                #"s/nat.yaml:6:3: the actor "app" stands at common/servers.yaml:1 already"#
            ])
        #expect(
            problems(main: Self.main.replacing("{ from: c", with: "{ hosts: { phone: {} }, from: c")) == [
                #"s/nat.yaml:3:17: the host "phone" stands at common/lab.yaml:1 already"#
            ])
        #expect(
            problems(main: Self.main.replacing("from: common/lab.yaml", with: "from: /common/lab.yaml")) == [
                #"s/nat.yaml:3:14: from "/common/lab.yaml" must be relative to the scenario's folder"#
            ])
    }

    @Test func anActorOfAPartIsChangedBySingleKeys() throws {
        let servers = Self.servers + "app: { role: client, on: phone, run: [app, \"{broker}\"], count: 2 }\n"
        func main(_ app: String) -> String {
            Self.main.replacing("app: { role: client, on: phone, run: [app, \"{broker}\"] }", with: "app: \(app)")
        }
        let all = try Fixture.load(
            main("{ count: 60, stop-within: 2s }"),
            ["s/common/lab.yaml": Self.lab, "s/common/servers.yaml": servers])
        let app = try #require(all.first?.scenario.actors.first { $0.name == "app" })
        #expect(app.count == 60)
        #expect(app.stopWithin == .seconds(2))
        #expect(app.role == .client && app.host == "phone" && app.run == ["app", "{broker}"])
        #expect(
            problems(main: main("{ cuont: 60 }"), servers: servers) == [
                #"s/nat.yaml:6:10: unknown key "cuont" in actor app; did you mean "count"?"#
            ])
        #expect(
            problems(main: main("{}"), servers: servers) == [
                #"s/nat.yaml:6:3: the actor "app" stands at common/servers.yaml:2 already"#
            ])
        // Nothing to change: then it is an actor, and not a whole one.
        #expect(!problems(main: main("{ count: 60 }")).isEmpty)
    }

    @Test func problemsComeInTheOrderOfTheFiles() {
        let found = problems(
            main: Self.main.replacing("end: 1m", with: "end: 1"), lab: Self.lab + "x: 1",
            servers: Self.servers.replacing("server", with: "sever"))
        #expect(
            found.map { $0.prefix { $0 != " " } } == [
                "s/nat.yaml:7:19:", "s/common/lab.yaml:3:1:", "s/common/servers.yaml:1:17:",
            ])
    }

    @Test func thereIsAnEndToProblems() {
        let links = (1...500).map { "- { between: [phone, x\($0)] }\n" }.joined()
        let found = problems(lab: Self.lab + "links:\n" + links)
        #expect(found.count == 101)
        #expect(found.last == "s/nat.yaml: and 400 problems more")
    }

    // MARK: matrix

    static let matrix = """
        format: 1
        name: many
        matrix: { profile: [wifi, lte], timeout: [30s, 1.5s] }
        lab: { hosts: { phone: {}, cloud: {} }, links: [{ between: [phone, cloud], profile: "${profile}" }] }
        actors: { app: { role: client, on: phone, run: [app, "$${profile}", "${profile}-${timeout}"] } }
        timeline: [{ end: 1m }]
        expect: [{ recovery: app, after: blackhole, within: "${timeout}" }]
        """
        .replacing("timeline: [", with: "timeline: [{ at: 1s, until: 2s, fault: blackhole, link: phone-cloud }, ")

    @Test func aMatrixMakesAScenarioForEachCombination() throws {
        let text = Self.matrix.replacing("$${profile}", with: "$${{profile}}")
        let all = try Fixture.load(text)
        #expect(all.map(\.scenario.name) == ["many-wifi-30s", "many-wifi-1-5s", "many-lte-30s", "many-lte-1-5s"])
        #expect(
            all.map { $0.scenario.lab.links[0].impairment.delay } == [
                .milliseconds(3), .milliseconds(3), .milliseconds(25), .milliseconds(25),
            ])
        #expect(all.map { $0.scenario.expectations[0].text }.last == "recovery: app, after: blackhole, within: 1.5s")
        #expect(all[1].scenario.actors[0].run == ["app", "${{profile}}", "wifi-1.5s"])
        let one = try Fixture.loader([:]).load(sources: all[0].sources, name: "many-lte-30s")
        #expect(one.scenario == all[2].scenario)
    }

    /// A value of the command line takes the place of the file's, tells its scenario from others, and is kept.
    @Test func aValueIsChosenFromOutside() throws {
        var choices = MatrixChoices()
        choices.add("timeout", "a \"quoted\" 9s")
        choices.add("profile", "lte")
        let text = Self.matrix.replacing("$${profile}", with: "x").replacing("[30s, 1.5s]", with: "[30s]").replacing(
            "within: \"${timeout}\"", with: "within: 1s")
        #expect(try Fixture.load(text).map(\.scenario.name) == ["many-wifi", "many-lte"])
        let loader = Fixture.loader(["s/nat.yaml": text])
        let one = try #require(loader.load(path: "s/nat.yaml", with: choices).first)
        #expect(one.scenario.name == "many-lte-a--quoted--9s")
        #expect(one.scenario.actors[0].run.last == "lte-a \"quoted\" 9s")
        #expect(one.choices.words == ["--with", "timeout=a \"quoted\" 9s", "--with", "profile=lte"])
        let again = try Fixture.loader([:]).load(sources: one.sources, name: one.scenario.name)
        #expect(again.scenario == one.scenario)
        #expect(again.choices == choices)
    }

    @Test func aValueOfTheFileItselfGivesTheSameName() throws {
        var choices = MatrixChoices()
        choices.add("timeout", "30s")
        let text = Self.matrix.replacing("$${profile}", with: "x").replacing("[30s, 1.5s]", with: "[30s]")
        let all = try Fixture.loader(["s/nat.yaml": text]).load(path: "s/nat.yaml", with: choices)
        #expect(all.map(\.scenario.name) == ["many-wifi", "many-lte"])
    }

    @Test(arguments: [
        (true, #"s/nat.yaml:3:9: the matrix has no "timeot" to choose a value for; did you mean "timeout"?"#),
        (false, #"s/nat.yaml:1:1: it has no matrix, so no value of "timeot" can be chosen"#),
    ])
    func aNameThatIsNotThereIsAProblem(_ hasMatrix: Bool, _ message: String) {
        var choices = MatrixChoices()
        choices.add("timeot", "30s")
        let text = hasMatrix ? Self.matrix : "format: 1\nname: one\n"
        #expect {
            _ = try Fixture.loader(["s/nat.yaml": text]).load(path: "s/nat.yaml", with: choices)
        } throws: { error in
            (error as? Problems)?.all.first?.description == message
        }
    }

    @Test(arguments: [
        ("${profile}\" }]", "${profil}\" }]", #"4:85: the matrix has no "profil"; did you mean "profile"?"#),
        ("[wifi, lte]", "wifi", "3:20: profile must be a list of values such as [30s, 60s]"),
        ("[wifi, lte]", "[]", "3:20: profile must be a list of values such as [30s, 60s]"),
        (
            "[wifi, lte]", "[wifi, wifi]",
            "3:9: the matrix gives two scenarios of the same name; is a value in it twice?"
        ),
        (
            "[30s, 1.5s]", "[\(String(repeating: "x", count: 60)), 30s]",
            "3:9: a scenario's name would end in \"-wifi-\(String(repeating: "x", count: 54))...\"; "
                + "use values of 64 characters in all"
        ),
        ("[wifi, lte]", "[wifi, lt]", #"4:85: unknown profile "lt"; did you mean "lte"?"#),
        (
            "[30s, 1.5s]", "[\((1...129).map { "\($0)s" }.joined(separator: ", "))]",
            "3:9: the matrix has more than 256 combinations; make it several scenarios"
        ),
        (
            "{ profile: [wifi, lte], timeout: [30s, 1.5s] }", "[]",
            "3:9: matrix must be a mapping such as { profile: [wifi, lte] }, not an empty list"
        ),
    ])
    func aWrongMatrix(old: String, new: String, message: String) {
        let text = Self.matrix.replacing("$${profile}", with: "x").replacing(old, with: new)
        #expect(Fixture.problems(text) == ["s/nat.yaml:\(message)"])
    }
}
