import Recordings
import Scenarios

// Questions that several expectations ask.
extension RunView {
    /// On the timeline; before `play` negative. Zero when the run did not come to play.
    package func offset(_ time: Timestamp) -> Duration { play.map { time - $0 } ?? .zero }

    package func at(_ time: Timestamp) -> String { offset(time).timelineText }

    package func evidence(_ moment: Moment, _ text: String) -> Evidence {
        Evidence(at: offset(moment.time).seconds, text: text, line: moment.line)
    }

    package func plan(of actor: String) -> ActorPlan? { scenario.actors.first { $0.name == actor } }

    package func instances(of actor: String) -> [Instance] {
        (0..<max(plan(of: actor)?.count ?? 1, 1)).map { Instance(actor, $0) }
    }

    /// The sessions of an actor that show life, each instance at least once. A process with named sessions may speak
    /// for itself too (a hello, a note), which makes no session.
    package func sessionNames(of actor: String) -> [SessionName] {
        sessionsOfActors[actor] ?? instances(of: actor).map { SessionName(instance: $0, session: "") }
    }

    /// Wire changes of an instance's host that can only be its own: no other client or publisher dials from there, or
    /// the recording tells whose connections they are. Nil when nobody can tell.
    package func ownWire(of instance: Instance) -> [Wire]? {
        guard let host = plan(of: instance.actor)?.host else { return nil }
        if dialsAlone(instance) { return wire[host] ?? [] }
        guard recording.header.records.contains(.connections) else { return nil }
        return inventory.wire(ofConnections: inventory.byOwner[instance] ?? [], in: self)
    }

    /// No other client or publisher dials from this one's host.
    package func dialsAlone(_ instance: Instance) -> Bool {
        guard let plan = plan(of: instance.actor) else { return false }
        let dialing = scenario.actors.filter { $0.host == plan.host && $0.role != .server }
        return dialing.count == 1 && dialing[0].count == 1 && dialing[0].name == instance.actor
    }

    /// Wire changes that are one session's own: all of its instance's when it has no other session, otherwise those of
    /// the connections whose own end its driver named (`local`). Nil when nobody can tell.
    package func wire(of name: SessionName) -> [Wire]? {
        if let own = inventory.bySession[name] { return inventory.wire(ofConnections: own, in: self) }
        if inventory.hasNamedSessions.contains(name.instance) { return [] }
        // Two are enough to know, of however many.
        let others = sessionNames(of: name.instance.actor).lazy.filter { $0.instance == name.instance }.prefix(2)
        return others.count == 1 ? ownWire(of: name.instance) : nil
    }

    package func isAddress(_ address: IPAddress, of instance: Instance) -> Bool {
        plan(of: instance.actor).map { addresses(of: $0.host).contains(address) } ?? false
    }

    /// The first time in play that this process ended although no fault struck its actor: a crash, its own doing.
    package func crash(of instance: Instance) -> Life? {
        guard let play else { return nil }
        return lives[instance]?.first { life in
            guard case .exited = life.change else { return false }
            return life.moment.time >= play && life.moment.time < stop
                && !wasStruck(instance, before: life.moment.time)
        }
    }

    /// Whether a fault on this very actor was on, or had been on within the last second.
    private func wasStruck(_ instance: Instance, before time: Timestamp) -> Bool {
        strikes.contains { strike in
            guard strike.plan.target.actors.contains(instance.actor) else { return false }
            guard let due = strike.due, due <= time else { return false }
            let isOver = strike.plan.until == nil && strike.definition?.takesTime != true
            let over = (isOver ? strike.applied : strike.healed)?.time ?? stop
            return time <= over + .seconds(1)
        }
    }

    /// From when on a client owes liveness, once it was struck: an interval's heal; a moment's strike, as for faults
    /// that strike at their first hit, which a client can outlive while they are still on. Where the strike ended
    /// processes, not before all of them are ready again; a moment that took its time is over when it is healed. Nil
    /// when that did not happen.
    package func owedFrom(_ strike: FaultStrike, struck: Moment) -> Moment? {
        if strike.plan.until != nil, !strike.strikesAtFirstHit { return strike.healed }
        let actors = strike.plan.target.actors
        guard !actors.isEmpty, let due = strike.due else { return struck }
        var latest = struck
        if strike.definition?.takesTime == true, let healed = strike.healed { latest = healed }
        let over = max(struck.time + .seconds(1), latest.time)
        for instance in actors.flatMap(instances) {
            let after = (lives[instance] ?? []).drop { $0.moment.time < due }
            let end = after.firstIndex { if case .exited = $0.change { true } else { false } }
            guard let end, after[end].moment.time <= over else { continue }
            guard let ready = after[end...].first(where: { $0.change == .ready })?.moment else { return nil }
            if ready.time > latest.time { latest = ready }
        }
        return latest
    }

    /// `during blackhole at 10m on phone-home`, `12 s after ...`, `before any fault`.
    package func context(at time: Timestamp) -> String {
        let before = strikes.filter { $0.struck.map { $0.time <= time } ?? false }
        let active = before.filter { strike in
            strike.plan.until != nil && strike.healed.map { $0.time >= time } ?? true
        }
        if !active.isEmpty { return "during " + active.map(\.name).joined(separator: " and ") }
        let latest = before.max { ended($0) < ended($1) }
        guard let latest else { return "before any fault" }
        let what = latest.plan.until == nil ? "" : "the end of "
        return "\((time - ended(latest)).lengthText) after \(what)\(latest.name)"
    }

    private func ended(_ strike: FaultStrike) -> Timestamp {
        (strike.plan.until == nil ? strike.struck : strike.healed)?.time ?? stop
    }
}

// Messages.
extension RunView {
    /// `ticks 41`, or `a message` when the driver gives no numbers.
    package func text(of message: Message) -> String {
        guard let sequence = message.sequence else { return "a message without a sequence number" }
        let stream = streams[message.stream]
        return stream.isEmpty ? "message \(sequence)" : "\(stream) \(sequence)"
    }

    /// When the message that was received was sent: the latest time before it that anybody's driver said so of its
    /// number. Nil when nobody did.
    package func sentTime(of received: Message) -> Timestamp? {
        guard let key = received.key, let first = sentTimes[key] else { return nil }
        // A driver that speaks after it has sent may be read later than the one that received.
        let latest = received.moment.time + underWay
        return resentTimes[key]?.last { $0 <= latest } ?? first
    }
}
