/// Checks one scenario and makes its plan; collects every problem on the way.
///
/// What depends on something wrong is left unchecked rather than reported again: one mistake makes one problem.
struct Checker {
    let catalog: Catalog
    let shapes: Shapes
    let files: SourceFiles
    /// This combination of the matrix; nil when the scenario has none.
    let combination: Matrix.Combination?
    var problems: [Problem] = []

    /// Declared names, whether or not what stands beside them is right; nil when there may be more of them, because a
    /// section could not be read or a name is wrong and the right one is used elsewhere.
    var hosts: [String: Position]?
    var actors: [String: Position]?
    /// The lab, once it is sound.
    var lab: LabPlan?
    /// Actors that are sound, in the order of the file.
    var actorPlans: [ActorPlan] = []
    /// Kinds of the timeline's faults, and whether that is all of them.
    var faultKinds: [String] = []
    var knowsAllFaults = true

    init(catalog: Catalog, shapes: Shapes, files: SourceFiles, combination: Matrix.Combination?) {
        self.catalog = catalog
        self.shapes = shapes
        self.files = files
        self.combination = combination
    }

    /// The scenario, or nil and at least one problem.
    mutating func scenario(_ root: Node) -> Scenario? {
        guard let top = fields(root, shapes.scenario) else { return nil }
        if let node = top["format"] { checkFormat(node) }
        let name = top["name"].flatMap { self.name($0, longest: 64) }
        let summary = value(top, "summary")?.text
        let tags = top["tags"].map { texts($0, "tags") } ?? []
        var lab = top["lab"].flatMap { checkLab($0) }
        self.lab = lab
        if let node = top["actors"] { checkActors(node) }
        let timeline = top["timeline"].flatMap { checkTimeline($0) }
        if top["timeline"]?.items == nil { knowsAllFaults = false }
        let expectations = top["expect"].map { checkExpectations($0) } ?? []
        let healthyWithin = value(top, "healthy-within")?.duration ?? .seconds(60)
        let settle = value(top, "settle")?.duration ?? .zero
        lab?.giveWhatFaultsNeed(timeline?.faults ?? [], catalog)
        guard problems.isEmpty, let name, let lab, let timeline else { return nil }
        return Scenario(
            name: name + (combination?.suffix ?? ""), summary: summary ?? "", tags: tags, lab: lab,
            actors: actorPlans, faults: timeline.faults, tells: timeline.tells, end: timeline.end, settle: settle,
            healthyWithin: healthyWithin, expectations: expectations)
    }

    mutating func add(_ node: Node, _ message: String) { problems.append(node.position.problem(message)) }
    mutating func add(_ position: Position, _ message: String) { problems.append(position.problem(message)) }

    private mutating func checkFormat(_ node: Node) {
        if node.text == "1" { return }
        let given = node.text.map(quoted) ?? node.kindInWords
        add(node, "format is \(given); this halfopen reads format 1")
    }
}

extension LabPlan {
    /// A fault of a name needs a name server, which is there when the scenario does not ask for it.
    fileprivate mutating func giveWhatFaultsNeed(_ faults: [FaultPlan], _ catalog: Catalog) {
        for fault in faults {
            if case .name = fault.target { nameServer = nameServer ?? NameServerPlan() }
            let needs = catalog.faults.first { $0.name == fault.kind }?.needs ?? []
            if needs.contains(.deadIPv6) { nameServer?.hasDeadIPv6 = true }
        }
    }
}

/// A mapping whose keys were checked against its shape.
struct Fields {
    let shape: Shape
    let node: Node

    subscript(key: String) -> Node? {
        precondition(shape.form(of: key) != nil, "\(shape.name) has no key \(key) in its table")
        return node[key]
    }
}

extension Checker {
    /// Nil when `node` is no mapping. Unknown and missing keys are problems and no obstacle. `called` names
    /// the mapping in messages.
    mutating func fields(_ node: Node, _ shape: Shape, called: String? = nil) -> Fields? {
        var shape = shape
        if let called { shape.name = called }
        if node.isEmpty && shape.mayBeEmpty {
            return Fields(shape: shape, node: Node(position: node.position, content: .mapping([])))
        }
        guard let entries = node.entries else {
            let keys = shape.keys.prefix(3).map { "\($0.name): ..." }.joined(separator: ", ")
            add(node, "\(shape.name) must be a mapping such as { \(keys) }, not \(node.kindInWords)")
            return nil
        }
        let known = shape.keys.map(\.name)
        // A misspelt key is there: it is not reported as missing too.
        var meant: Set<String> = []
        for entry in entries where !known.contains(entry.key) {
            if let nearest = nearest(to: entry.key, among: known) { meant.insert(nearest) }
            let hint = suggestion(for: entry.key, among: known)
            add(entry.position, "unknown key \(quoted(entry.key)) in \(shape.name)\(hint)")
        }
        for key in shape.keys where key.isRequired && node[key.name] == nil && !meant.contains(key.name) {
            add(node, "\(shape.name) has no \(quoted(key.name)): \(key.summary)")
        }
        checkRule(node, shape, meant)
        return Fields(shape: shape, node: node)
    }

