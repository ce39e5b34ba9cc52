// assert: the statement is read, and what it names must be there.
extension Checker {
    mutating func checkAssertion(_ text: String, _ node: Node, _ key: String) -> Subject? {
        let before = problems.count
        do throws(AssertionParser.Mistake) {
            let assertion = try AssertionParser.parse(text)
            for actor in assertion.actors { checkActor(actor, node, key) }
            for fault in assertion.faults { checkFault(fault, node, key) }
            checkIndices(assertion, node, key)
            return problems.count == before ? .assertion(assertion) : nil
        } catch {
            add(place(error.offset, in: node), "\(key): \(error.message)")
            return nil
        }
    }

    /// Columns of a text that stands on one line and needs no escapes, as assertions do.
    private func place(_ offset: Int, in node: Node) -> Position {
        var position = node.position
        if case .scalar(_, quoted: true) = node.content { position.column += 1 }
        position.column += offset
        return position
    }

    private mutating func checkActor(_ name: Assertion.Name, _ node: Node, _ key: String) {
        guard let actors, actors[name.text] == nil else { return }
        let hint = suggestion(for: name.text, among: actors.keys.sorted())
        add(place(name.offset, in: node), "\(key): unknown actor \(quoted(name.text))\(hint)")
    }

    private mutating func checkFault(_ name: Assertion.Name, _ node: Node, _ key: String) {
        guard knowsAllFaults, !faultKinds.contains(name.text) else { return }
        let hint =
            nearest(to: name.text, among: faultKinds).map { "; did you mean \(quoted($0))?" }
            ?? (faultKinds.isEmpty ? "; it has no fault" : "; it has \(faultKinds.joined(separator: ", "))")
        add(place(name.offset, in: node), "\(key): the timeline has no fault \(quoted(name.text))\(hint)")
    }

    private mutating func checkIndices(_ assertion: Assertion, _ node: Node, _ key: String) {
        for actor in assertion.instances {
            guard let index = actor.index, let plan = actorPlans.first(where: { $0.name == actor.name.text }),
                !(0..<plan.count).contains(index)
            else { continue }
            add(
                place(actor.name.offset, in: node),
                "\(key): there is no \(actor.name.text)#\(index): it has \(plan.count) instances, from #0")
        }
    }
}
