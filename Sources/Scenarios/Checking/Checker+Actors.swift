// actors: who runs where, with which command, and what their braces mean.
extension Checker {
    /// A text with braces, to be looked at when every actor is known.
    private struct Use {
        var node: Node
        var host: String
    }

    mutating func checkActors(_ node: Node) {
        let before = problems.count
        guard let own = entries(node, "actors", "{ broker: { role: server, ... } }") else { return }
        var all: [Node.Entry] = []
        for entry in own where entry.key == "from" {
            for part in partFiles(entry.value) { all += entries(part, "actors", "{ broker: { ... } }") ?? [] }
        }
        // With a file unread, any name may be in it.
        let readAll = problems.count == before
        for entry in own where entry.key != "from" {
            if !change(&all, entry) { all.append(entry) }
        }
        var declared: [String: Position] = [:]
        var sound: [Node.Entry] = []
        for entry in all {
            if let first = declared[entry.key] {
                add(
                    entry.position,
                    "the actor \(quoted(entry.key)) stands at \(place(first, from: entry.position)) already")
                continue
            }
            declared[entry.key] = entry.position
            if checkActorName(entry) { sound.append(entry) }
        }
        // With a wrong name, others may use the right one; of two with one name, either may be meant.
        let knowsAll = readAll && sound.count == all.count
        if knowsAll { actors = declared }
        var uses: [Use] = []
        let roles = sound.map { checkActor($0, &uses) }
        let isComplete = problems.count == before
        for use in uses { checkBraces(use, isComplete: isComplete) }
        if knowsAll && roles.allSatisfy({ $0 != nil && $0 != .client }) {
            add(node, "no actor has role: client; without one there is nothing to test")
        }
    }

    /// What the scenario says of an actor of a part, without a role, changes that actor: its keys take the place of the
    /// part's. With a role it is an actor of its own, and the name is taken.
    private func change(_ all: inout [Node.Entry], _ entry: Node.Entry) -> Bool {
        guard let keys = entry.value.entries, !keys.isEmpty, entry.value["role"] == nil,
            let index = all.firstIndex(where: { $0.key == entry.key }), let others = all[index].value.entries
        else { return false }
        let kept = others.filter { other in !keys.contains { $0.key == other.key } }
        all[index].value.content = .mapping(kept + keys)
        return true
    }

    private mutating func checkActorName(_ entry: Node.Entry) -> Bool {
        guard checkName(entry.key, entry.position, longest: 32), isFree(entry) else { return false }
        if let host = hosts?[entry.key] {
            let place = place(host, from: entry.position)
            add(
                entry.position,
                "\(quoted(entry.key)) is a host already (\(place)); both are names in the lab, so choose another"
            )
            return false
        }
        return true
    }

    /// Its role, when that is right.
    private mutating func checkActor(_ entry: Node.Entry, _ uses: inout [Use]) -> ActorPlan.Role? {
        guard let fields = fields(entry.value, shapes.actor, called: "actor \(entry.key)") else { return nil }
        let role = value(fields, "role")?.text.flatMap(ActorPlan.Role.init)
        let host = fields["on"].flatMap { node in text(node, "on").flatMap { isHost($0, node) ? $0 : nil } }
        let run = fields["run"].map { checkRun($0) } ?? []
        let environment = fields["env"].map { checkEnvironment($0) } ?? []
        let folder = fields["folder"].flatMap { checkFolder($0) }
        let ready = fields["ready"].flatMap { checkReady($0) }
        let count = value(fields, "count")?.count ?? 1
        if let node = fields["count"], let role, role != .client {
            add(node, "count is for clients; \(quoted(entry.key)) is a \(role.rawValue)")
        }
        let stopWithin = value(fields, "stop-within")?.duration ?? .seconds(5)
        let logLimit = fields["log-limit"].flatMap { size($0, "log-limit", fields.shape) } ?? 1 << 20
        let certificate = fields["certificate"].flatMap { checkCertificate($0) }
        guard let role, let host else { return role }
        let texts = (fields["run"]?.items ?? []) + (fields["env"]?.entries ?? []).map(\.value)
        uses += texts.map { Use(node: $0, host: host) }
        actorPlans.append(
            ActorPlan(
                name: entry.key, role: role, host: host, run: run, environment: environment, folder: folder,
                ready: ready ?? .started, count: Int(count), stopWithin: stopWithin, logLimit: Int(logLimit),
                certificate: certificate))
        return role
    }

    private mutating func checkRun(_ node: Node) -> [String] {
        let before = problems.count
        let run = texts(node, "run")
        if problems.count == before && run.first ?? "" == "" {
            add(node, "run is empty; it begins with the program: [python3, client.py]")
        }
        return run
    }

    private mutating func checkEnvironment(_ node: Node) -> [ActorPlan.Variable] {
        guard let entries = entries(node, "env", "{ NAME: value }") else { return [] }
        return entries.compactMap { entry in
            let isName =
                entry.key.utf8.first.map { !(0x30...0x39).contains($0) } ?? false
                && entry.key.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            if !isName {
                add(
                    entry.position, "\(quoted(entry.key)) cannot be an environment variable: letters, digits and _ only"
                )
            }
            if case .scalar("", quoted: true) = entry.value.content { return .init(name: entry.key, value: "") }
            if entry.value.isEmpty {
                add(entry.value, "\(shown(entry.key)) has no value; write \"\" for an empty one")
                return nil
            }
            return text(entry.value, shown(entry.key)).map { .init(name: entry.key, value: $0) }
        }
    }

