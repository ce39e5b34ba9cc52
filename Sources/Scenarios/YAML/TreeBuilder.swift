/// Events in, a tree out. Keeps its own stack, so that nesting costs no stack of ours.
struct TreeBuilder {
    let file: String
    private(set) var root: Node?
    var problems: [Problem] = []
    private var open: [Collection] = []
    private var anchors: [String: Subtree] = [:]
    private var nodes = 0
    private var documents = 0

    init(file: String) { self.file = file }

    /// A node with what it counts when an alias repeats it.
    private struct Subtree {
        var node: Node
        var size: Int
        var height: Int
    }

    /// A sequence or mapping whose end has not come yet.
    private struct Collection {
        var position: Position
        var anchor: String?
        var isMapping: Bool
        var items: [Node] = []
        var entries: [Node.Entry] = []
        var keys: [String: Position] = [:]
        /// The key whose value comes next.
        var pending: (key: String, position: Position)?
        var size = 1
        var height = 1

        var node: Node {
            Node(position: position, content: isMapping ? .mapping(entries) : .sequence(items))
        }
    }

    mutating func take(_ event: YAMLEvent) throws(Problem) {
        switch event {
        case .document(let position):
            documents += 1
            if documents > 1 {
                throw position.problem("a second document begins here; a file holds one, remove \"---\"")
            }
        case .alias(let name, let position):
            guard let subtree = anchors[name] else {
                throw position.problem(
                    "the alias *\(shown(name)) stands for nothing; \"&\(shown(name))\" must come, and end, before it")
            }
            if expectsKey { throw position.problem("an alias cannot be a key; write the key out") }
            try add(subtree, at: position)
        case .scalar(let text, let quoted, let anchor, let position):
            if expectsKey {
                takeKey(text, position)
            } else {
                let node = Node(position: position, content: .scalar(text, quoted: quoted))
                let subtree = Subtree(node: node, size: 1, height: 0)
                if let anchor { anchors[anchor] = subtree }
                try add(subtree, at: position)
            }
        case .sequenceStart(let anchor, let position):
            try begin(Collection(position: position, anchor: anchor, isMapping: false))
        case .mappingStart(let anchor, let position):
            try begin(Collection(position: position, anchor: anchor, isMapping: true))
        case .collectionEnd:
            let collection = open.removeLast()
            let subtree = Subtree(node: collection.node, size: collection.size, height: collection.height)
            if let anchor = collection.anchor { anchors[anchor] = subtree }
            try add(subtree, at: collection.position, isNew: false)
        }
    }

    private var expectsKey: Bool {
        guard let last = open.last else { return false }
        return last.isMapping && last.pending == nil
    }

    private mutating func begin(_ collection: Collection) throws(Problem) {
        if expectsKey {
            throw collection.position.problem("a list or mapping cannot be a key; text in { } must be quoted")
        }
        try checkDepth(open.count + 1, collection.position)
        try count(1, collection.position)
        open.append(collection)
    }

    private mutating func takeKey(_ text: String, _ position: Position) {
        let last = open.count - 1
        open[last].pending = (text, position)
        if let first = open[last].keys[text] {
            problems.append(position.problem("the key \(quoted(text)) stands here already, in line \(first.line)"))
        } else {
            open[last].keys[text] = position
        }
    }

    /// `isNew` is false for a collection, which was counted when it began.
    private mutating func add(_ subtree: Subtree, at position: Position, isNew: Bool = true) throws(Problem) {
        if isNew {
            try count(subtree.size, position)
            try checkDepth(open.count + subtree.height, position)
        }
        guard !open.isEmpty else {
            root = subtree.node
            return
        }
        let last = open.count - 1
        open[last].size += subtree.size
        open[last].height = max(open[last].height, subtree.height + 1)
        guard open[last].isMapping else {
            open[last].items.append(subtree.node)
            return
        }
        guard let (key, keyPosition) = open[last].pending else { preconditionFailure("a value without its key") }
        open[last].pending = nil
        // Of repeated keys the first one stands; the repetition is a problem already.
        if open[last].keys[key] == keyPosition {
            open[last].entries.append(Node.Entry(key: key, position: keyPosition, value: subtree.node))
        }
    }

    private mutating func count(_ more: Int, _ position: Position) throws(Problem) {
        nodes += more
        if nodes > YAMLReader.mostNodes {
            throw position.problem(
                "more than \(YAMLReader.mostNodes) values, aliases followed; is this a scenario, or an alias bomb?")
        }
    }

    private func checkDepth(_ depth: Int, _ position: Position) throws(Problem) {
        if depth > YAMLReader.deepest {
            throw position.problem("nested deeper than \(YAMLReader.deepest) levels; no scenario needs that")
        }
    }
}
