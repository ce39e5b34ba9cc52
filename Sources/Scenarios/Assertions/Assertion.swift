/// A small statement over what a run recorded: `count(attempt of subscriber between 10m and 15m) <= 20`.
///
/// Its grammar stands at `AssertionParser`. Names keep their places in the text, so that whoever knows the scenario can
/// point at one that is wrong.
package struct Assertion: Equatable, Sendable {
    /// As the scenario has it.
    package var text: String
    package var statement: Statement

    /// A name and where it begins in the text, in Unicode scalars from 0.
    package struct Name: Equatable, Sendable {
        package var text: String
        package var offset: Int
    }

    package enum Statement: Equatable, Sendable {
        case compare(Operand, Comparison, Operand)
        case never(Events)
        /// The first of these before the first of those.
        case before(Events, Events)
    }

    package enum Comparison: String, CaseIterable, Sendable {
        case atMost = "<="
        case atLeast = ">="
        case equal = "=="
        case unequal = "!="
        case below = "<"
        case above = ">"

        package func holds<Value: Comparable>(_ a: Value, _ b: Value) -> Bool {
            switch self {
            case .atMost: a <= b
            case .atLeast: a >= b
            case .equal: a == b
            case .unequal: a != b
            case .below: a < b
            case .above: a > b
            }
        }
    }

    package enum Operand: Equatable, Sendable {
        case value(Double, Unit)
        /// A measure, times a factor.
        case measure(Measure, times: Double)
    }

    /// What a number counts.
    package enum Unit: String, Sendable {
        case count = ""
        case seconds = "s"
        case bytes
        /// A field of a driver's: nobody has said.
        case unknown
    }

    package enum Measure: Equatable, Sendable {
        case count(Events)
        /// The most within any time so long.
        case peak(Duration, Events)
        case summary(Summary, Series)
    }

    package enum Summary: Equatable, Sendable {
        case min, max, mean, sum
        case quantile(Double)
    }

    package enum Series: Equatable, Sendable {
        /// Times between one event and the next of the same session.
        case gap(Events)
        /// A number that stands in each event.
        case field(Name, Events)
        /// Times from sent to received.
        case latency(from: Name, to: Name, Window?)
        /// Samples of an actor's processes.
        case resource(Resource, Actor, Window?)
    }

    package enum Resource: String, CaseIterable, Sendable {
        case memory, cpu, descriptors, threads
    }

    /// An actor, or one of its instances: `subscriber#2`.
    package struct Actor: Equatable, Sendable {
        package var name: Name
        package var index: Int?
    }

    package struct Events: Equatable, Sendable {
        package var kind: Kind
        package var actor: Actor
        /// All of them hold.
        package var conditions: [Condition]
        package var window: Window?
    }

    /// What can happen.
    package enum Kind: String, CaseIterable, Sendable {
        // Said by drivers.
        case hello, state, attempt, connected, sent, received, acked, request, response, resumed, refused, queue
        case breaker, error, note
        // Of processes.
        case started, exited, told
        // On the wire, of the actor's host.
        case syn, established, fin, reset
        /// Of the lab's name server, by the actor's host.
        case lookup

        package enum Source: Sendable { case driver, process, wire, names }
        package var source: Source {
            switch self {
            case .hello, .state, .attempt, .connected, .sent, .received, .acked, .request, .response, .resumed,
                .refused, .queue, .breaker, .error, .note:
                .driver
            case .started, .exited, .told: .process
            case .syn, .established, .fin, .reset: .wire
            case .lookup: .names
            }
        }
    }

    package struct Condition: Equatable, Sendable {
        package var field: Name
        package var comparison: Comparison
        package var value: Literal
    }

    package enum Literal: Equatable, Sendable {
        case number(Double)
        case text(String)
    }

    /// Which part of play; all of it when there is none.
    package enum Window: Equatable, Sendable {
        case between(Duration, Duration)
        case before(Duration)
        case after(Duration)
        case during(Name)
        case outside(Name)
    }
}

// What it names, for the checker.
extension Assertion {
    package var actors: [Name] { instances.map(\.name) }

    package var instances: [Actor] {
        seriesAndEvents.flatMap { series, events -> [Actor] in
            if let events { return [events.actor] }
            switch series {
            case .latency(let from, let to, _): return [from, to].map { Actor(name: $0, index: nil) }
            case .resource(_, let actor, _): return [actor]
            case .gap, .field, nil: return []
            }
        }
    }

    package var faults: [Name] {
        let windows = seriesAndEvents.map { series, events -> Window? in
            if let events { return events.window }
            switch series {
            case .latency(_, _, let window), .resource(_, _, let window): return window
            case .gap, .field, nil: return nil
            }
        }
        return windows.compactMap { window in
            switch window {
            case .during(let name), .outside(let name): name
            case .between, .before, .after, nil: nil
            }
        }
    }

    private var seriesAndEvents: [(Series?, Events?)] {
        switch statement {
        case .never(let events): [(nil, events)]
        case .before(let first, let second): [(nil, first), (nil, second)]
        case .compare(let left, _, let right): [left, right].compactMap(Assertion.parts)
        }
    }

    private static func parts(_ operand: Operand) -> (Series?, Events?)? {
        guard case .measure(let measure, _) = operand else { return nil }
        switch measure {
        case .count(let events), .peak(_, let events): return (nil, events)
        case .summary(_, .gap(let events)), .summary(_, .field(_, let events)): return (nil, events)
        case .summary(_, let series): return (series, nil)
        }
    }
}
