// expect: what the clients owe their users.
extension Checker {
    mutating func checkExpectations(_ node: Node) -> [ExpectationPlan] {
        guard let items = items(node, "expect", "[{ recovery: client, ... }]") else { return [] }
        if items.isEmpty { add(node, "expect is empty; a scenario says what its clients owe their users") }
        var plans: [ExpectationPlan] = []
        var texts: [String: Position] = [:]
        for item in items {
            guard let plan = checkExpectation(item, index: plans.count) else { continue }
            if let first = texts[plan.text] {
                add(item, "the same expectation stands in \(place(first, from: item.position)) already")
            }
            texts[plan.text] = item.position
            plans.append(plan)
        }
        return plans
    }

    private mutating func checkExpectation(_ node: Node, index: Int) -> ExpectationPlan? {
        guard let entries = node.entries, let first = entries.first else {
            add(node, "an expectation is { KIND: SUBJECT, ... }, not \(node.kindInWords)")
            return nil
        }
        let kinds = catalog.expectations.map(\.name)
        guard let kind = entries.first(where: { kinds.contains($0.key) }),
            let definition = catalog.expectations.first(where: { $0.name == kind.key }),
            let shape = shapes.expectations[kind.key]
        else {
            let hint = suggestion(for: first.key, among: kinds)
            add(first.position, "unknown expectation \(quoted(first.key))\(hint)")
            return nil
        }
        let before = problems.count
        guard let fields = fields(node, shape) else { return nil }
        let subject = checkSubject(kind.value, kind.key, definition.subject)
        let parameters = parameters(fields, definition.parameters)
        guard problems.count == before, let subject else { return nil }
        let given = definition.parameters.filter { node[$0.name] != nil }
        let text = given.reduce("\(definition.name): \(subject.inFile)") { text, parameter in
            text + ", \(parameter.name): \(parameters[parameter.name]?.inFile ?? "")"
        }
        return ExpectationPlan(
            index: index, kind: definition.name, subject: subject, parameters: parameters,
            position: node.position.text, text: text)
    }

    private mutating func checkSubject(
        _ node: Node, _ key: String, _ kind: ExpectationDefinition.SubjectKind
    ) -> Subject? {
        guard let text = text(node, key) else { return nil }
        switch kind {
        case .client:
            guard isActor(text, node) else { return nil }
            if let actor = actorPlans.first(where: { $0.name == text }), actor.role != .client {
                add(node, "\(key) is owed by a client; \(quoted(text)) is a \(actor.role.rawValue)")
                return nil
            }
            return .actor(text)
        case .actor: return isActor(text, node) ? .actor(text) : nil
        case .statement: return checkAssertion(text, node, key)
        case .flow:
            guard let (from, to) = arrow(text) else {
                add(node, "\(key) takes a flow, SENDER -> RECEIVER, not \(quoted(text))")
                return nil
            }
            let known = [isActor(from, node), isActor(to, node)]
            if from == to {
                add(node, "\(key): the flow \(quoted(text)) goes nowhere; name two actors")
                return nil
            }
            return known == [true, true] ? .flow(from: from, to: to) : nil
        }
    }
}

extension Subject {
    /// As a scenario file has it.
    package var inFile: String {
        switch self {
        case .actor(let name): name
        case .flow(let from, let to): "\(from) -> \(to)"
        case .assertion(let assertion): assertion.text
        }
    }
}
