// lab: hosts, links, where routers face outside.
extension Checker {
    /// At most 250 links have addresses: 10.77.1.0 to 10.77.250.7.
    static let mostLinks = 250

    /// A host before its addresses are known.
    private struct HostDraft {
        var name: String
        var position: Position
        var nat: NATDraft?
    }

    private struct NATDraft {
        var node: Node
        var idleTimeout: Duration
        var onExpiry: NATPlan.OnExpiry
        /// The link or neighbour that the file names.
        var outside: (name: String, node: Node)?
    }

    /// Nil, and at least one problem, when anything in it is wrong.
    mutating func checkLab(_ node: Node) -> LabPlan? {
        let before = problems.count
        guard let own = fields(node, shapes.lab) else { return nil }
        var parts: [Fields] = []
        for part in own["from"].map({ partFiles($0) }) ?? [] {
            if let part = fields(part, shapes.labPart) { parts.append(part) }
        }
        parts.append(own)
        var drafts: [HostDraft] = []
        // Without all of its files, any host may be in one that could not be read.
        hosts = problems.count == before ? [:] : nil
        var declared: [String: Position] = [:]
        for part in parts {
            if let node = part["hosts"] { checkHosts(node, &drafts, &declared) }
        }
        if hosts != nil { hosts = declared }
        if problems.count == before && drafts.isEmpty { add(node, "lab has no hosts") }
        var links: [LinkPlan] = []
        for part in parts {
            if let node = part["links"] { checkLinks(node, &links) }
        }
        let start = parts.compactMap { $0["start"] }.compactMap { date($0) }.last ?? 1_767_225_600
        let memory = parts.compactMap { part in part["memory"].flatMap { size($0, "memory", part.shape) } }.last
        let nameServer = parts.compactMap { $0["name-server"] }.compactMap { checkNameServer($0) }.last
        guard problems.count == before else { return nil }
        let plans = drafts.compactMap { draft in hostPlan(draft, links) }
        guard problems.count == before else { return nil }
        let topology = Topology(hosts: plans, links: links)
        return LabPlan(
            hosts: plans, links: topology.linksWithRoutes, start: start, memory: memory ?? 512 << 20,
            nameServer: nameServer)
    }

    private mutating func checkNameServer(_ node: Node) -> NameServerPlan? {
        guard let fields = fields(node, Shapes.nameServer) else { return nil }
        let ttl = value(fields, "ttl")?.duration ?? NameServerPlan.usualTTL
        if let node = fields["ttl"], ttl.components.attoseconds != 0 {
            add(node, "ttl \(quoted(node.text ?? "")) is not a whole number of seconds")
        }
        return NameServerPlan(ttl: ttl)
    }

    private mutating func checkHosts(_ node: Node, _ drafts: inout [HostDraft], _ declared: inout [String: Position]) {
        guard let entries = entries(node, "hosts", "{ phone: {}, cloud: {} }") else { return }
        for entry in entries {
            if let first = declared[entry.key] {
                add(
                    entry.position,
                    "the host \(quoted(entry.key)) stands at \(place(first, from: entry.position)) already")
                continue
            }
            declared[entry.key] = entry.position
            guard checkName(entry.key, entry.position, longest: 32), isFree(entry) else {
                hosts = nil
                continue
            }
            guard let fields = fields(entry.value, Shapes.host, called: "host \(entry.key)") else { continue }
            let nat = fields["nat"].flatMap { checkNAT($0) }
            drafts.append(HostDraft(name: entry.key, position: entry.position, nat: nat))
        }
    }

    private mutating func checkNAT(_ node: Node) -> NATDraft? {
        guard let fields = fields(node, Shapes.nat) else { return nil }
        let preset = value(fields, "preset")?.text.flatMap(NATPreset.named)
        let idleTimeout = value(fields, "idle-timeout")?.duration ?? preset?.idleTimeout ?? .seconds(5 * 86_400)
        let given = value(fields, "on-expiry")?.text.flatMap(NATPlan.OnExpiry.init)
        let onExpiry = given ?? preset?.onExpiry ?? .drop
        let outside = fields["outside"].flatMap { node in text(node, "outside").map { ($0, node) } }
        return NATDraft(node: node, idleTimeout: idleTimeout, onExpiry: onExpiry, outside: outside)
    }

