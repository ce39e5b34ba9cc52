import Kernel
import LabKernel
import Scenarios

/// The part of the host's files that a scenario came with. The lab shows it at one path, so that neither where it
/// stands nor who runs it makes a difference to a run.
package struct Project: Equatable {
    /// On the host.
    package var host: String
    /// The scenario's folder as the lab sees it: where actors start.
    package var scenarioFolder: String

    /// The checkout that the scenario is in (the nearest folder with a `.git`), since programs find what they need
    /// above them too; otherwise the scenario's folder, or what its commands name above that by `../`.
    /// - Parameter folder: the scenario's, absolute.
    package init(of scenario: Scenario, in folder: String, exists: (String) -> Bool = Files.exists) {
        let ancestors = Project.ancestors(of: folder)
        let climb = min(scenario.actors.map(Project.climb).max() ?? 0, ancestors.count - 1)
        host = ancestors.first { exists($0 == "/" ? "/.git" : "\($0)/.git") } ?? ancestors[climb]
        // Two checkouts can lie in each other.
        if host.count > ancestors[climb].count { host = ancestors[climb] }
        scenarioFolder = GuestInit.projectFolder + folder.dropFirst(host == "/" ? 0 : host.count)
    }

    /// The folder itself, its parent, and so on to "/".
    private static func ancestors(of folder: String) -> [String] {
        var all = [folder]
        while let last = all.last, last != "/", !last.isEmpty { all.append(Files.parent(of: last)) }
        return all
    }

    /// How far above the scenario's folder an actor's command, environment or working folder can reach.
    private static func climb(_ actor: ActorPlan) -> Int {
        let texts = actor.run + actor.environment.map(\.value) + [actor.folder ?? ""]
        return texts.map { text in
            text.split(separator: "/").count { $0.hasSuffix("..") }
        }.max() ?? 0
    }
}
