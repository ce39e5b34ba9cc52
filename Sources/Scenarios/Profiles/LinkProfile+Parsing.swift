extension LinkProfile {
    /// Reads a profile from the YAML of a file such as `scenarios/profiles/wifi.yaml`; its name is the file's.
    package init(name: String, parsing bytes: [UInt8], file: String) throws(Problems) {
        let (root, problems) = YAMLReader.read(bytes, file: file)
        let catalog = Catalog(faults: [], expectations: [], profiles: [])
        let files = SourceFiles { _ in [] }
        var checker = Checker(catalog: catalog, shapes: Shapes(catalog: catalog), files: files, combination: nil)
        checker.problems = problems
        var profile: LinkProfile?
        if let root, let fields = checker.fields(root, Shapes.profile) {
            let summary = checker.value(fields, "summary")?.text ?? ""
            let (there, back) = checker.impairments(fields)
            profile = LinkProfile(name: name, summary: summary, impairment: there, back: back)
        }
        guard checker.problems.isEmpty, let profile else { throw Problems(checker.problems) }
        self = profile
    }

    /// The profiles that come with Halfopen, by name. They are in the binary, which needs no file beside it.
    package static let shipped: [LinkProfile] = shippedFiles.map { file in
        do throws(Problems) {
            return try LinkProfile(name: file.name, parsing: Array(file.text.utf8), file: "\(file.name).yaml")
        } catch {
            // Tests read every one.
            preconditionFailure("a shipped profile is wrong: \(error.all.map(\.description))")
        }
    }
}
