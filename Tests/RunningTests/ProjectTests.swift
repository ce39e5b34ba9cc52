import Testing

@testable import Running
@testable import Scenarios

@Suite struct ProjectTests {
    private func project(
        _ folder: String, run: [String] = ["client"], environment: String = "", work: String? = nil,
        checkouts: [String] = []
    ) -> Project {
        let actor = ActorPlan(
            name: "client", role: .client, host: "phone", run: run,
            environment: [ActorPlan.Variable(name: "X", value: environment)], folder: work, ready: .started, count: 1,
            stopWithin: .zero, logLimit: 1)
        let scenario = Scenario(
            name: "x", summary: "", tags: [], lab: LabPlan(hosts: [], links: [], start: 0, memory: 1), actors: [actor],
            faults: [], end: .seconds(1), settle: .zero, healthyWithin: .seconds(1), expectations: [])
        return Project(of: scenario, in: folder) { path in checkouts.contains { "\($0)/.git" == path } }
    }

    private func expect(_ project: Project, _ host: String, _ scenarioFolder: String) {
        #expect(project.host == host)
        #expect(project.scenarioFolder == scenarioFolder)
    }

    @Test func isTheScenariosFolder() {
        expect(project("/srv/u/chaos"), "/srv/u/chaos", "/run/project")
        expect(project("/"), "/", "/run/project/")
    }

    @Test func isTheCheckoutThatHoldsIt() {
        expect(
            project("/srv/u/app/tests/chaos", checkouts: ["/srv/u/app"]), "/srv/u/app", "/run/project/tests/chaos")
        expect(project("/srv/u/app", checkouts: ["/srv/u/app"]), "/srv/u/app", "/run/project")
        // The nearest.
        expect(project("/a/b/c", checkouts: ["/a", "/a/b"]), "/a/b", "/run/project/c")
        expect(project("/srv/chaos", checkouts: [""]), "/", "/run/project/srv/chaos")
    }

    @Test func reachesAsFarUpAsTheCommandsDo() {
        expect(project("/a/b/c", run: ["python3", "../x.py"]), "/a/b", "/run/project/c")
        expect(project("/a/b/c", run: ["x", "--lib={folder}/../../lib"]), "/a", "/run/project/b/c")
        expect(project("/a/b/c", environment: "../lib"), "/a/b", "/run/project/c")
        expect(project("/a/b/c", work: ".."), "/a/b", "/run/project/c")
        expect(project("/a/b/c", run: ["../x"], checkouts: ["/a/b/c"]), "/a/b", "/run/project/c")
        expect(project("/a/b/c", run: ["../x"], checkouts: ["/a"]), "/a", "/run/project/b/c")
        expect(project("/a", run: ["../../../x"]), "/", "/run/project/a")
    }
}
