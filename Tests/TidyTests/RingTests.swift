import Testing

/// Three rings; imports run inward only. A new module takes its place here and in Package.swift.
@Suite struct RingTests {
    /// No system calls: what they say follows from what they are given.
    static let pure: Set = ["JSONLines", "Scenarios", "Recordings", "Judging", "Reporting"]
    static let effectful: Set = [
        "Kernel", "Netlink", "Nftables", "Labs", "Faults", "Actors", "Probes", "LabKernel", "ReferenceFeed",
        "History",
    ]
    static let top: Set = ["Running", "halfopen", "bench"]
    /// C, and module maps of libraries.
    static let edge: Set = ["CLinux", "CLibNL", "CNetlink", "CNftables", "COpenSSL", "CPage", "CSQLite", "CYAML"]

    /// What a module may import beside modules of ours.
    private static let system: Set = ["Glibc", "Synchronization"]

    @Test func `every module has its ring`() {
        let known = Self.pure.union(Self.effectful).union(Self.top).union(Self.edge)
        #expect(Set(SourceTree.folders(in: "Sources")) == known)
    }

    @Test func `imports run inward only`() {
        var breaches: [Breach] = []
        for file in SourceTree.swiftSources {
            guard let module = file.module else { continue }
            let allowed = Self.allowed(module)
            for (line, name) in imports(file) where !allowed.contains(name) {
                breaches.append(Breach(file: file, line: line, what: "\(module) must not import \(name)"))
            }
        }
        Breach.none(breaches)
    }

    private static func allowed(_ module: String) -> Set<String> {
        if pure.contains(module) { return pure.union(["CPage", "CYAML"]) }
        let inner = pure.union(effectful).union(edge).union(system)
        // Nothing imports a command line, and the flow knows nothing of them.
        return top.contains(module) && module != "Running" ? inner.union(["Running"]) : inner
    }

    @Test func `Package.swift names what is imported, and nothing else`() {
        let targets = PackageFile.targets
        #expect(targets.count > 25, "Package.swift was not understood")
        let ours = Set(targets.map(\.name))
        for target in targets where !Self.edge.contains(target.name) {
            let folder = (target.isTest ? "Tests/" : "Sources/") + target.name + "/"
            let files = SourceTree.swift.filter { $0.path.hasPrefix(folder) }
            let imported = Set(files.flatMap { imports($0).map(\.name) }).intersection(ours)
            let (missing, idle) = (imported.subtracting(target.dependencies), target.dependencies.subtracting(imported))
            #expect(missing.isEmpty, "\(target.name) imports, and does not name: \(missing.sorted())")
            if target.isTest { continue }
            #expect(idle.isEmpty, "\(target.name) names, and does not import: \(idle.sorted())")
        }
    }

    @Test func `test targets and their folders are the same, and none is empty`() {
        let targets = PackageFile.targets.filter(\.isTest).map(\.name).sorted()
        #expect(SourceTree.folders(in: "Tests") == targets)
        for target in targets {
            let files = SourceTree.swift.filter { $0.path.hasPrefix("Tests/\(target)/") }
            #expect(files.contains { $0.codeLines.contains { $0.contains("@Test") } }, "\(target) has no test")
        }
    }

    private func imports(_ file: SourceFile) -> [(line: Int, name: String)] {
        let pattern = /(?:@\w+(?:\(\w+\))? |package |public |internal |private )*import (?:[a-z]+ )?(\w+).*/
        return file.codeLines.enumerated().compactMap { number, line in
            guard let match = line.wholeMatch(of: pattern) else {
                return nil
            }
            return (number + 1, String(match.1))
        }
    }
}

/// Package.swift, as far as its text tells.
enum PackageFile {
    struct Target {
        var name: String
        var isTest: Bool
        var dependencies: Set<String>
    }

    static let targets: [Target] = {
        let text = SourceTree.files.first { $0.path == "Package.swift" }?.text ?? ""
        let pattern =
            /\.(target|systemLibrary|executableTarget|testTarget)\(\s*name: "(\w+)"(?:,\s*dependencies: \[([^\]]*)\])?/
        return text.matches(of: pattern).map { match in
            let names = (match.3 ?? "").matches(of: /"(\w+)"/).map { String($0.1) }
            return Target(name: String(match.2), isTest: match.1 == "testTarget", dependencies: Set(names))
        }
    }()
}
