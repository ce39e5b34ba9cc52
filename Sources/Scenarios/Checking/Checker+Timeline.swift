// timeline: which faults strike what, from when to when; what actors are told is in Checker+Tell.swift.
extension Checker {
    struct Timeline {
        var faults: [FaultPlan]
        var tells: [TellPlan]
        var end: Duration
    }

    private struct Draft {
        var plan: FaultPlan
        var node: Node
    }

    /// Nil, and at least one problem, when it has no end.
    mutating func checkTimeline(_ node: Node) -> Timeline? {
        guard let items = items(node, "timeline", "[{ at: 5m, fault: ... }, { end: 10m }]") else { return nil }
        // Known first, so that an expectation may name a fault whose line has another mistake.
        for item in items where item["end"] == nil && !isTell(item) {
            if let kind = item["fault"]?.text, shapes.faults[kind] != nil {
                if !faultKinds.contains(kind) { faultKinds.append(kind) }
            } else {
                knowsAllFaults = false
            }
        }
        var end: (at: Duration, node: Node)?
        var hasEnd = false
        var drafts: [Draft] = []
        var tells: [TellDraft] = []
        for item in items {
            if item["end"] != nil {
                guard let fields = fields(item, Shapes.end) else { continue }
                if hasEnd {
                    add(item, "the timeline has ended already\(end.map { ", in line \($0.node.position.line)" } ?? "")")
                }
                let at = value(fields, "end")?.duration
                if let at, !hasEnd { end = (at, item) }
                hasEnd = true
            } else if isTell(item) {
                if let draft = checkTell(item, index: tells.count) { tells.append(draft) }
            } else if let draft = checkFault(item, index: drafts.count) {
                drafts.append(draft)
            }
        }
        if !hasEnd { add(node, "the timeline has no end; its last item says when it ends: { end: 40m }") }
        checkOverlaps(drafts)
        guard let end else { return nil }
        if end.at == .zero {
            add(end.node, "the timeline ends at 0s, before anything could happen")
            return nil
        }
        for draft in drafts { checkBefore(end.at, draft) }
        for draft in tells { checkBefore(end.at, draft) }
        return Timeline(faults: drafts.map(\.plan), tells: tells.map(\.plan), end: end.at)
    }

    private mutating func checkFault(_ node: Node, index: Int) -> Draft? {
        guard node.entries != nil else {
            let forms = "{ at: ..., fault: ... }, { at: ..., tell: ... } or { end: ... }"
            add(node, "an item of the timeline is \(forms), not \(node.kindInWords)")
            return nil
        }
        guard let kindNode = node["fault"] else {
            add(node, "this item of the timeline has neither \"fault\" nor \"tell\" nor \"end\"")
            return nil
        }
        guard let kind = text(kindNode, "fault") else { return nil }
        guard let shape = shapes.faults[kind], let definition = catalog.faults.first(where: { $0.name == kind }) else {
            add(kindNode, "unknown fault \(quoted(kind))\(suggestion(for: kind, among: catalog.faults.map(\.name)))")
            return nil
        }
        let before = problems.count
        guard let fields = checkExtent(node, shape, definition) else { return nil }
        let at = value(fields, "at")?.duration
        let until = definition.extent == .interval ? value(fields, "until")?.duration : nil
        if let at, let until, until <= at, let untilNode = fields["until"] {
            let relation = until == at ? "when it begins" : "before it begins"
            add(untilNode, "\(kind) ends \(relation): until \(Units.text(until)), at \(Units.text(at))")
        }
        let target = checkTarget(fields, definition)
        let parameters = parameters(fields, definition.parameters)
        if let target { checkPlaces(fields, definition, target) }
        if let target { checkCertificate(fields, definition, target) }
        if problems.count == before, let objection = definition.objection(parameters) {
            add(fields[objection.parameter] ?? node, objection.message)
        }
        guard problems.count == before, let at, let target else { return nil }
        let plan = FaultPlan(
            index: index, kind: kind, at: at, until: until, target: target, parameters: parameters,
            position: node.position.text)
        if let lab, let misfit = definition.misfit?(plan, lab, actorPlans) {
            add(node, misfit)
            return nil
        }
        return Draft(plan: plan, node: node)
    }

    /// Says in its own words what is wrong with `until`, before the shape says it more dryly.
    private mutating func checkExtent(_ node: Node, _ shape: Shape, _ definition: FaultDefinition) -> Fields? {
        var known = shape
        switch definition.extent {
        case .moment:
            if let entry = node.entries?.first(where: { $0.key == "until" }) {
                add(entry.position, "\(definition.name) is a moment and has no \"until\"; remove it")
                known.keys.append(Shape.Key("until", .parameter(Shapes.anyDuration), ""))
            }
        case .interval:
            if node["until"] == nil {
                add(node, "\(definition.name) goes on until it is healed: say when, until: ...")
                known.keys = known.keys.map { key in
                    var key = key
                    if key.name == "until" { key.isRequired = false }
                    return key
                }
            }
        }
        return fields(node, known)
    }

