/// What a run will do: a pure function of scenario and seed, printable without a kernel.
package struct Plan: Equatable, Sendable {
    package var scenario: Scenario
    package var seed: UInt64
    /// Indices of the scenario's actors in the order in which they start: servers, then publishers, then clients,
    /// each in the order of the file. They stop in the opposite order.
    package var startOrder: [Int]
    /// The timeline, by time; at equal times heals come before strikes, strikes before commands, and `end` last.
    package var actions: [PlannedAction]
    /// A seed for each direction of each link, in the order of the file.
    package var linkSeeds: [LinkSeed]
    /// Seed of the lab kernel's randomness.
    package var kernelSeed: UInt64

    package init(_ scenario: Scenario, seed: UInt64) {
        self.scenario = scenario
        self.seed = seed
        startOrder = ActorPlan.Role.allCases.flatMap { role in
            scenario.actors.indices.filter { scenario.actors[$0].role == role }
        }
        let strikes = scenario.faults.map { PlannedAction(at: $0.at, action: .strike($0.index)) }
        let heals = scenario.faults.compactMap { fault in
            fault.until.map { PlannedAction(at: $0, action: .heal(fault.index)) }
        }
        let tells = scenario.tells.map { PlannedAction(at: $0.at, action: .tell($0.index)) }
        let end = PlannedAction(at: scenario.end, action: .end)
        actions = (heals + strikes + tells + [end]).sorted { $0.place < $1.place }
        linkSeeds = scenario.lab.links.flatMap { link in
            [link.first.host, link.second.host].map { host in
                LinkSeed(
                    link: link.name, from: host, seed: Seed.derived(from: seed, for: "link \(link.name) from \(host)"))
            }
        }
        kernelSeed = Seed.derived(from: seed, for: "kernel")
    }

    /// The seed of packets that `from` sends on `link`.
    package func seed(ofLink link: String, from host: String) -> UInt64 {
        Seed.derived(from: seed, for: "link \(link) from \(host)")
    }
}

/// The randomness of one direction of a link (netem's seed).
package struct LinkSeed: Equatable, Sendable {
    package var link: String
    /// Host whose packets it is for.
    package var from: String
    package var seed: UInt64
}

/// Something that the timeline does, counted from `play`.
package struct PlannedAction: Equatable, Sendable {
    package enum Action: Equatable, Sendable {
        /// Applies the scenario's fault of this index.
        case strike(Int)
        case heal(Int)
        /// Sends the scenario's command of this index to its actor.
        case tell(Int)
        /// The timeline ends: what is under way settles.
        case end
    }
    package var at: Duration
    package var action: Action

    /// What orders actions: time, then heal, strike, tell, end, then the order of the file.
    fileprivate var place: (Duration, Int, Int) {
        switch action {
        case .heal(let index): (at, 0, index)
        case .strike(let index): (at, 1, index)
        case .tell(let index): (at, 2, index)
        case .end: (at, 3, 0)
        }
    }
}
