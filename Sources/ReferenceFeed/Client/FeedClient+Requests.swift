// The application's side: requests, and messages of its own.
extension FeedClient {
    /// The application asks; `id` as the application has it, or the client's own choice.
    package mutating func requested(_ priority: Priority, id: String? = nil, at now: Moment) -> [Action] {
        settled(ask(priority, id: id, at: now), at: now)
    }

    /// The application hands over a message for the server.
    package mutating func published(
        stream: String, sequence: Int64, _ priority: Priority, at now: Moment
    ) -> [Action] {
        settled(publish(stream, sequence, priority), at: now)
    }

    /// The application gives up its requests, under way or not.
    package mutating func cancelled(at now: Moment) -> [Action] {
        settled(outbox.removeRequests { _ in true }.map { failed($0, "cancelled") }, at: now)
    }

    mutating func ask(_ job: Workload.Job, at now: Moment) -> [Action] {
        switch job {
        case .request(let priority): return ask(priority, id: nil, at: now)
        case .publish:
            lastPublication += 1
            return publish(settings.workload.stream, lastPublication, settings.workload.publishClass)
        }
    }

    private mutating func ask(_ priority: Priority, id: String?, at now: Moment) -> [Action] {
        lastRequest += 1
        let id = id ?? "\(settings.name)-\(lastRequest)"
        let asked = Action.report(.requested(id: id, priority))
        let item = Outbox.Item(
            content: .request(id: id), priority: priority, deadline: now + settings.requestDeadline)
        if errs(.dropsBulkSilently), priority == .bulk, !isConnected { return [asked] }
        if let refusal = refusal { return [asked, failed(item, refusal)] }
        return outbox.add(item) ? [asked] : [asked, failed(item, "queue full")]
    }

    private mutating func publish(_ stream: String, _ sequence: Int64, _ priority: Priority) -> [Action] {
        let item = Outbox.Item(
            content: .publication(stream: stream, sequence: sequence), priority: priority, deadline: nil)
        if let reason = refusal ?? (outbox.add(item) ? nil : "queue full") {
            return [.report(.unsent(stream: stream, sequence: sequence, because: reason))]
        }
        return []
    }

    /// Why nothing can be taken from the application now.
    private var refusal: String? {
        switch (state, leaving) {
        case (.disconnected, _): "disconnected"
        case (.fatal, _): "fatal"
        case (_, .stopping?): "draining"
        case (.connecting, _), (.authenticating, _), (.connected, _), (.reconnecting, _): nil
        }
    }
}

// What follows from facts.
extension FeedClient {
    /// What follows from every fact: what may be sent is sent, who has nothing under way may leave.
    mutating func settled(_ actions: [Action], at now: Moment) -> [Action] {
        actions + flush(at: now) + leave(at: now) + depths()
    }

    private var maySend: Bool {
        switch state {
        case .connected: if case .moving? = leaving { false } else { true }
        case .authenticating: errs(.sendsBeforeConnected)
        case .disconnected, .connecting, .reconnecting, .fatal: false
        }
    }

    private mutating func flush(at now: Moment) -> [Action] {
        guard maySend else { return [] }
        var actions: [Action] = []
        while let item = outbox.next(at: now) {
            actions.append(.send(item.message))
            guard case .publication(let stream, let sequence) = item.content, item.tries == 1 else { continue }
            actions.append(.report(.sent(stream: stream, sequence: sequence, item.priority)))
            if errs(.saysAckedWhenWritten) { actions.append(.report(.acked(stream: stream, sequence: sequence))) }
        }
        return actions
    }

    /// Gives up a connection that is to be left, once nothing is under way on it, or that takes too long.
    private mutating func leave(at now: Moment) -> [Action] {
        guard isConnected, let leaving else { return [] }
        switch leaving {
        case .moving(let pause, let until):
            guard outbox.inFlight.isEmpty || until <= now else { return [] }
            return acknowledge() + [.send(.goodbye), drop]
                + reconnect(because: "the server said goodbye", at: now, notBefore: pause)
        case .stopping(let until):
            guard outbox.isEmpty || until <= now else { return [] }
            return acknowledge() + [.send(.goodbye), drop] + disconnected()
        }
    }

    /// An answer. A server that has too much to do is asked again, but not at once, and not beyond the retry budget.
    mutating func responded(_ id: String, ok: Bool, _ reason: String, at now: Moment) -> [Action] {
        guard let item = outbox.settled(.request(id: id)) else { return [] }
        if ok {
            let answered = Action.report(.responded(id: id, item.priority, ok: true, reason: ""))
            guard errs(.connectionPerRequest) else { return [answered] }
            return [answered, .send(.goodbye), drop] + reconnect(because: "the request was answered", at: now)
        }
        guard reason == "overloaded" else { return [failed(item, reason)] }
        let pause = settings.backoff.delay(after: item.tries, using: &random)
        let again = errs(.hammersOnOverload) ? now : now + pause
        return outbox.retry(item, notBefore: again) ? [] : [failed(item, reason)]
    }

    /// What was under way when the connection was lost.
    mutating func lostUnderWay() -> [Action] { outbox.connectionLost().map { failed($0, "connection lost") } }

    func failed(_ item: Outbox.Item, _ reason: String) -> Action {
        .report(.responded(id: item.requestID ?? "", item.priority, ok: false, reason: reason))
    }

    mutating func failAll(_ reason: String) -> [Action] {
        lostUnderWay() + outbox.removeRequests { _ in true }.map { failed($0, reason) } + depths()
    }

    /// Says which queues have grown or shrunk.
    mutating func depths() -> [Action] {
        Priority.allCases.compactMap { priority in
            let depth = outbox.depth(priority)
            if reportedDepths[priority, default: 0] == depth { return nil }
            reportedDepths[priority] = depth
            return .report(.queue(priority, depth: depth))
        }
    }
}