    private mutating func checkRule(_ node: Node, _ shape: Shape, _ meant: Set<String>) {
        let given = shape.keys.filter { node[$0.name] != nil || meant.contains($0.name) }
        let names = shape.keys.map(\.name)
        switch shape.rule {
        case .any: break
        case .exactlyOne where given.count != 1:
            add(node, "\(shape.name) takes exactly one of \(names.joined(separator: ", "))")
        case .oneOf(let lists):
            for needed in lists where !given.contains(where: { needed.contains($0.name) }) {
                let summary = shape.keys.first { $0.name == needed[0] }?.summary ?? ""
                let missing = needed.map { quoted($0) }.joined(separator: " and no ")
                add(node, "\(shape.name) has no \(missing): \(summary)")
            }
        case .exactlyOne: break
        }
    }

    /// The checked value of a key whose form is a parameter; nil when it is not given or wrong.
    mutating func value(_ fields: Fields, _ key: String) -> Value? {
        guard let node = fields[key] else { return nil }
        guard case .parameter(let kind) = fields.shape.form(of: key) else {
            preconditionFailure("\(key) of \(fields.shape.name) is no parameter")
        }
        return value(node, key, kind)
    }

    /// A name of ours: it may become a host name, a folder and part of a link's name.
    mutating func name(_ node: Node, longest: Int) -> String? {
        guard let text = text(node, "name") else { return nil }
        return checkName(text, node.position, longest: longest) ? text : nil
    }

    mutating func checkName(_ text: String, _ position: Position, longest: Int) -> Bool {
        let isRight =
            text.utf8.count <= longest && text.utf8.first.map { (0x61...0x7A).contains($0) } ?? false
            && text.utf8.last != UInt8(ascii: "-")
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
            }
        if !isRight {
            add(
                position,
                "\(quoted(text)) cannot be a name: use a to z, 0 to 9 and \"-\" inside, "
                    + "a letter first, \(longest) at most"
            )
        }
        return isRight
    }

    /// A text that is there: neither empty nor a list.
    mutating func text(_ node: Node, _ key: String, _ what: String = "a text") -> String? {
        if node.isEmpty || node.text == "" {
            add(node, "\(key) is empty")
            return nil
        }
        guard let text = node.text else {
            add(node, "\(key) must be \(what), not \(node.kindInWords)\(braceHint(node))")
            return nil
        }
        return text
    }

    mutating func texts(_ node: Node, _ key: String) -> [String] {
        guard let items = node.items else {
            if let text = node.text, !node.isEmpty {
                let words = text.split(whereSeparator: \.isWhitespace).joined(separator: ", ")
                add(node, "\(key) must be a list: write [\(shown(words))]")
            } else {
                add(node, "\(key) must be a list of texts, not \(node.kindInWords)")
            }
            return []
        }
        var texts: [String] = []
        for item in items {
            // An argument may be the empty text, when it is quoted.
            if case .scalar("", quoted: true) = item.content {
                texts.append("")
            } else if let text = text(item, "an item of \(key)") {
                texts.append(text)
            }
        }
        return texts
    }

    /// `{broker}` without quotes is a mapping to YAML.
    private func braceHint(_ node: Node) -> String {
        guard let entries = node.entries, entries.count == 1, entries[0].value.isEmpty else { return "" }
        return "; YAML reads { } as a mapping, so quote it: \"{\(shown(entries[0].key))}\""
    }

    /// `[a, b]`, two different texts.
    mutating func pair(_ node: Node, _ key: String) -> (Node, Node)? {
        guard let items = node.items, items.count == 2, items.allSatisfy({ $0.text != nil && !$0.isEmpty }) else {
            add(node, "\(key) must name two hosts: [a, b]")
            return nil
        }
        return (items[0], items[1])
    }

    /// `a -> b`; nil when it is not of that form.
    func arrow(_ text: String) -> (String, String)? {
        let words = text.split(separator: " ")
        guard words.count == 3, words[1] == "->" else { return nil }
        return (String(words[0]), String(words[2]))
    }

    mutating func isHost(_ name: String, _ node: Node) -> Bool {
        guard let hosts else { return false }
        if hosts[name] != nil { return true }
        add(node, "unknown host \(quoted(name))\(suggestion(for: name, among: hosts.keys.sorted()))")
        return false
    }

    mutating func isActor(_ name: String, _ node: Node) -> Bool {
        guard let actors else { return false }
        if actors[name] != nil { return true }
        add(node, "unknown actor \(quoted(name))\(suggestion(for: name, among: actors.keys.sorted()))")
        return false
    }

    mutating func isActorOrHost(_ name: String, _ node: Node) -> Bool {
        guard let actors, let hosts else { return false }
        if actors[name] != nil || hosts[name] != nil { return true }
        let known = (actors.keys.map { $0 } + hosts.keys).sorted()
        add(node, "unknown actor or host \(quoted(name))\(suggestion(for: name, among: known))")
        return false
    }
}
