import Kernel
import Reporting

/// Which source code is checked out where somebody plays runs: what a CI service says of it, else what git's own files
/// say. No program is started for it.
package enum Checkout {
    /// - Parameters:
    ///   - folder: in the checkout or below it.
    ///   - variable: the value of an environment variable.
    package static func origin(of folder: String, variable: (String) -> String?) -> Origin {
        func said(_ names: [String]) -> String? { names.compactMap(variable).first { !$0.isEmpty } }
        // CI services check out a commit without its branch. GitHub Actions, GitLab CI, Jenkins; of a merge request
        // the branch that is to be merged.
        var origin = Origin(
            branch: said([
                "GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_REF_NAME",
                "CHANGE_BRANCH", "BRANCH_NAME", "GIT_BRANCH",
            ]),
            commit: said(["GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT"]))
        if origin.branch != nil, origin.commit != nil { return origin }
        let own = git(folder)
        origin.branch = origin.branch ?? own.branch
        origin.commit = origin.commit ?? own.commit
        return origin
    }

    /// From the files of the checkout that the folder is in; nothing when it is in none.
    static func git(_ folder: String) -> Origin {
        guard let own = repository(folder), let head = line("\(own)/HEAD") else { return Origin() }
        guard head.hasPrefix("ref: ") else { return Origin(commit: isCommit(head) ? head : nil) }
        let reference = String(head.dropFirst(5))
        let branch = reference.hasPrefix("refs/heads/") ? String(reference.dropFirst(11)) : nil
        // Branches of a worktree stand in the repository that it belongs to.
        let common = line("\(own)/commondir").map { absolute($0, in: own) } ?? own
        let commit = line("\(common)/\(reference)") ?? packed(reference, in: common)
        return Origin(branch: branch, commit: commit.flatMap { isCommit($0) ? $0 : nil })
    }

    /// The folder that holds HEAD: `.git`, or where a file of that name leads.
    private static func repository(_ folder: String) -> String? {
        guard var folder = try? Files.resolve(folder.isEmpty ? "." : folder) else { return nil }
        while true {
            let place = folder == "/" ? "/.git" : "\(folder)/.git"
            if Files.isFolder(place) { return place }
            if let text = line(place), text.hasPrefix("gitdir: ") {
                return absolute(String(text.dropFirst(8)), in: folder)
            }
            guard folder != "/" else { return nil }
            folder = Files.parent(of: folder)
        }
    }

    /// Branches that git has put together in one file: `COMMIT refs/heads/main`.
    private static func packed(_ reference: String, in folder: String) -> String? {
        let lines = (Files.text("\(folder)/packed-refs") ?? "").split(separator: "\n")
        return lines.first { $0.hasSuffix(" \(reference)") }.map { String($0.prefix { $0 != " " }) }
    }

    private static func absolute(_ path: String, in folder: String) -> String {
        path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }

    private static func line(_ path: String) -> String? {
        guard let text = try? Files.read(path, limit: 1 << 16) else { return nil }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").first.map(String.init)
    }

    /// SHA-1 or SHA-256.
    private static func isCommit(_ text: String) -> Bool {
        [40, 64].contains(text.utf8.count) && text.allSatisfy(\.isHexDigit)
    }
}
