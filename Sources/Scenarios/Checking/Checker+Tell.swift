import JSONLines

// timeline: commands that it sends to drivers.
extension Checker {
    struct TellDraft {
        var plan: TellPlan
        var node: Node
    }

    /// What names a fault is a fault, whatever else it says.
    func isTell(_ item: Node) -> Bool { item["tell"] != nil && item["fault"] == nil }

    mutating func checkTell(_ node: Node, index: Int) -> TellDraft? {
        let before = problems.count
        guard let fields = fields(node, Shapes.tell) else { return nil }
        let at = value(fields, "at")?.duration
        let actor = fields["tell"].flatMap { node in text(node, "tell").flatMap { isActor($0, node) ? $0 : nil } }
        let command = value(fields, "command")?.text.flatMap(TellPlan.Command.init)
        let members = fields["with"].map { checkCommandFields($0) } ?? []
        guard problems.count == before, let at, let actor, let command else { return nil }
        let plan = TellPlan(
            index: index, at: at, actor: actor, command: command, fields: members, position: node.position.text)
        let length = plan.json.utf8Line.count + 1
        if length > TellPlan.longestLine {
            add(node, "this command is a line of \(length) bytes; at most \(TellPlan.longestLine) can be sent")
            return nil
        }
        return TellDraft(plan: plan, node: node)
    }

    mutating func checkBefore(_ end: Duration, _ draft: TellDraft) {
        guard draft.plan.at >= end else { return }
        let (at, end) = (Units.text(draft.plan.at), Units.text(end))
        add(draft.node["at"] ?? draft.node, "tell at \(at) is not before the end, \(end)")
    }

    private mutating func checkCommandFields(_ node: Node) -> [JSON.Member] {
        guard let entries = entries(node, "with", "{ stream: orders, seq: 4 }") else { return [] }
        return entries.compactMap { entry in
            if entry.key == "command" {
                add(entry.position, "\"command\" cannot be a field: it stands beside \"tell\"")
                return nil
            }
            return commandValue(entry).map { JSON.Member(entry.key, $0) }
        }
    }

    /// A plain whole number and a plain true or false are what they look like; everything else is a string.
    private mutating func commandValue(_ entry: Node.Entry) -> JSON? {
        guard case .scalar(let text, let quoted) = entry.value.content else {
            add(
                entry.value,
                "\(shown(entry.key)) must be a text, a whole number, true or false, not \(entry.value.kindInWords)")
            return nil
        }
        if quoted { return .string(text) }
        if entry.value.isEmpty {
            add(entry.value, "\(shown(entry.key)) has no value; write \"\" for an empty one")
            return nil
        }
        if text == "true" || text == "false" { return .bool(text == "true") }
        // 007 and +7 are no numbers to JSON: somebody meant the text.
        if let number = Int64(text), String(number) == text { return .integer(number) }
        return .string(text)
    }
}