    mutating func parameters(_ fields: Fields, _ parameters: [Parameter]) -> [String: Value] {
        var values: [String: Value] = [:]
        for parameter in parameters { values[parameter.name] = value(fields, parameter.name) ?? parameter.fallback }
        return values
    }

    // MARK: Targets

    private mutating func checkTarget(_ fields: Fields, _ definition: FaultDefinition) -> FaultTarget? {
        switch definition.target {
        case .link:
            guard let link = checkLinkTarget(fields) else { return nil }
            return definition.isDirected ? checkDirection(fields, link) : .link(link.name, from: nil)
        case .router:
            guard let node = fields["on"], let name = text(node, "on"), isHost(name, node) else { return nil }
            guard let lab else { return nil }
            if lab.hosts.contains(where: { $0.name == name && $0.nat != nil }) { return .host(name) }
            let routers = lab.hosts.filter { $0.nat != nil }.map(\.name)
            let known = routers.isEmpty ? "; the lab has none" : "; the lab has \(routers.joined(separator: ", "))"
            add(node, "\(quoted(name)) is no NAT router\(known)")
            return nil
        case .host: return checkName(fields, "on", isKnown: { $0.isHost($1, $2) }).map { .host($0) }
        case .actor: return checkName(fields, "of", isKnown: { $0.isActor($1, $2) }).map { .actor($0) }
        case .actors:
            return checkActors(fields)
        case .connections: return checkConnections(fields)
        case .name:
            let name = checkName(fields, "name", isKnown: { $0.isActorOrHost($1, $2) })
            return name.map { .name($0) }
        case .groups: return checkGroups(fields)
        case .lab: return .lab
        }
    }

    private mutating func checkName(
        _ fields: Fields, _ key: String, isKnown: (inout Checker, String, Node) -> Bool
    ) -> String? {
        guard let node = fields[key], let name = text(node, key), isKnown(&self, name, node) else { return nil }
        return name
    }

    private mutating func checkActors(_ fields: Fields) -> FaultTarget? {
        guard let node = fields["of"] else { return nil }
        let names = texts(node, "of")
        guard let items = node.items, names.count == items.count else { return nil }
        if names.isEmpty { add(node, "of is empty; it names actors: [a, b]") }
        for (name, item) in zip(names, items) {
            guard isActor(name, item) else { return nil }
        }
        if let twice = names.enumerated().first(where: { names[..<$0.offset].contains($0.element) }) {
            add(items[twice.offset], "actor \(quoted(twice.element)) is named twice")
        }
        return .actors(names)
    }

    private mutating func checkConnections(_ fields: Fields) -> FaultTarget? {
        guard let actor = checkName(fields, "of", isKnown: { $0.isActor($1, $2) }) else { return nil }
        var choice = ConnectionChoice(actor: actor, port: value(fields, "port")?.count.map { Int($0) })
        if fields["with"] != nil {
            guard let peer = checkName(fields, "with", isKnown: { $0.isActorOrHost($1, $2) }) else { return nil }
            // An actor with a mistake in its lines has made its problem already.
            choice.peer = actors?[peer] == nil ? peer : actorPlans.first { $0.name == peer }?.host
        }
        return .connections(choice)
    }

    private mutating func checkGroups(_ fields: Fields) -> FaultTarget? {
        guard let node = fields["groups"] else { return nil }
        guard let items = node.items, items.count > 1, items.allSatisfy({ $0.items?.isEmpty == false }) else {
            add(node, "groups must be two lists of hosts or more: [[a, b], [c]]")
            return nil
        }
        var seen: [String] = []
        var groups: [[String]] = []
        for item in items {
            groups.append([])
            for member in item.items ?? [] {
                guard let name = text(member, "groups"), isHost(name, member) else { return nil }
                if seen.contains(name) {
                    add(member, "host \(quoted(name)) is in the groups twice; it can be on one side only")
                    return nil
                }
                seen.append(name)
                groups[groups.count - 1].append(name)
            }
        }
        return .groups(groups)
    }