    private mutating func checkFolder(_ node: Node) -> String? {
        guard let folder = text(node, "folder") else { return nil }
        if folder.hasPrefix("/") {
            add(node, "folder \(quoted(folder)) must be relative to the scenario's folder")
            return nil
        }
        return folder
    }

    private mutating func checkCertificate(_ node: Node) -> CertificatePlan? {
        guard let fields = fields(node, Shapes.certificate) else { return nil }
        let names = fields["names"].map { texts($0, "names") } ?? []
        for (name, item) in zip(names, fields["names"]?.items ?? []) {
            let isName = name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || "-.*".utf8.contains($0)
            }
            if !isName || name.isEmpty {
                add(item, "\(quoted(name)) is no name of a host: a to z, 0 to 9, \"-\", \".\"")
            }
        }
        let validFor = value(fields, "valid-for")?.duration ?? CertificatePlan.usualValidity
        return CertificatePlan(names: names, validFor: validFor)
    }

    private mutating func checkReady(_ node: Node) -> ActorPlan.Readiness? {
        guard let fields = fields(node, Shapes.ready) else { return nil }
        let port = value(fields, "port")?.count.map { ActorPlan.Readiness.port(Int($0)) }
        let log = value(fields, "log")?.text.map { ActorPlan.Readiness.log($0) }
        let event = value(fields, "event")?.text.map { ActorPlan.Readiness.event($0) }
        return port ?? log ?? event
    }

    // MARK: Braces

    private mutating func checkBraces(_ use: Use, isComplete: Bool) {
        guard let text = use.node.text else { return }
        do throws(Units.Complaint) {
            for case .placeholder(let name, let field) in try Template(text).pieces {
                check(name, field, use, isComplete: isComplete)
            }
        } catch {
            add(use.node, "\(quoted(text)) \(error.clause)")
        }
    }

    private mutating func check(_ name: String, _ field: String?, _ use: Use, isComplete: Bool) {
        guard let hosts, let actors else { return }
        if name.isEmpty
            || !name.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D })
        {
            add(
                use.node,
                "\(quoted(use.node.text ?? "")) has a { that begins no {name}; to write a brace itself, double it: {{")
            return
        }
        let whole = "{\(shown(name))\(field.map { ".\(shown($0))" } ?? "")}"
        if Template.reserved.contains(name) && field == nil {
            if name == "ca" && isComplete && actorPlans.allSatisfy({ $0.certificate == nil }) {
                add(use.node, "{ca}: no actor has a certificate; give one to an actor: certificate: {}")
            }
            return
        }
        guard hosts[name] != nil || actors[name] != nil else {
            let known = actors.keys.sorted() + hosts.keys.sorted() + Template.reserved
            add(use.node, "\(whole) stands for nothing\(suggestion(for: name, among: known))")
            return
        }
        if let field, !Template.fields.contains(field) {
            add(use.node, "\(whole) stands for nothing\(suggestion(for: field, among: Template.fields))")
            return
        }
        guard isComplete, let lab else { return }
        let actor = actorPlans.first { $0.name == name }
        if field == "port" && !hasPort(whole, actor, use) { return }
        if field == "certificate" || field == "key" {
            if actor?.certificate == nil {
                add(use.node, "\(whole): \(quoted(name)) has no certificate; give an actor one: certificate: {}")
            }
            return
        }
        checkReaches(actor?.host ?? name, whole, use, lab)
    }

    private mutating func hasPort(_ whole: String, _ actor: ActorPlan?, _ use: Use) -> Bool {
        guard let actor else {
            add(use.node, "\(whole): a host has no port of its own; name an actor")
            return false
        }
        if case .port = actor.ready { return true }
        add(use.node, "\(whole): \(quoted(actor.name)) says no port; give it ready: { port: ... }")
        return false
    }

    private mutating func checkReaches(_ host: String, _ whole: String, _ use: Use, _ lab: LabPlan) {
        if host == use.host { return }
        let addresses = lab.hosts.first { $0.name == host }?.addresses ?? []
        // The first address is what the name resolves to.
        if let address = addresses.first, lab.reaches(address, from: use.host) { return }
        let reason =
            if addresses.isEmpty {
                "\(quoted(host)) has no link"
            } else if lab.hosts.contains(where: { $0.name == use.host && $0.addresses.isEmpty }) {
                "\(quoted(use.host)) has no link"
            } else if withoutNAT(lab).reaches(addresses[0], from: use.host) {
                "it is behind a NAT router, which lets nobody in"
            } else {
                "no link leads there"
            }
        add(use.node, "\(whole): \(quoted(use.host)) cannot reach \(quoted(host)): \(reason)")
    }

    private func withoutNAT(_ lab: LabPlan) -> LabPlan {
        var lab = lab
        for index in lab.hosts.indices { lab.hosts[index].nat = nil }
        for index in lab.links.indices {
            lab.links[index].first.reaches = []
            lab.links[index].second.reaches = []
        }
        lab.links = Topology(hosts: lab.hosts, links: lab.links).linksWithRoutes
        return lab
    }
}
