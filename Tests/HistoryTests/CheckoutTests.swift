import Foundation
import Reporting
import Testing

@testable import History

/// Branch and commit, from CI services and from git's own files.
@Suite struct CheckoutTests {
    private let commit = String(repeating: "4f5e6a7b", count: 5)

    private func origin(_ variables: [String: String], in folder: String) -> Origin {
        Checkout.origin(of: folder) { variables[$0] }
    }

    @Test func `a CI service says what it has checked out`() throws {
        let folder = try Folder()
        let cases: [([String: String], Origin)] = [
            (
                ["GITHUB_SHA": "a", "GITHUB_REF_NAME": "main", "GITHUB_HEAD_REF": ""],
                Origin(branch: "main", commit: "a")
            ),
            (
                ["GITHUB_SHA": "a", "GITHUB_REF_NAME": "7/merge", "GITHUB_HEAD_REF": "fix"],
                Origin(branch: "fix", commit: "a")
            ),
            (["CI_COMMIT_SHA": "b", "CI_COMMIT_REF_NAME": "main"], Origin(branch: "main", commit: "b")),
            (["GIT_COMMIT": "c", "BRANCH_NAME": "main"], Origin(branch: "main", commit: "c")),
            ([:], Origin()),
        ]
        for (variables, expected) in cases { #expect(origin(variables, in: folder.path) == expected) }
    }

    @Test func `git's files say it, too`() throws {
        let folder = try Folder()
        try folder.write("a/.git/HEAD", "ref: refs/heads/topic/x\n")
        try folder.write("a/.git/refs/heads/topic/x", commit + "\n")
        try folder.write("a/below/file", "")
        #expect(origin([:], in: folder.path + "/a/below") == Origin(branch: "topic/x", commit: commit))
        // Put together in one file; before the first commit there is none.
        try folder.write("b/.git/HEAD", "ref: refs/heads/main\n")
        #expect(origin([:], in: folder.path + "/b") == Origin(branch: "main"))
        try folder.write("b/.git/packed-refs", "# pack-refs\n\(commit) refs/heads/main\n^\(commit)\n")
        #expect(origin([:], in: folder.path + "/b") == Origin(branch: "main", commit: commit))
        // A worktree; a checkout of a commit alone.
        try folder.write("w/.git", "gitdir: ../b/.git/worktrees/w\n")
        try folder.write("b/.git/worktrees/w/HEAD", "ref: refs/heads/main\n")
        try folder.write("b/.git/worktrees/w/commondir", "../..\n")
        #expect(origin([:], in: folder.path + "/w") == Origin(branch: "main", commit: commit))
        try folder.write("c/.git/HEAD", commit + "\n")
        #expect(origin([:], in: folder.path + "/c") == Origin(commit: commit))
        try folder.write("d/.git/HEAD", "nonsense\n")
        #expect(origin([:], in: folder.path + "/d") == Origin())
    }

    /// A real repository, by git itself; this very checkout may be none.
    @Test func `git agrees`() throws {
        let folder = try Folder()
        func git(_ words: String...) throws -> String {
            let process = Process()
            let pipe = Pipe()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", folder.path] + words
            process.standardOutput = pipe
            process.standardError = FileHandle.nullDevice
            try process.run()
            let output = pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        _ = try git("init", "--initial-branch", "trunk")
        _ = try git("commit", "--allow-empty", "-m", "first")
        let commit = try git("rev-parse", "HEAD")
        #expect(commit.count == 40)
        #expect(origin([:], in: folder.path) == Origin(branch: "trunk", commit: commit))
        _ = try git("pack-refs", "--all")
        #expect(origin([:], in: folder.path) == Origin(branch: "trunk", commit: commit))
        _ = try git("worktree", "add", folder.path + "/tree", "-b", "side")
        #expect(origin([:], in: folder.path + "/tree") == Origin(branch: "side", commit: commit))
    }
}