    private mutating func checkLinkTarget(_ fields: Fields) -> LinkPlan? {
        if let link = fields["link"], fields["between"] != nil {
            add(link, "\"link\" and \"between\" both name the link; keep one")
            return nil
        }
        if let node = fields["link"] {
            guard let name = text(node, "link"), let lab else { return nil }
            if let link = lab.links.first(where: { $0.name == name }) { return link }
            add(node, "unknown link \(quoted(name))\(suggestion(for: name, among: lab.links.map(\.name)))")
            return nil
        }
        guard let node = fields["between"], let (first, second) = pair(node, "between"), let a = first.text,
            let b = second.text
        else { return nil }
        let known = [isHost(a, first), isHost(b, second)]
        guard known == [true, true], let lab else { return nil }
        let links = lab.links.filter { $0.joins(a) && $0.joins(b) && a != b }
        if links.isEmpty {
            let joined = lab.links.map { "\($0.first.host) and \($0.second.host)" }
            let list = joined.isEmpty ? "there are none" : "links join \(joined.prefix(8).joined(separator: "; "))"
            add(node, "no link joins \(quoted(a)) and \(quoted(b)); \(list)")
        } else if links.count > 1 {
            let names = links.map { "link: \($0.name)" }.joined(separator: " or ")
            add(node, "\(links.count) links join \(quoted(a)) and \(quoted(b)); say which: \(names)")
        }
        return links.count == 1 ? links[0] : nil
    }

    private mutating func checkDirection(_ fields: Fields, _ link: LinkPlan) -> FaultTarget? {
        guard let node = fields["direction"] else { return .link(link.name, from: nil) }
        guard let text = text(node, "direction") else { return nil }
        if text == "both" { return .link(link.name, from: nil) }
        let (a, b) = (link.first.host, link.second.host)
        guard let (from, to) = arrow(text), [from, to] == [a, b] || [from, to] == [b, a] else {
            add(node, "direction \(quoted(text)) must be both, \(a) -> \(b) or \(b) -> \(a)")
            return nil
        }
        return .link(link.name, from: from)
    }

    /// A name that is to lead elsewhere must lead to another host.
    private mutating func checkPlaces(_ fields: Fields, _ definition: FaultDefinition, _ target: FaultTarget) {
        guard case .name(let name) = target else { return }
        func host(_ place: String) -> String { actorPlans.first { $0.name == place }?.host ?? place }
        for case let parameter in definition.parameters {
            guard case .place = parameter.kind, let node = fields[parameter.name], let place = node.text,
                host(place) == host(name)
            else { continue }
            add(node, "\(quoted(name)) leads to \(quoted(place)) already: both are host \(quoted(host(name)))")
        }
    }

    private mutating func checkCertificate(_ fields: Fields, _ definition: FaultDefinition, _ target: FaultTarget) {
        guard definition.needs.contains(.certificate), case .actor(let name) = target,
            let actor = actorPlans.first(where: { $0.name == name }), actor.certificate == nil
        else { return }
        add(
            fields["of"] ?? fields.node,
            "\(quoted(name)) has no certificate that \(definition.name) could change; give it one: certificate: {}")
    }

    // MARK: Times

    private mutating func checkBefore(_ end: Duration, _ draft: Draft) {
        let (plan, shown) = (draft.plan, Units.text(end))
        if plan.at >= end {
            add(
                draft.node["at"] ?? draft.node, "\(plan.kind) at \(Units.text(plan.at)) is not before the end, \(shown)"
            )
        } else if let until = plan.until, until > end {
            add(
                draft.node["until"] ?? draft.node,
                "\(plan.kind) until \(Units.text(until)) goes on after the end, \(shown)")
        }
    }

    private mutating func checkOverlaps(_ drafts: [Draft]) {
        for (index, later) in drafts.enumerated() {
            let clash = drafts[..<index].first {
                $0.plan.kind == later.plan.kind && overlap($0.plan.target, later.plan.target)
                    && overlap($0.plan, later.plan)
            }
            guard let clash else { continue }
            let place = place(clash.node.position, from: later.node.position)
            add(later.node, "\(later.plan.kind) strikes the same target as the one in \(place) at the same time")
        }
    }

    private func overlap(_ a: FaultTarget, _ b: FaultTarget) -> Bool {
        if case .link(let a, let from) = a, case .link(let b, let otherFrom) = b {
            return a == b && (from == nil || otherFrom == nil || from == otherFrom)
        }
        if case .connections(let a) = a, case .connections(let b) = b {
            return a.actor == b.actor && (a.peer == nil || b.peer == nil || a.peer == b.peer)
                && (a.port == nil || b.port == nil || a.port == b.port)
        }
        if case .actors(let a) = a, case .actors(let b) = b { return !Set(a).isDisjoint(with: b) }
        if case .groups = a, case .groups = b { return true }
        return a == b
    }

    private func overlap(_ a: FaultPlan, _ b: FaultPlan) -> Bool {
        guard let aUntil = a.until, let bUntil = b.until else { return a.at == b.at }
        return a.at < bUntil && b.at < aUntil
    }
}