    private mutating func hostPlan(_ draft: HostDraft, _ links: [LinkPlan]) -> HostPlan? {
        let own = links.filter { $0.joins(draft.name) }
        let addresses = own.map { $0.first.host == draft.name ? $0.first.hostAddress : $0.second.hostAddress }
        guard let nat = draft.nat else { return HostPlan(name: draft.name, nat: nil, addresses: addresses) }
        guard own.count >= 2, let last = own.last else {
            let count = own.isEmpty ? "no link" : "one link"
            add(nat.node, "the NAT router \(quoted(draft.name)) has \(count); it needs one inside and one outside")
            return nil
        }
        var outside = last
        if let given = nat.outside {
            let matches = own.filter { $0.name == given.name || $0.joins(given.name) && given.name != draft.name }
            guard let match = matches.first(where: { $0.name == given.name }) ?? matches.first else {
                let known = own.map(\.name) + own.map { $0.other(than: draft.name) }
                let hint = suggestion(for: given.name, among: known)
                add(
                    given.node,
                    "\(quoted(given.name)) is neither a link nor a neighbour of \(quoted(draft.name))\(hint)")
                return nil
            }
            outside = match
        }
        let plan = NATPlan(idleTimeout: nat.idleTimeout, onExpiry: nat.onExpiry, outside: outside.name)
        return HostPlan(name: draft.name, nat: plan, addresses: addresses)
    }

    private mutating func checkLinks(_ node: Node, _ links: inout [LinkPlan]) {
        guard let items = items(node, "links", "[{ between: [phone, cloud] }]") else { return }
        guard case .list(let shapes) = shapes.labPart.form(of: "links"), let shape = shapes.first else { return }
        for item in items {
            guard let fields = fields(item, shape) else { continue }
            let (there, back) = impairments(fields)
            let given = fields["name"].flatMap { self.name($0, longest: 32) }
            guard let between = fields["between"], let (a, b) = linkedHosts(between) else { continue }
            let name = given ?? "\(a)-\(b)"
            if links.contains(where: { $0.name == name }) {
                add(item, "a second link is called \(quoted(name)); give one of them another name: name: ...")
                continue
            }
            guard links.count < Self.mostLinks else {
                add(item, "more than \(Self.mostLinks) links; the lab has addresses for no more")
                return
            }
            links.append(
                LinkPlan(
                    number: links.count + 1, name: name, first: a, second: b, impairment: there, back: back))
        }
    }

    private mutating func linkedHosts(_ node: Node) -> (String, String)? {
        guard let (first, second) = pair(node, "between"), let a = first.text, let b = second.text else { return nil }
        let known = [isHost(a, first), isHost(b, second)]
        if a == b {
            add(node, "a link from \(quoted(a)) to itself; name two hosts")
            return nil
        }
        return known == [true, true] ? (a, b) : nil
    }

    /// Of packets from the first host and of packets from the second. What is said of the link holds for both, and what
    /// stands under `back` for the second alone.
    mutating func impairments(_ fields: Fields) -> (there: Impairment, back: Impairment) {
        let before = problems.count
        let isLink = fields.shape.form(of: "profile") != nil
        let name = isLink ? value(fields, "profile")?.text : nil
        let profile = catalog.profiles.first { $0.name == name }
        var there = profile?.impairment ?? Impairment()
        var back = profile?.back ?? Impairment()
        let found = problems.count
        apply(fields, to: &there)
        // The same values: their problems have been told.
        let told = problems
        apply(fields, to: &back)
        if problems.count > found { problems = told }
        var own: Fields?
        if let node = fields["back"] {
            own = self.fields(node, Shapes.back)
            if let own { apply(own, to: &back) }
        }
        guard problems.count == before else { return (there, back) }
        checkJitter(there, fields["jitter"] ?? fields["delay"] ?? fields.node)
        if problems.count == before { checkJitter(back, own?["jitter"] ?? own?["delay"] ?? fields.node) }
        return (there, back)
    }

    private mutating func apply(_ fields: Fields, to impairment: inout Impairment) {
        if let delay = value(fields, "delay")?.duration { impairment.delay = delay }
        if let jitter = value(fields, "jitter")?.duration { impairment.jitter = jitter }
        if let loss = value(fields, "loss")?.fraction { impairment.loss = loss }
        if let rate = value(fields, "rate")?.rate { impairment.rate = rate }
        if let limit = value(fields, "limit")?.count { impairment.limit = Int(limit) }
    }

    private mutating func checkJitter(_ impairment: Impairment, _ node: Node) {
        guard impairment.jitter > impairment.delay else { return }
        let (jitter, delay) = (Units.text(impairment.jitter), Units.text(impairment.delay))
        add(node, "jitter \(jitter) is more than delay \(delay): a packet cannot arrive before it is sent")
    }

    // MARK: Small readers

    /// True unless `index`, `seed` and the like would hide it in `{name}`.
    mutating func isFree(_ entry: Node.Entry) -> Bool {
        if entry.key == "localhost" {
            add(entry.position, "\"localhost\" cannot be a name: it is what every host calls itself")
            return false
        }
        guard Template.reserved.contains(entry.key) else { return true }
        add(entry.position, "\(quoted(entry.key)) cannot be a name: {\(entry.key)} stands for something else")
        return false
    }

    mutating func entries(_ node: Node, _ key: String, _ example: String) -> [Node.Entry]? {
        if let entries = node.entries { return entries }
        add(node, "\(key) must be a mapping such as \(example), not \(node.kindInWords)")
        return nil
    }

    mutating func items(_ node: Node, _ key: String, _ example: String) -> [Node]? {
        if let items = node.items { return items }
        add(node, "\(key) must be a list such as \(example), not \(node.kindInWords)")
        return nil
    }

    mutating func size(_ node: Node, _ key: String, _ shape: Shape) -> Int64? {
        guard case .size(let range) = shape.form(of: key), let text = text(node, key) else { return nil }
        do throws(Units.Complaint) {
            let value = try Units.size(text)
            if range.contains(value) { return value }
            let bounds = "\(Units.sizeText(range.lowerBound)) to \(Units.sizeText(range.upperBound))"
            throw Units.Complaint(clause: "is out of range: \(bounds)")
        } catch {
            add(node, "\(key) \(quoted(text)) \(error.clause)")
            return nil
        }
    }

    private mutating func date(_ node: Node) -> Int64? {
        guard let text = text(node, "start") else { return nil }
        do throws(Units.Complaint) {
            let date = try Units.date(text)
            // The guest's clock counts nanoseconds since 1970 in 64 bits and must outlast the longest timeline.
            guard (0..<7_258_118_400).contains(date) else {
                throw Units.Complaint(clause: "is out of range: 1970 to 2199")
            }
            return date
        } catch {
            add(node, "start \(quoted(text)) \(error.clause)")
            return nil
        }
    }

    /// `line 3`, or `lab.yaml:3` when that is another file.
    func place(_ place: Position, from here: Position) -> String {
        place.file == here.file ? "line \(place.line)" : "\(place.file):\(place.line)"
    }
}

extension LinkPlan {
    /// Both ends' addresses follow from the link's number, 1 to 250: 10.77.N.0/30 is the first end (host .1, wire .2),
    /// 10.77.N.4/30 the second (wire .5, host .6).
    init(number: Int, name: String, first: String, second: String, impairment: Impairment, back: Impairment) {
        let net = "10.77.\(number)"
        self.init(
            name: name,
            first: LinkEnd(host: first, hostAddress: "\(net).1", wireAddress: "\(net).2", reaches: []),
            second: LinkEnd(host: second, hostAddress: "\(net).6", wireAddress: "\(net).5", reaches: []),
            impairment: impairment, back: back)
    }

    package func joins(_ host: String) -> Bool { first.host == host || second.host == host }

    /// The host at the other end.
    package func other(than host: String) -> String { first.host == host ? second.host : first.host }
}
